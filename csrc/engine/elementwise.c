/* Elementwise operators: the geometry of their record, broadcasting, operands. */
#include "engine/internal.h"

/* ---- the record ------------------------------------------------------------------ */
/* Bits of a wrapped scalar in the kernel's type. */
static int64_t scalar_bits(const pn_tensor *t, int dtype) {
  int64_t bits = 0;
  bool is_float = t->dtype == PN_F64;
  double f = is_float ? t->scalar.f : (double)t->scalar.i;
  int64_t i = is_float ? (int64_t)t->scalar.f : t->scalar.i;
  float f32 = (float)f;
  int32_t i32 = (int32_t)i;
  switch (dtype) {
    case PN_F32:
      memcpy(&bits, &f32, 4);
      break;
    case PN_F64:
      memcpy(&bits, &f, 8);
      break;
    case PN_I64:
      bits = i;
      break;
    case PN_I32:
      memcpy(&bits, &i32, 4);
      break;
    case PN_BOOL: {
      uint8_t b = is_float ? f != 0 : i != 0;
      memcpy(&bits, &b, 1);
      break;
    }
    default: {
      uint8_t b = (uint8_t)i;
      memcpy(&bits, &b, 1);
    }
  }
  return bits;
}

/* Drops dimensions of size 1, merges what every operand can merge; returns the
 * number left (0 for a single element). */
static int coalesce(int nop, pn_tensor *const *op, int64_t *shape,
                    int64_t stride[PN_EW_OPERANDS][PN_MAX_DIMS]) {
  const pn_tensor *out = op[0];
  int n = 0;
  for (int d = 0; d < out->ndim; d++) {
    int64_t size = out->shape[d], s[PN_EW_OPERANDS];
    if (size == 1) continue;
    bool merge = n > 0;
    for (int k = 0; k < nop; k++) {
      int e = d - (out->ndim - op[k]->ndim);
      s[k] = e < 0 || op[k]->shape[e] == 1 ? 0 : op[k]->stride[e];
      merge = merge && stride[k][n - 1] == size * s[k];
    }
    if (merge) {
      shape[n - 1] *= size;
      for (int k = 0; k < nop; k++) stride[k][n - 1] = s[k];
    } else {
      shape[n] = size;
      for (int k = 0; k < nop; k++) stride[k][n] = s[k];
      n++;
    }
  }
  return n;
}

static void fill_2d(pn_args *a, int nop, pn_tensor *const *op, pn_ew_outer *outer,
                    size_t *block_bytes) {
  int64_t shape[PN_MAX_DIMS], stride[PN_EW_OPERANDS][PN_MAX_DIMS];
  int n = coalesce(nop, op, shape, stride);
  a->n[PN_EW_COLS] = n > 0 ? shape[n - 1] : 1;
  a->n[PN_EW_ROWS] = n > 1 ? shape[n - 2] : 1;
  for (int k = 0; k < nop; k++) {
    a->n[PN_EW_STRIDE + 2 * k] = n > 1 ? stride[k][n - 2] : 0;
    a->n[PN_EW_STRIDE + 2 * k + 1] = n > 0 ? stride[k][n - 1] : 0;
  }
  if (n <= 2) return;
  outer->ndim = n - 2;
  outer->count = 1;
  for (int d = 0; d < n - 2; d++) {
    outer->shape[d] = shape[d];
    outer->count *= shape[d];
    for (int k = 0; k < nop; k++) outer->stride[k][d] = stride[k][d];
  }
  a->block = outer;
  *block_bytes = sizeof *outer;
}

/* One row when everything is contiguous and of one size (or one element). */
static bool fill_1d(pn_args *a, int nop, pn_tensor *const *op) {
  int64_t n = op[0]->numel;
  for (int k = 0; k < nop; k++) {
    bool one = op[k]->numel == 1 && k > 0;
    if (!one && (!(op[k]->flags & PN_T_CONTIGUOUS) || op[k]->numel != n)) return false;
    a->n[PN_EW_STRIDE + 2 * k] = 0;
    a->n[PN_EW_STRIDE + 2 * k + 1] = !one;
  }
  a->n[PN_EW_ROWS] = 1;
  a->n[PN_EW_COLS] = n;
  return true;
}

pn_status pn_ew_run(const pn_row *row, pn_args *a, pn_tensor *out, int nin, pn_tensor **in) {
  if (out->numel == 0) return PN_OK;
  pn_tensor *op[PN_EW_OPERANDS] = {out};
  pn_ew_outer outer;
  size_t block_bytes = 0;
  for (int k = 0; k < nin; k++) op[1 + k] = in[k];
  a->block = NULL;
  if (!fill_1d(a, nin + 1, op)) fill_2d(a, nin + 1, op, &outer, &block_bytes);
  pn_bind_out(a, 0, out);
  for (int k = 1; k <= nin; k++) {
    if (pn_is_wrapped(op[k])) {
      a->p[k] = NULL;
      a->n[PN_EW_SCALAR + k] = scalar_bits(op[k], (int)a->dtype);
    } else {
      pn_bind(a, k, op[k]);
    }
  }
  return pn_run(row, a, block_bytes);
}

/* ---- shapes and dtypes -------------------------------------------------------------- */
pn_status pn_broadcast(const char *op, const pn_tensor *a, const pn_tensor *b, int *ndim,
                       int64_t *shape) {
  *ndim = a->ndim > b->ndim ? a->ndim : b->ndim;
  for (int d = 0; d < *ndim; d++) {
    int i = d - (*ndim - a->ndim), j = d - (*ndim - b->ndim);
    int64_t x = i < 0 ? 1 : a->shape[i], y = j < 0 ? 1 : b->shape[j];
    if (x != y && x != 1 && y != 1)
      return pn_fail(PN_RUNTIME_ERROR,
                     "%s: shapes %s and %s cannot be broadcast together: sizes %lld and %lld at "
                     "dimension %d must be equal, or one of them 1",
                     op, pn_shape_text(a), pn_shape_text(b), (long long)x, (long long)y, d);
    shape[d] = x == 1 ? y : x;
  }
  return PN_OK;
}

/* a and b in dtype (wrapped scalars stay: the record carries them). */
pn_tensor *pn_ew_operand(pn_tensor *t, int dtype) {
  /* a record has no bits for numbers of storage types */
  if (pn_is_wrapped(t) && (dtype == PN_BF16 || dtype == PN_F16)) return pn_materialize(t, dtype);
  if (pn_is_wrapped(t) || t->dtype == dtype) return pn_ref(t);
  return pn_cast(t, dtype);
}

pn_tensor *pn_materialize(pn_tensor *t, int dtype) {
  if (!pn_is_wrapped(t)) return pn_cast(t, dtype);
  return pn_full(dtype, 0, NULL, t);
}

/* out = row(a, b) without history; out_dtype -1: the common dtype.  dst: write
 * there instead of a new tensor. */
pn_tensor *pn_ew_binary(const pn_row *row, pn_tensor *a, pn_tensor *b, int dtype, int out_dtype,
                        pn_tensor *dst) {
  pn_tensor *x = pn_ew_operand(a, dtype), *y = x ? pn_ew_operand(b, dtype) : NULL, *out = NULL;
  int64_t shape[PN_MAX_DIMS];
  int ndim;
  if (!y) goto done;
  if (dst)
    out = pn_ref(dst);
  else if (pn_broadcast(row->name, a, b, &ndim, shape) == PN_OK)
    out = pn_empty(out_dtype < 0 ? dtype : out_dtype, ndim, shape);
  if (!out) goto done;
  pn_args args;
  args.flags = 0;
  args.dtype = (uint32_t)dtype;
  pn_tensor *in[2] = {x, y};
  if (pn_ew_run(row, &args, out, 2, in)) {
    pn_release(out);
    out = NULL;
  }
done:
  pn_release(x);
  pn_release(y);
  return out;
}

/* Shape and dtype of the inputs, for giving gradients back in them: saving the
 * inputs themselves would keep their memory for operators that need no values.
 * Per input: ndim (-1: as the gradient comes), dtype (-1: host scalar), shape. */
void pn_keep_meta(pn_node *n, int k, const pn_tensor *t) {
  int64_t *m = &n->i[k * PN_META];
  m[0] = t->ndim;
  m[1] = pn_is_wrapped(t) ? -1 : t->dtype;
  for (int d = 0; d < t->ndim; d++) m[2 + d] = t->shape[d];
}

/* gin[k] = owned, summed to the shape of input k and in its dtype. */
pn_status pn_give_back(pn_node *n, pn_tensor **gin, int k, pn_tensor *owned) {
  const int64_t *m = &n->i[k * PN_META];
  if (!owned) return pn_last_status();
  if (m[0] < 0) return pn_give(gin, k, owned);
  pn_tensor *s = pn_sum_to(owned, (int)m[0], &m[2]);
  pn_release(owned);
  if (!s || m[1] < 0 || s->dtype == m[1]) return pn_give(gin, k, s);
  pn_tensor *c = pn_cast(s, (int)m[1]);
  pn_release(s);
  return pn_give(gin, k, c);
}

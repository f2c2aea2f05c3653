/* Comparisons, bits, where. */
#include "engine/internal.h"

/* ---- comparisons, bits -------------------------------------------------------------------- */
static pn_tensor *compare(const pn_row *row, pn_tensor *a, pn_tensor *b) {
  int dtype = pn_result_type(a, b);
  /* storage types compare exactly in float32 */
  if (dtype == PN_BF16 || dtype == PN_F16) dtype = PN_F32;
  return pn_ew_binary(row, a, b, dtype, PN_BOOL, NULL);
}
pn_tensor *pn_eq(pn_tensor *a, pn_tensor *b) { return compare(&pn_row_eq, a, b); }
pn_tensor *pn_ne(pn_tensor *a, pn_tensor *b) { return compare(&pn_row_ne, a, b); }
pn_tensor *pn_lt(pn_tensor *a, pn_tensor *b) { return compare(&pn_row_lt, a, b); }
pn_tensor *pn_le(pn_tensor *a, pn_tensor *b) { return compare(&pn_row_le, a, b); }
pn_tensor *pn_gt(pn_tensor *a, pn_tensor *b) { return compare(&pn_row_lt, b, a); }
pn_tensor *pn_ge(pn_tensor *a, pn_tensor *b) { return compare(&pn_row_le, b, a); }

static pn_tensor *bits(const pn_row *row, pn_tensor *a, pn_tensor *b) {
  int dtype = pn_result_type(a, b);
  if (pn_is_float(dtype)) {
    pn_fail(PN_RUNTIME_ERROR, "\"%s\" is not defined for %s and %s: it takes bool or integers",
            row->name, pn_dtype_name(a->dtype), pn_dtype_name(b->dtype));
    return NULL;
  }
  return pn_ew_binary(row, a, b, dtype, -1, NULL);
}
pn_tensor *pn_bit_and(pn_tensor *a, pn_tensor *b) { return bits(&pn_row_bit_and, a, b); }
pn_tensor *pn_bit_or(pn_tensor *a, pn_tensor *b) { return bits(&pn_row_bit_or, a, b); }
pn_tensor *pn_bit_xor(pn_tensor *a, pn_tensor *b) { return bits(&pn_row_bit_xor, a, b); }

/* ---- where ----------------------------------------------------------------------------------- */
static pn_status where_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_status s = PN_OK;
  for (int k = 0; k < 2 && !s; k++) {
    if (!pn_needs(n, k)) continue;
    pn_tensor *cond = pn_saved_get(n, 0), *zero = pn_scalar_float(0), *d = NULL;
    if (cond && zero) d = k == 0 ? pn_where(cond, g, zero) : pn_where(cond, zero, g);
    pn_release(cond);
    pn_release(zero);
    s = pn_give_back(n, gin, k, d);
  }
  return s;
}
static const pn_op op_where = {"WhereBackward", where_backward};

pn_tensor *pn_where(pn_tensor *cond, pn_tensor *a, pn_tensor *b) {
  if (cond->dtype != PN_BOOL) {
    pn_fail(PN_RUNTIME_ERROR,
            "where expected condition to be a boolean tensor, but got a tensor "
            "with dtype %s",
            pn_dtype_name(cond->dtype));
    return NULL;
  }
  int dtype = pn_result_type(a, b), ndim, ndim2;
  int64_t shape[PN_MAX_DIMS], shape2[PN_MAX_DIMS];
  if (pn_broadcast("where", a, b, &ndim, shape)) return NULL;
  pn_tensor probe = {.ndim = (uint8_t)ndim};
  memcpy(probe.shape, shape, sizeof shape);
  if (pn_broadcast("where", cond, &probe, &ndim2, shape2)) return NULL;
  pn_tensor *x = pn_ew_operand(a, dtype), *y = pn_ew_operand(b, dtype);
  pn_tensor *out = x && y ? pn_empty(dtype, ndim2, shape2) : NULL;
  pn_args args;
  args.flags = 0;
  args.dtype = (uint32_t)dtype;
  pn_tensor *in[3] = {cond, x, y};
  if (out && pn_ew_run(&pn_row_where, &args, out, 3, in)) {
    pn_release(out);
    out = NULL;
  }
  if (out && (pn_wants_grad(a) || pn_wants_grad(b))) {
    pn_node *n = pn_node2(&op_where, out, a, b);
    if (n) {
      pn_keep_meta(n, 0, a);
      pn_keep_meta(n, 1, b);
      pn_node_save(n, 0, cond);
    } else {
      out = pn_discard(out);
    }
  }
  pn_release(x);
  pn_release(y);
  return out;
}

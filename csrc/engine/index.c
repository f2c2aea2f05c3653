/* Index operators.  An index out of range is an IndexError: the kernels clamp
 * and note it in a status word, which is checked before the result is used. */
#include "kernels/index.h"
#include "engine/index.h"
#include "engine/indexing.h"

pn_status pn_check_index(const char *name, const pn_tensor *index) {
  if (index->dtype == PN_I64 || index->dtype == PN_I32) return PN_OK;
  return pn_fail(PN_RUNTIME_ERROR, "%s(): Expected dtype int64 or int32 for index, got %s", name,
                 pn_dtype_name(index->dtype));
}

pn_status pn_check_pair(const char *name, const pn_tensor *a, const pn_tensor *b) {
  if (a->dtype != b->dtype)
    return pn_fail(PN_RUNTIME_ERROR,
                   "%s(): self (%s) and source (%s) expected to have the same dtype", name,
                   pn_dtype_name(a->dtype), pn_dtype_name(b->dtype));
  return PN_OK;
}

static int64_t product(const int64_t *shape, int lo, int hi) {
  int64_t p = 1;
  for (int d = lo; d < hi; d++) p *= shape[d];
  return p;
}

/* The status words are a tensor of their own, cleared by a record before the
 * kernel: so a replay has them too. */
pn_status pn_run_indexed(const pn_row *row, pn_args *a, size_t block_bytes) {
  int64_t n = 3;
  pn_tensor *status = pn_zeros(PN_I64, 1, &n);
  if (!status) return pn_last_status();
  pn_bind_inout(a, PN_IX_STATUS, status);
  pn_status s = pn_run_checked(row, a, block_bytes, status->data);
  pn_release(status);
  return s;
}

/* Strides of (outer, axis, inner); t is contiguous. */
static void split_strides(const pn_tensor *t, int axis, int64_t *stride) {
  stride[2] = 1;
  stride[1] = product(t->shape, axis + 1, t->ndim);
  stride[0] = stride[1] * (t->ndim ? t->shape[axis] : 1);
}

/* ---- index_select ------------------------------------------------------------------- */
static pn_status index_select_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *index = pn_saved_get(n, 0);
  if (!index) return pn_last_status();
  pn_tensor *z = pn_zeros(n->dtype, (int)n->i[1], &n->i[2]);
  pn_tensor *r = z ? pn_index_add(z, (int)n->i[0], index, g) : NULL;
  pn_release(z);
  pn_release(index);
  return pn_give(gin, 0, r);
}
static const pn_op op_index_select = {"IndexSelectBackward", index_select_backward};

pn_tensor *pn_index_select(pn_tensor *a, int axis, pn_tensor *index) {
  if (pn_axis(a, axis, &axis) || pn_check_index("index_select", index)) return NULL;
  if (index->ndim > 1) {
    pn_fail(PN_INDEX_ERROR, "index_select(): Index is supposed to be a vector, got shape %s",
            pn_shape_text(index));
    return NULL;
  }
  if (a->ndim > 1 && axis == a->ndim - 1) { /* single elements: positions once, then only loads */
    pn_tensor *items[PN_MAX_DIMS] = {NULL}, *flat = pn_reshape(index, 1, &index->numel);
    items[axis] = flat;
    pn_tensor *r = flat ? pn_index(a, axis + 1, items) : NULL;
    pn_release(flat);
    return r;
  }
  pn_tensor *x = pn_contiguous(a);
  int64_t shape[PN_MAX_DIMS] = {0};
  memcpy(shape, a->shape, sizeof shape);
  if (a->ndim) shape[axis] = index->numel;
  pn_tensor *out = x ? pn_empty(a->dtype, a->ndim, shape) : NULL;
  if (out && out->numel) {
    pn_args args;
    args.block = NULL;
    args.flags = PN_INDEX_WRAP | (index->dtype == PN_I32 ? PN_INDEX_32 : 0);
    args.dtype = a->dtype;
    args.n[PN_IX_OUTER] = product(a->shape, 0, axis);
    args.n[PN_IX_EXTENT] = a->ndim ? a->shape[axis] : 1;
    args.n[PN_IX_COUNT] = index->numel;
    args.n[PN_IX_INNER] = product(a->shape, axis + 1, a->ndim);
    args.n[PN_IX_STRIDE_INDEX] = index->ndim ? index->stride[0] : 0;
    split_strides(x, axis, &args.n[PN_IX_STRIDE_X]);
    pn_bind_out(&args, PN_IX_OUT, out);
    pn_bind(&args, PN_IX_X, x);
    pn_bind(&args, PN_IX_INDEX, index);
    if (pn_run_indexed(&pn_row_index_select, &args, 0)) {
      pn_release(out);
      out = NULL;
    }
  }
  pn_release(x);
  if (!out || !pn_wants_grad(a)) return out;
  pn_node *n = pn_node1(&op_index_select, out, a);
  if (!n) return pn_discard(out);
  n->i[0] = axis;
  n->i[1] = a->ndim;
  for (int d = 0; d < a->ndim; d++) n->i[2 + d] = a->shape[d];
  pn_node_save(n, 0, index);
  return out;
}

/* ---- index_add ----------------------------------------------------------------------- */
static pn_status index_add_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_status s = PN_OK;
  if (pn_needs(n, 0)) s = pn_give(gin, 0, pn_ref(g));
  if (!s && pn_needs(n, 1)) {
    pn_tensor *index = pn_saved_get(n, 0);
    s = pn_give(gin, 1, index ? pn_index_select(g, (int)n->i[0], index) : NULL);
    pn_release(index);
  }
  return s;
}
static const pn_op op_index_add = {"IndexAddBackward", index_add_backward};

/* The result without history: a contiguous copy of a to add into. */
pn_tensor *pn_copy_of(pn_tensor *a) {
  bool was = pn_set_grad_enabled(false);
  pn_tensor *c = pn_clone(a);
  pn_set_grad_enabled(was);
  return c;
}

pn_tensor *pn_index_wide(pn_index_fn fn, pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src) {
  pn_tensor *wide = pn_cast(a, PN_F32), *from = wide ? pn_cast(src, PN_F32) : NULL;
  pn_tensor *r = from ? fn(wide, axis, index, from) : NULL, *out = r ? pn_cast(r, a->dtype) : NULL;
  pn_release(r);
  pn_release(from);
  pn_release(wide);
  return out;
}

pn_tensor *pn_index_add(pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src) {
  if (pn_axis(a, axis, &axis) || pn_check_index("index_add", index) ||
      pn_check_pair("index_add", a, src))
    return NULL;
  if (pn_is_half(a)) return pn_index_wide(pn_index_add, a, axis, index, src);
  bool fits = src->ndim == a->ndim && index->ndim <= 1;
  for (int d = 0; fits && d < a->ndim; d++)
    fits = src->shape[d] == (d == axis ? index->numel : a->shape[d]);
  if (!fits) {
    pn_fail(PN_RUNTIME_ERROR, "index_add(): self %s, index %s and source %s do not match (axis %d)",
            pn_shape_text(a), pn_shape_text(index), pn_shape_text(src), axis);
    return NULL;
  }
  pn_tensor *out = pn_copy_of(a), *x = pn_contiguous(src);
  if (out && x && x->numel) {
    pn_args args;
    args.block = NULL;
    args.flags = PN_INDEX_WRAP | (index->dtype == PN_I32 ? PN_INDEX_32 : 0);
    args.dtype = a->dtype;
    args.n[PN_IX_OUTER] = product(a->shape, 0, axis);
    args.n[PN_IX_EXTENT] = a->ndim ? a->shape[axis] : 1;
    args.n[PN_IX_COUNT] = index->numel;
    args.n[PN_IX_INNER] = product(a->shape, axis + 1, a->ndim);
    args.n[PN_IX_STRIDE_INDEX] = index->ndim ? index->stride[0] : 0;
    split_strides(x, axis, &args.n[PN_IX_STRIDE_X]);
    split_strides(out, axis, &args.n[PN_IX_STRIDE_OUT]);
    pn_bind_inout(&args, PN_IX_OUT, out);
    pn_bind(&args, PN_IX_X, x);
    pn_bind(&args, PN_IX_INDEX, index);
    if (pn_run_indexed(&pn_row_index_add, &args, 0)) {
      pn_release(out);
      out = NULL;
    }
  }
  if (out && !x) {
    pn_release(out);
    out = NULL;
  }
  pn_release(x);
  if (!out || !(pn_wants_grad(a) || pn_wants_grad(src))) return out;
  pn_node *n = pn_node2(&op_index_add, out, a, src);
  if (!n) return pn_discard(out);
  n->i[0] = axis;
  pn_node_save(n, 0, index);
  return out;
}

/* ---- gather ----------------------------------------------------------------------------- */
static pn_status gather_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *index = pn_saved_get(n, 0);
  if (!index) return pn_last_status();
  pn_tensor *z = pn_zeros(n->dtype, (int)n->i[1], &n->i[2]);
  pn_tensor *r = z ? pn_scatter_add(z, (int)n->i[0], index, g) : NULL;
  pn_release(z);
  pn_release(index);
  return pn_give(gin, 0, r);
}
static const pn_op op_gather = {"GatherBackward", gather_backward};

pn_status pn_check_gather(const char *name, const pn_tensor *a, const pn_tensor *index, int axis) {
  bool fits = index->ndim == a->ndim;
  for (int d = 0; fits && d < a->ndim; d++) fits = d == axis || index->shape[d] <= a->shape[d];
  if (fits) return PN_OK;
  return pn_fail(PN_RUNTIME_ERROR,
                 "%s(): Size does not match: expected index %s to be no larger than self %s apart "
                 "from dimension %d",
                 name, pn_shape_text(index), pn_shape_text(a), axis);
}

/* One of the two is a number: as vectors, in the index's shape. */
static pn_tensor *gather_number(pn_tensor *a, pn_tensor *index) {
  int64_t any = -1;
  pn_tensor *x = pn_reshape(a, 1, &any), *i = x ? pn_reshape(index, 1, &any) : NULL;
  pn_tensor *r = i ? pn_gather(x, 0, i) : NULL;
  pn_tensor *out = r ? pn_reshape(r, index->ndim, index->shape) : NULL;
  pn_release(r);
  pn_release(i);
  pn_release(x);
  return out;
}

pn_tensor *pn_gather(pn_tensor *a, int axis, pn_tensor *index) {
  if (pn_axis(a, axis, &axis)) return NULL;
  if (a->ndim != index->ndim && a->ndim <= 1 && index->ndim <= 1) return gather_number(a, index);
  if (index->numel &&
      (pn_check_index("gather", index) || pn_check_gather("gather", a, index, axis)))
    return NULL;
  pn_tensor *out = pn_empty(a->dtype, index->ndim, index->shape);
  if (out && out->numel) {
    pn_args args;
    args.block = NULL;
    args.flags = PN_INDEX_WRAP | (index->dtype == PN_I32 ? PN_INDEX_32 : 0);
    args.dtype = a->dtype;
    pn_gather_record(&args, index->ndim, index->shape, a->stride, index->stride, axis,
                     a->ndim ? a->shape[axis] : 1);
    pn_bind_out(&args, PN_IX_OUT, out);
    pn_bind(&args, PN_IX_X, a);
    pn_bind(&args, PN_IX_INDEX, index);
    if (pn_run_indexed(&pn_row_gather, &args, 0)) {
      pn_release(out);
      return NULL;
    }
  }
  if (!out || !pn_wants_grad(a)) return out;
  pn_node *n = pn_node1(&op_gather, out, a);
  if (!n) return pn_discard(out);
  n->i[0] = axis;
  n->i[1] = a->ndim;
  for (int d = 0; d < a->ndim; d++) n->i[2 + d] = a->shape[d];
  pn_node_save(n, 0, index);
  return out;
}

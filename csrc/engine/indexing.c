/* Indexing with tensors: from items to positions, reading and writing. */
#include "engine/indexing.h"
#include "engine/ops.h"
#include "engine/pick.h"

/* ---- from items to positions ---------------------------------------------------------- */
/* Integer tensors per dimension (new references, NULL: whole), of one dtype. */
typedef struct indices {
  pn_tensor *at[PN_MAX_DIMS];
} indices;

static void drop(indices *x) {
  for (int d = 0; d < PN_MAX_DIMS; d++) pn_release(x->at[d]);
}

static pn_status add_mask(const pn_tensor *x, indices *ix, int *dim, pn_tensor *mask, int item) {
  for (int d = 0; d < mask->ndim; d++)
    if (*dim + mask->ndim > x->ndim || mask->shape[d] != x->shape[*dim + d])
      return pn_fail(PN_INDEX_ERROR,
                     "The shape of the mask %s at index %d does not match the shape of the indexed "
                     "tensor %s at index %d",
                     pn_shape_text(mask), item, pn_shape_text(x), *dim);
  pn_tensor *found = pn_nonzero(mask);
  if (!found) return pn_last_status();
  pn_status s = PN_OK;
  for (int d = 0; !s && d < mask->ndim; d++) {
    ix->at[*dim] = pn_select(found, 1, d);
    s = ix->at[(*dim)++] ? PN_OK : pn_last_status();
  }
  pn_release(found);
  return s;
}

static pn_status add_item(const pn_tensor *x, indices *ix, int *dim, pn_tensor *t, int item) {
  if (t && t->dtype == PN_BOOL && t->ndim) return add_mask(x, ix, dim, t, item);
  if (*dim >= x->ndim)
    return pn_fail(PN_INDEX_ERROR, "too many indices for tensor of dimension %d (shape %s)",
                   x->ndim, pn_shape_text(x));
  if (t && t->dtype != PN_I64 && t->dtype != PN_I32)
    return pn_fail(PN_INDEX_ERROR, "tensors used as indices must be int64, int32 or bool, not %s",
                   pn_dtype_name(t->dtype));
  ix->at[(*dim)++] = pn_ref(t);
  return PN_OK;
}

static pn_status parse(const pn_tensor *x, int count, pn_tensor **items, indices *ix,
                       pn_geometry *q) {
  int dim = 0;
  bool wide = false;
  memset(ix, 0, sizeof *ix);
  memset(q, 0, sizeof *q);
  for (int k = 0; k < count; k++) {
    pn_status s = add_item(x, ix, &dim, items[k], k);
    if (s) return s;
  }
  q->ndim = x->ndim;
  memcpy(q->shape, x->shape, sizeof q->shape);
  for (int d = 0; d < dim; d++) {
    const pn_tensor *t = ix->at[d];
    if (!t) continue;
    q->dims |= 1u << d;
    wide = wide || t->dtype == PN_I64;
    int ndim = t->ndim > q->index_ndim ? t->ndim : q->index_ndim;
    int64_t shape[PN_MAX_DIMS];
    for (int e = 0; e < ndim; e++) {
      int i = e - (ndim - t->ndim), j = e - (ndim - q->index_ndim);
      int64_t m = i < 0 ? 1 : t->shape[i], n = j < 0 ? 1 : q->index_shape[j];
      if (m != n && m != 1 && n != 1)
        return pn_fail(PN_INDEX_ERROR,
                       "shape mismatch: indexing tensors could not be broadcast together with "
                       "shapes %s, %s",
                       pn_shape_str(q->index_ndim, q->index_shape), pn_shape_text(t));
      shape[e] = m == 1 ? n : m;
    }
    q->index_ndim = ndim;
    memcpy(q->index_shape, shape, (size_t)ndim * sizeof *shape);
  }
  for (int d = 0; wide && d < dim; d++) {
    pn_tensor *t = ix->at[d] ? pn_cast(ix->at[d], PN_I64) : NULL;
    if (ix->at[d] && !t) return pn_last_status();
    pn_release(ix->at[d]);
    ix->at[d] = t;
  }
  return q->dims ? PN_OK : pn_fail(PN_INDEX_ERROR, "index: at least one index tensor is needed");
}

/* Positions in a contiguous tensor of x's shape. */
static pn_tensor *positions_of(const pn_geometry *q, const indices *ix) {
  int64_t stride[PN_MAX_DIMS];
  pn_contiguous_strides(q->ndim, q->shape, stride);
  return pn_pick_offsets(q, ix->at, stride);
}

pn_tensor *pn_index(pn_tensor *x, int count, pn_tensor **items) {
  indices ix;
  pn_geometry q;
  pn_tensor *out = NULL;
  if (parse(x, count, items, &ix, &q) == PN_OK) {
    pn_tensor *offsets = pn_pick_offsets(&q, ix.at, x->stride);
    out = offsets ? pn_read_at(x, &q, offsets) : NULL;
    if (out && pn_wants_grad(x)) {
      pn_tensor *positions = x->flags & PN_T_CONTIGUOUS ? pn_ref(offsets) : positions_of(&q, &ix);
      out = pn_index_node(out, x, &q, positions);
      pn_release(positions);
    }
    pn_release(offsets);
  }
  drop(&ix);
  return out;
}

/* value in x's dtype, expanded to the shape of x[items]. */
static pn_tensor *incoming(const pn_tensor *x, const pn_geometry *q, pn_tensor *value) {
  int ndim;
  int64_t shape[PN_MAX_DIMS];
  if (pn_pick_shape(q, &ndim, shape)) return NULL;
  pn_tensor *c = pn_cast(value, x->dtype);
  while (c && c->ndim > ndim && c->shape[0] == 1) { /* leading 1s do not count */
    pn_tensor *s = pn_select(c, 0, 0);
    pn_release(c);
    c = s;
  }
  bool fits = c && c->ndim <= ndim;
  for (int d = 0; fits && d < c->ndim; d++)
    fits = c->shape[d] == 1 || c->shape[d] == shape[ndim - c->ndim + d];
  if (c && !fits) {
    pn_fail(PN_RUNTIME_ERROR,
            "shape mismatch: value tensor of shape %s cannot be broadcast to indexing result of "
            "shape %s",
            pn_shape_text(c), pn_shape_str(ndim, shape));
    return pn_discard(c);
  }
  pn_tensor *y = c ? pn_expand(c, ndim, shape) : NULL;
  pn_release(c);
  return y;
}

pn_tensor *pn_index_put(pn_tensor *x, int count, pn_tensor **items, pn_tensor *value,
                        bool accumulate) {
  indices ix;
  pn_geometry q;
  pn_tensor *out = NULL;
  if (parse(x, count, items, &ix, &q) == PN_OK) {
    pn_tensor *y = incoming(x, &q, value), *positions = y ? positions_of(&q, &ix) : NULL;
    if (positions) out = pn_put_at(x, &q, positions, y, accumulate);
    pn_release(positions);
    pn_release(y);
  }
  drop(&ix);
  return out;
}

/* Straight into x, which has no history to keep. */
static pn_status put_directly(pn_tensor *x, int count, pn_tensor **items, pn_tensor *value,
                              bool accumulate) {
  indices ix;
  pn_geometry q;
  pn_status s = parse(x, count, items, &ix, &q);
  pn_tensor *y = s ? NULL : incoming(x, &q, value);
  pn_tensor *offsets = y ? pn_pick_offsets(&q, ix.at, x->stride) : NULL;
  bool copied =
      y && (pn_memory_conflict(x, y) || !(pn_is_one_value(y) || y->flags & PN_T_CONTIGUOUS));
  pn_tensor *from = !offsets ? NULL : copied ? pn_clone(y) : pn_ref(y);
  s = from ? pn_write_at(x, &q, offsets, from, accumulate) : pn_last_status();
  if (from) pn_mark_written(x);
  pn_release(from);
  pn_release(offsets);
  pn_release(y);
  drop(&ix);
  return s;
}

pn_status pn_index_put_(pn_tensor *x, int count, pn_tensor **items, pn_tensor *value,
                        bool accumulate) {
  pn_status s = pn_check_writable(x);
  if (s) return s;
  bool history = !pn_tls.grad_disabled &&
                 (pn_requires_grad(value) || x->node || (x->base && pn_requires_grad(x->base)));
  bool half = pn_is_float(x->dtype) && !pn_is_real(x->dtype);
  if (!history && !(accumulate && half)) return put_directly(x, count, items, value, accumulate);
  pn_tensor *r = pn_index_put(x, count, items, value, accumulate);
  s = r ? pn_copy_(x, r) : pn_last_status();
  pn_release(r);
  return s;
}

/* ---- by name ------------------------------------------------------------------------- */
/* (x, items...) */
pn_status pn_op_index(pn_call *c) {
  if (c->nin < 2 || !c->in[0])
    return pn_fail(PN_TYPE_ERROR, "index(): expected a Tensor and index tensors");
  return pn_call_give(c, pn_index(c->in[0], c->nin - 1, c->in + 1));
}

/* (x, value, items..., accumulate) */
pn_status pn_op_index_put(pn_call *c) {
  if (c->nin < 3 || !c->in[0] || !c->in[1] || c->nints != 1)
    return pn_fail(PN_TYPE_ERROR, "index_put(): expected a Tensor, a value and index tensors");
  return pn_call_give(c, pn_index_put(c->in[0], c->nin - 2, c->in + 2, c->in[1], c->i[0] != 0));
}

/* The same into x; gives x. */
pn_status pn_op_index_put_(pn_call *c) {
  if (c->nin < 3 || !c->in[0] || !c->in[1] || c->nints != 1)
    return pn_fail(PN_TYPE_ERROR, "index_put_(): expected a Tensor, a value and index tensors");
  pn_status s = pn_index_put_(c->in[0], c->nin - 2, c->in + 2, c->in[1], c->i[0] != 0);
  return s ? s : pn_call_give(c, pn_ref(c->in[0]));
}

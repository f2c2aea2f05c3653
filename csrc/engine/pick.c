/* Reading and writing at positions that index tensors name together: two
 * operators that are each other's derivatives. */
#include "engine/pick.h"
#include "kernels/pick.h"

/* The first indexed dimension if they are neighbours, else 0 as in NumPy: where
 * the dimensions of the index go in the result. */
static int place(const pn_geometry *q) {
  int first = 0, last = -1, count = 0;
  for (int d = 0; d < q->ndim; d++) {
    if (!(q->dims & (1u << d))) continue;
    if (!count++) first = d;
    last = d;
  }
  return last - first + 1 == count ? first : 0;
}

static bool neighbours(const pn_geometry *q) {
  uint32_t m = q->dims;
  while (m && !(m & 1)) m >>= 1;
  return (m & (m + 1)) == 0;
}

pn_status pn_pick_shape(const pn_geometry *q, int *ndim, int64_t *shape) {
  int at = place(q), n = 0;
  int64_t full[2 * PN_MAX_DIMS];
  for (int d = 0; d < q->ndim || d == at; d++) {
    if (d == at)
      for (int e = 0; e < q->index_ndim; e++) full[n++] = q->index_shape[e];
    if (d < q->ndim && !(q->dims & (1u << d))) full[n++] = q->shape[d];
  }
  if (n > PN_MAX_DIMS)
    return pn_fail(PN_VALUE_ERROR, "index: the result would have %d dimensions; at most %d", n,
                   PN_MAX_DIMS);
  *ndim = n;
  memcpy(shape, full, (size_t)n * sizeof *shape);
  return PN_OK;
}

/* ---- records --------------------------------------------------------------------- */
/* Positions in elements of an x with these strides: int64, contiguous, of the
 * index's shape. */
pn_tensor *pn_pick_offsets(const pn_geometry *q, pn_tensor *const *index, const int64_t *stride) {
  pn_tensor *out = pn_empty(PN_I64, q->index_ndim, q->index_shape);
  if (!out || out->numel == 0) return out;
  pn_args a;
  pn_pick_indices p;
  int64_t three = 3;
  pn_tensor *status = pn_zeros(PN_I64, 1, &three), *used[PN_MAX_DIMS];
  if (!status) return pn_discard(out);
  p.count = 0;
  p.ndim = q->index_ndim;
  memcpy(p.shape, q->index_shape, sizeof p.shape);
  a.dtype = PN_I64;
  for (int d = 0; d < q->ndim; d++) {
    if (!(q->dims & (1u << d))) continue;
    int k = p.count++, lead = q->index_ndim - index[d]->ndim;
    used[k] = index[d];
    a.dtype = index[d]->dtype;
    p.extent[k] = q->shape[d];
    p.step[k] = stride[d];
    p.dim[k] = d;
    for (int e = 0; e < q->index_ndim; e++)
      p.stride[k][e] = e < lead || index[d]->shape[e - lead] == 1 ? 0 : index[d]->stride[e - lead];
  }
  a.flags = 0;
  a.block = &p;
  a.n[PN_PO_NUMEL] = out->numel;
  pn_bind_out(&a, PN_PO_OUT, out);
  pn_bind_inout(&a, PN_PO_STATUS, status);
  for (int k = 0; k < p.count; k++) pn_bind(&a, PN_PO_INDEX + k, used[k]);
  pn_status s = pn_run_checked(&pn_row_index, &a, sizeof p, status->data);
  pn_release(status);
  return s ? pn_discard(out) : out;
}

/* Geometry of x (these strides) beside y, which has the result's shape. */
static void fill(pn_args *a, pn_pick_block *b, const pn_geometry *q, const int64_t *x,
                 const pn_tensor *y) {
  int at = place(q), e = 0;
  bool together = neighbours(q), passed = !together;
  b->outer.ndim = b->inner.ndim = 0;
  int64_t *n = a->n;
  n[PN_PK_OUTER] = n[PN_PK_COUNT] = n[PN_PK_ROWS] = 1;
  for (int d = 0; d < q->index_ndim; d++) n[PN_PK_COUNT] *= q->index_shape[d];
  n[PN_PK_Y_COUNT] = 0;
  for (int d = q->index_ndim - 1; d >= 0 && !n[PN_PK_Y_COUNT]; d--)
    if (q->index_shape[d] > 1) n[PN_PK_Y_COUNT] = y->stride[at + d];
  if (!together) e = q->index_ndim;
  for (int d = 0; d < q->ndim; d++) {
    if (q->dims & (1u << d)) {
      if (together && !passed) e += q->index_ndim;
      passed = true;
      continue;
    }
    pn_pick_append(passed ? &b->inner : &b->outer, q->shape[d], x[d], y->stride[e]);
    n[passed ? PN_PK_ROWS : PN_PK_OUTER] *= q->shape[d];
    e++;
  }
  pn_pick_dims *in = &b->inner;
  bool row = in->ndim > 0;
  if (row) in->ndim--;
  n[PN_PK_COLS] = row ? in->shape[in->ndim] : 1;
  n[PN_PK_X_COL] = row ? in->x[in->ndim] : 1;
  n[PN_PK_Y_COL] = row ? in->y[in->ndim] : 1;
  if (n[PN_PK_COLS]) n[PN_PK_ROWS] /= n[PN_PK_COLS];
  n[PN_PK_BLOCKS] = pn_ceil_div(n[PN_PK_COLS], PN_PK_BLOCK);
  a->block = b;
  a->flags = 0;
}

/* x at the positions, without history. */
pn_tensor *pn_read_at(pn_tensor *x, const pn_geometry *q, pn_tensor *offsets) {
  int ndim;
  int64_t shape[PN_MAX_DIMS];
  if (pn_pick_shape(q, &ndim, shape)) return NULL;
  pn_tensor *out = pn_empty(x->dtype, ndim, shape);
  if (!out || out->numel == 0) return out;
  pn_args a;
  pn_pick_block b;
  fill(&a, &b, q, x->stride, out);
  a.dtype = x->dtype;
  pn_bind_out(&a, PN_PK_Y, out);
  pn_bind(&a, PN_PK_X, x);
  pn_bind(&a, PN_PK_OFFSET, offsets);
  return pn_run(&pn_row_pick, &a, sizeof b) ? pn_discard(out) : out;
}

/* y (of the result's shape; contiguous or one value) into x at the positions. */
pn_status pn_write_at(pn_tensor *x, const pn_geometry *q, pn_tensor *offsets, pn_tensor *y,
                      bool add) {
  if (y->numel == 0) return PN_OK;
  pn_args a;
  pn_pick_block b;
  fill(&a, &b, q, x->stride, y);
  a.dtype = x->dtype;
  pn_bind_inout(&a, PN_PK_X, x);
  pn_bind(&a, PN_PK_Y, y);
  pn_bind(&a, PN_PK_OFFSET, offsets);
  return pn_run(add ? &pn_row_pick_add : &pn_row_pick_put, &a, sizeof b);
}

/* ---- the pair of operators on positions -------------------------------------------- */
bool pn_is_one_value(const pn_tensor *t) {
  bool one = t->storage && t->numel > 0;
  for (int d = 0; one && d < t->ndim; d++) one = t->shape[d] == 1 || t->stride[d] == 0;
  return one;
}

enum { NODE_DIMS, NODE_NDIM, NODE_INDEX_NDIM, NODE_ADD, NODE_SHAPE };

static void keep(pn_node *n, const pn_geometry *q, pn_tensor *positions, bool add) {
  n->i[NODE_DIMS] = q->dims;
  n->i[NODE_NDIM] = q->ndim;
  n->i[NODE_INDEX_NDIM] = q->index_ndim;
  n->i[NODE_ADD] = add;
  memcpy(&n->i[NODE_SHAPE], q->shape, sizeof q->shape);
  memcpy(&n->i[NODE_SHAPE + PN_MAX_DIMS], q->index_shape, sizeof q->index_shape);
  pn_node_save(n, 0, positions);
}

static pn_geometry kept(const pn_node *n) {
  pn_geometry q = {
      (uint32_t)n->i[NODE_DIMS], (int)n->i[NODE_NDIM], (int)n->i[NODE_INDEX_NDIM], {0}, {0}};
  memcpy(q.shape, &n->i[NODE_SHAPE], sizeof q.shape);
  memcpy(q.index_shape, &n->i[NODE_SHAPE + PN_MAX_DIMS], sizeof q.index_shape);
  return q;
}

static pn_status index_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_geometry q = kept(n);
  pn_tensor *positions = pn_saved_get(n, 0);
  if (!positions) return pn_last_status();
  pn_tensor *zero = pn_zeros(n->dtype, q.ndim, q.shape);
  pn_tensor *r = zero ? pn_put_at(zero, &q, positions, g, true) : NULL;
  pn_release(zero);
  pn_release(positions);
  return pn_give(gin, 0, r);
}
static const pn_op op_index = {"IndexBackward", index_backward};

static pn_status index_put_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_geometry q = kept(n);
  bool add = n->i[NODE_ADD];
  pn_tensor *positions = pn_saved_get(n, 0);
  if (!positions) return pn_last_status();
  pn_status s = PN_OK;
  if (pn_needs(n, 0) && add) s = pn_give(gin, 0, pn_ref(g));
  if (pn_needs(n, 0) && !add) {
    int ndim = 0;
    int64_t shape[PN_MAX_DIMS];
    pn_tensor *zero = pn_zeros(n->dtype, 0, NULL);
    s = zero ? pn_pick_shape(&q, &ndim, shape) : pn_last_status();
    pn_tensor *y = s ? NULL : pn_expand(zero, ndim, shape);
    s = pn_give(gin, 0, y ? pn_put_at(g, &q, positions, y, false) : NULL);
    pn_release(y);
    pn_release(zero);
  }
  if (!s && pn_needs(n, 1)) s = pn_give(gin, 1, pn_pick_at(g, &q, positions));
  pn_release(positions);
  return s;
}
static const pn_op op_index_put = {"IndexPutBackward", index_put_backward};

pn_tensor *pn_index_node(pn_tensor *out, pn_tensor *x, const pn_geometry *q, pn_tensor *positions) {
  pn_node *n = out && positions ? pn_node1(&op_index, out, x) : NULL;
  if (!n) return pn_discard(out);
  keep(n, q, positions, false);
  return out;
}

pn_tensor *pn_pick_at(pn_tensor *x, const pn_geometry *q, pn_tensor *positions) {
  pn_tensor *c = pn_contiguous(x), *out = c ? pn_read_at(c, q, positions) : NULL;
  if (out && pn_wants_grad(c)) out = pn_index_node(out, c, q, positions);
  pn_release(c);
  return out;
}

pn_tensor *pn_put_at(pn_tensor *x, const pn_geometry *q, pn_tensor *positions, pn_tensor *y,
                     bool add) {
  if (add && pn_is_float(x->dtype) && !pn_is_real(x->dtype)) { /* added in float32 */
    pn_tensor *wide = pn_cast(x, PN_F32), *from = wide ? pn_cast(y, PN_F32) : NULL;
    pn_tensor *r = from ? pn_put_at(wide, q, positions, from, true) : NULL;
    pn_tensor *out = r ? pn_cast(r, x->dtype) : NULL;
    pn_release(wide);
    pn_release(from);
    pn_release(r);
    return out;
  }
  pn_tensor *out = pn_empty_like(x, x->dtype);
  if (!out || pn_copy_values(out, x)) return pn_discard(out);
  pn_tensor *from = pn_is_one_value(y) ? pn_ref(y) : pn_contiguous(y);
  if (!from || pn_write_at(out, q, positions, from, add)) {
    pn_release(from);
    return pn_discard(out);
  }
  if (pn_wants_grad(x) || pn_wants_grad(from)) {
    pn_node *n = pn_node2(&op_index_put, out, x, from);
    if (n)
      keep(n, q, positions, add);
    else
      out = pn_discard(out);
  }
  pn_release(from);
  return out;
}

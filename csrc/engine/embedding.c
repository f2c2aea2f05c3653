/* embedding: rows of a table by index, and the sum of gradients by index. */
#include "kernels/index.h"
#include "engine/internal.h"
#include "engine/ops.h"

/* Record of rows (N, D) against index (N); out of range is an IndexError. */
static pn_status run_rows(const pn_row *row, pn_tensor *out, pn_tensor *x, pn_tensor *index,
                          int64_t table, int64_t width) {
  int64_t three = 3;
  pn_tensor *status = pn_zeros(PN_I64, 1, &three);
  if (!status) return pn_last_status();
  pn_args a;
  a.block = NULL;
  a.flags = index->dtype == PN_I32 ? PN_INDEX_32 : 0;
  a.dtype = x->dtype;
  a.n[PN_IX_OUTER] = 1;
  a.n[PN_IX_EXTENT] = table;
  a.n[PN_IX_COUNT] = index->numel;
  a.n[PN_IX_INNER] = width;
  a.n[PN_IX_STRIDE_INDEX] = 1;
  const int64_t stride[3] = {0, width, 1};
  memcpy(&a.n[PN_IX_STRIDE_X], stride, sizeof stride);
  memcpy(&a.n[PN_IX_STRIDE_OUT], stride, sizeof stride);
  pn_bind_inout(&a, PN_IX_OUT, out);
  pn_bind(&a, PN_IX_X, x);
  pn_bind(&a, PN_IX_INDEX, index);
  pn_bind_inout(&a, PN_IX_STATUS, status);
  pn_status s = pn_run_checked(row, &a, 0, status->data);
  pn_release(status);
  return s;
}

/* ---- sums by index ------------------------------------------------------------------------ */
static pn_tensor *select_rows(pn_tensor *x, pn_tensor *index);

static pn_status sums_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *index = pn_saved_get(n, 0), *rows = index ? select_rows(g, index) : NULL;
  pn_release(index);
  return pn_give(gin, 0, rows);
}
static const pn_op op_sums = {"EmbeddingSumsBackward", sums_backward};

/* (table, D): row i is the sum of the rows of x (N, D) whose index is i, in the
 * order of N. */
static pn_tensor *sums(pn_tensor *x, pn_tensor *index, int64_t table) {
  const int64_t shape[2] = {table, x->shape[1]};
  pn_tensor *cx = pn_contiguous(x), *out = cx ? pn_zeros(x->dtype, 2, shape) : NULL;
  if (out && cx->numel && run_rows(&pn_row_index_add, out, cx, index, table, shape[1]))
    out = pn_discard(out);
  if (out && pn_wants_grad(cx)) {
    pn_node *n = pn_node1(&op_sums, out, cx);
    if (n)
      pn_node_save(n, 0, index);
    else
      out = pn_discard(out);
  }
  pn_release(cx);
  return out;
}

/* ---- rows by index ------------------------------------------------------------------------- */
enum { I_PADDING, I_BY_COUNT, I_TABLE };

/* g / how often each row's index occurs; takes g (N, D). */
static pn_tensor *by_count(pn_tensor *g, pn_tensor *index, int64_t table) {
  const int64_t ones[2] = {index->numel, 1};
  pn_tensor *one = pn_scalar_float(1), *each = one ? pn_full(PN_F32, 2, ones, one) : NULL;
  pn_tensor *count = each ? sums(each, index, table) : NULL;
  pn_tensor *own = count ? select_rows(count, index) : NULL;
  pn_tensor *same = own && g ? pn_cast(own, g->dtype) : NULL;
  pn_release(one);
  pn_release(each);
  pn_release(count);
  pn_release(own);
  return pn_use2(pn_div, g, same);
}

/* g with zeros in the rows whose index is `padding`; takes g (N, D). */
static pn_tensor *without_padding(pn_tensor *g, pn_tensor *index, int64_t padding) {
  pn_tensor *kept = pn_use2(pn_ne, pn_ref(index), pn_scalar_int(padding));
  pn_tensor *mask = kept ? pn_unsqueeze(kept, 1) : NULL, *zero = pn_scalar_float(0);
  pn_tensor *r = g && mask && zero ? pn_where(mask, g, zero) : NULL;
  pn_release(kept);
  pn_release(mask);
  pn_release(zero);
  pn_release(g);
  return r;
}

static pn_status embedding_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *index = pn_saved_get(n, 0);
  if (!index) return pn_last_status();
  const int64_t shape[2] = {index->numel, g->shape[g->ndim - 1]};
  pn_tensor *rows = pn_reshape(g, 2, shape);
  if (n->i[I_PADDING] >= 0) rows = without_padding(rows, index, n->i[I_PADDING]);
  if (n->i[I_BY_COUNT]) rows = by_count(rows, index, n->i[I_TABLE]);
  pn_tensor *r = rows ? sums(rows, index, n->i[I_TABLE]) : NULL;
  pn_release(rows);
  pn_release(index);
  return pn_give(gin, 0, r);
}
static const pn_op op_embedding = {"EmbeddingBackward", embedding_backward};

/* x[index] for a flat index: (N, D). */
static pn_tensor *gathered(pn_tensor *x, pn_tensor *index) {
  const int64_t shape[2] = {index->numel, x->shape[1]};
  pn_tensor *cx = pn_contiguous(x), *out = cx ? pn_empty(x->dtype, 2, shape) : NULL;
  if (out && out->numel && run_rows(&pn_row_index_select, out, cx, index, x->shape[0], shape[1]))
    out = pn_discard(out);
  pn_release(cx);
  return out;
}

static pn_tensor *embed(pn_tensor *weight, pn_tensor *index, int64_t padding, bool counted) {
  const bool was = pn_set_grad_enabled(false);
  pn_tensor *out = gathered(weight, index);
  pn_set_grad_enabled(was);
  if (!out || !pn_wants_grad(weight)) return out;
  pn_node *n = pn_node1(&op_embedding, out, weight);
  if (!n) return pn_discard(out);
  pn_node_save(n, 0, index);
  n->i[I_PADDING] = padding;
  n->i[I_BY_COUNT] = counted;
  n->i[I_TABLE] = weight->shape[0];
  return out;
}

static pn_tensor *select_rows(pn_tensor *x, pn_tensor *index) { return embed(x, index, -1, false); }

/* in: index of any shape, weight (rows, D); i: the padding index or -1, divide
 * gradients by the count of their index?  Gives (index's shape, D). */
pn_status pn_op_embedding(pn_call *c) {
  pn_status r = pn_call_check(c, "embedding", 2, 2, 0);
  if (r) return r;
  pn_tensor *index = c->in[0], *weight = c->in[1];
  if (!index || (index->dtype != PN_I64 && index->dtype != PN_I32))
    return pn_fail(PN_RUNTIME_ERROR, "embedding: Expected int64 or int32 indices, got %s",
                   index ? pn_dtype_name(index->dtype) : "None");
  if (!weight || weight->ndim != 2)
    return pn_fail(PN_RUNTIME_ERROR, "embedding: 'weight' must be 2-D, got shape %s",
                   weight ? pn_shape_text(weight) : "None");
  if (index->ndim >= PN_MAX_DIMS)
    return pn_fail(PN_RUNTIME_ERROR, "embedding: indices %s have more than %d dimensions",
                   pn_shape_text(index), PN_MAX_DIMS - 1);
  int64_t shape[PN_MAX_DIMS];
  memcpy(shape, index->shape, sizeof shape);
  shape[index->ndim] = weight->shape[1];
  pn_tensor *flat = pn_use1(pn_contiguous, pn_reshape(index, 1, &index->numel));
  pn_tensor *rows = flat ? embed(weight, flat, c->i[0], c->i[1] != 0) : NULL;
  pn_tensor *out =
      rows && index->ndim != 1 ? pn_reshape(rows, index->ndim + 1, shape) : pn_ref(rows);
  pn_release(flat);
  pn_release(rows);
  return pn_call_give(c, out);
}

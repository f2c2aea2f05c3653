/* The linear layer: y = x W^T + b, one product; its gradients are products of
 * the same matrices, dx = g W, dW = g^T x, db = sum of g's rows. */
#include "engine/direct.h"
#include "engine/product.h"

/* (..., n) as rows of n: what pn_rows_of takes. */
static inline pn_tensor *row_wise(pn_tensor *t) {
  return t->ndim == 2 || (t->flags & PN_T_CONTIGUOUS) ? pn_ref(t) : pn_contiguous(t);
}

/* The same on the tape, as a matrix. */
static pn_tensor *flattened(pn_tensor *t) {
  if (t->ndim == 2) return pn_ref(t);
  int64_t shape[2] = {-1, t->shape[t->ndim - 1]};
  if (t->numel == 0) shape[0] = pn_rows_of(t).rows;
  return pn_reshape(t, 2, shape);
}

/* (..., cols), the leading dimensions being t's. */
static pn_tensor *new_rows(const pn_tensor *t, int64_t cols) {
  if (t->ndim == 2) return pn_new_matrix(t->dtype, t->shape[0], cols);
  int64_t shape[PN_MAX_DIMS];
  memcpy(shape, t->shape, sizeof shape);
  shape[t->ndim - 1] = cols;
  return pn_empty(t->dtype, t->ndim, shape);
}

/* dx of x's shape: without a tape one product, else matmul, which is the same. */
static pn_tensor *input_gradient(pn_tensor *g, pn_tensor *weight) {
  if (!pn_tls.grad_disabled) return pn_matmul(g, weight);
  pn_tensor *dx = new_rows(g, weight->shape[1]);
  pn_matrix a = pn_rows_of(g), b = pn_matrix_of(weight);
  if (dx && pn_product(dx, &a, &b, NULL, 1, PN_ACT_NONE)) return pn_discard(dx);
  return dx;
}

static pn_tensor *weight_gradient(pn_tensor *g, pn_tensor *x) {
  if (!pn_tls.grad_disabled) {
    pn_tensor *rows = flattened(g), *gt = rows ? pn_transpose(rows, 0, 1) : NULL;
    pn_release(rows);
    return pn_use2(pn_matmul, gt, flattened(x));
  }
  pn_tensor *rows = row_wise(x);
  if (!rows) return NULL;
  pn_matrix a = pn_transposed(pn_rows_of(g)), b = pn_rows_of(rows);
  pn_tensor *dw = pn_new_matrix(g->dtype, a.rows, b.cols);
  if (dw && pn_product(dw, &a, &b, NULL, 1, PN_ACT_NONE)) dw = pn_discard(dw);
  pn_release(rows);
  return dw;
}

static pn_tensor *bias_gradient(pn_tensor *g) {
  pn_tensor *rows = flattened(g);
  pn_tensor *db = rows && pn_tls.grad_disabled ? pn_direct_row_sum(rows) : NULL;
  if (rows && !db) db = pn_sum_to(rows, 1, &rows->shape[1]);
  pn_release(rows);
  return db;
}

/* inputs: 0 x, 1 weight, 2 bias; saved: 0 x for dW, 1 weight for dx */
static pn_status linear_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *rows = row_wise(g);
  pn_status s = rows ? PN_OK : pn_last_status();
  if (!s && pn_needs(n, 0)) {
    pn_tensor *weight = pn_saved_get(n, 1);
    s = pn_give(gin, 0, weight ? input_gradient(rows, weight) : NULL);
    pn_release(weight);
  }
  if (!s && pn_needs(n, 1)) {
    pn_tensor *x = pn_saved_get(n, 0);
    s = pn_give(gin, 1, x ? weight_gradient(rows, x) : NULL);
    pn_release(x);
  }
  if (!s && n->nin > 2 && pn_needs(n, 2)) s = pn_give(gin, 2, bias_gradient(rows));
  pn_release(rows);
  return s;
}
static const pn_op op_linear = {"LinearBackward", linear_backward};

static pn_status check(const pn_tensor *x, const pn_tensor *weight, const pn_tensor *bias) {
  if (weight->ndim != 2 || x->ndim < 1 || x->shape[x->ndim - 1] != weight->shape[1] ||
      (bias && (bias->ndim != 1 || bias->shape[0] != weight->shape[0])))
    return pn_fail(PN_RUNTIME_ERROR,
                   "linear: input %s, weight %s and bias %s do not fit: expected (..., in), "
                   "(out, in), (out,)",
                   pn_shape_text(x), pn_shape_text(weight), bias ? pn_shape_text(bias) : "None");
  pn_status s = pn_product_types("linear", x, weight);
  return s || !bias ? s : pn_product_types("linear (input and bias)", x, bias);
}

static pn_tensor *forward(pn_tensor *x, pn_tensor *weight, pn_tensor *bias) {
  pn_tensor *out = new_rows(x, weight->shape[0]);
  pn_matrix a = pn_rows_of(x), b = pn_transposed(pn_matrix_of(weight));
  if (out && pn_product(out, &a, &b, bias, 1, PN_ACT_NONE)) return pn_discard(out);
  return out;
}

static pn_tensor *recorded(pn_tensor *out, pn_tensor *x, pn_tensor *weight, pn_tensor *bias) {
  if (!out || !(pn_wants_grad(x) || pn_wants_grad(weight) || (bias && pn_wants_grad(bias))))
    return out;
  pn_tensor *in[3] = {x, weight, bias};
  pn_node *n = pn_node_new(&op_linear, out, bias ? 3 : 2, in);
  if (!n) return pn_discard(out);
  if (pn_needs(n, 1)) pn_node_save(n, 0, x);
  if (pn_needs(n, 0)) pn_node_save(n, 1, weight);
  return out;
}

pn_tensor *pn_linear(pn_tensor *x, pn_tensor *weight, pn_tensor *bias) {
  if (check(x, weight, bias)) return NULL;
  pn_tensor *rows = row_wise(x), *b = bias ? pn_ref(bias) : NULL, *out = NULL;
  if (bias && bias->shape[0] > 1 && (uint64_t)bias->stride[0] > 1) { /* not for the kernel */
    pn_release(b);
    b = pn_contiguous(bias);
  }
  if (rows && (b || !bias)) out = recorded(forward(rows, weight, b), rows, weight, b);
  pn_release(rows);
  pn_release(b);
  return out;
}

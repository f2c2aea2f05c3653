/* Products: matmul, addmm.  One record each; views give every
 * transposition, so no operand is ever copied for its layout. */
#include "engine/product.h"

/* ---- the record ---------------------------------------------------------------- */
/* Batch dimensions of out (all but two) as one stride each, or as a block. */
static size_t fill_batch(pn_args *a, const pn_tensor *out, const pn_tensor *x, const pn_tensor *y,
                         pn_gemm_batch *block) {
  int n = out->ndim - 2, dims = 0;
  int64_t count = 1;
  for (int d = 0; d < n; d++) {
    int i = d - (out->ndim - x->ndim), j = d - (out->ndim - y->ndim);
    int64_t size = out->shape[d];
    count *= size;
    if (size == 1) continue;
    int64_t sx = i < 0 || x->shape[i] == 1 ? 0 : x->stride[i];
    int64_t sy = j < 0 || y->shape[j] == 1 ? 0 : y->stride[j];
    bool merge =
        dims && block->stride_a[dims - 1] == size * sx && block->stride_b[dims - 1] == size * sy;
    int k = merge ? dims - 1 : dims++;
    block->shape[k] = merge ? block->shape[k] * size : size;
    block->stride_a[k] = sx;
    block->stride_b[k] = sy;
  }
  block->ndim = dims;
  a->n[PN_GEMM_BATCH] = count;
  a->n[PN_GEMM_BSA] = dims ? block->stride_a[0] : 0;
  a->n[PN_GEMM_BSB] = dims ? block->stride_b[0] : 0;
  a->n[PN_GEMM_BSC] = a->n[PN_GEMM_M] * a->n[PN_GEMM_N];
  a->block = dims > 1 ? block : NULL;
  return dims > 1 ? sizeof *block : 0;
}

/* out = act(alpha x y + bias); out is contiguous, x and y have >= 2 dimensions.
 * bias: NULL, or a vector of N elements. */
static pn_status gemm_into(pn_tensor *out, pn_tensor *x, pn_tensor *y, pn_tensor *bias,
                           double alpha, int act) {
  pn_args a;
  pn_gemm_batch block;
  pn_matrix mx = pn_matrix_of(x), my = pn_matrix_of(y);
  if (out->ndim == 2) return pn_product(out, &mx, &my, bias, alpha, act);
  if (out->numel == 0) return PN_OK;
  a.n[PN_GEMM_M] = mx.rows;
  a.n[PN_GEMM_N] = my.cols;
  a.n[PN_GEMM_K] = mx.cols;
  a.n[PN_GEMM_RSA] = mx.row_step;
  a.n[PN_GEMM_CSA] = mx.column_step;
  a.n[PN_GEMM_RSB] = my.row_step;
  a.n[PN_GEMM_CSB] = my.column_step;
  a.n[PN_GEMM_RSC] = my.cols;
  size_t block_bytes = fill_batch(&a, out, x, y, &block);
  return pn_product_run(&a, block_bytes, out, x, y, bias, alpha, act);
}

static pn_tensor *gemm(int ndim, const int64_t *shape, pn_tensor *x, pn_tensor *y, pn_tensor *bias,
                       double alpha, int act) {
  pn_tensor *out = pn_empty(x->dtype, ndim, shape);
  if (out && gemm_into(out, x, y, bias, alpha, act)) {
    pn_release(out);
    return NULL;
  }
  return out;
}

/* ---- matrix product of two 2-d tensors, scaled: its own derivative ------------------ */
static pn_tensor *scaled_mm(pn_tensor *x, pn_tensor *y, double alpha);

/* dx = alpha g y^T, dy = alpha x^T g */
static pn_status mm_gradients(pn_node *n, pn_tensor *g, pn_tensor **gin, int kx, int ky,
                              double alpha) {
  pn_status s = PN_OK;
  if (pn_needs(n, kx)) {
    pn_tensor *y = pn_saved_get(n, 1), *yt = y ? pn_transpose(y, 0, 1) : NULL;
    s = pn_give(gin, kx, yt ? scaled_mm(g, yt, alpha) : NULL);
    pn_release(y);
    pn_release(yt);
  }
  if (!s && pn_needs(n, ky)) {
    pn_tensor *x = pn_saved_get(n, 0), *xt = x ? pn_transpose(x, 0, 1) : NULL;
    s = pn_give(gin, ky, xt ? scaled_mm(xt, g, alpha) : NULL);
    pn_release(x);
    pn_release(xt);
  }
  return s;
}
static pn_status mm_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return mm_gradients(n, g, gin, 0, 1, n->f[0]);
}
static const pn_op op_mm = {"MmBackward", mm_backward};

/* Saves what each side's gradient reads: x for dy, y for dx. */
static void save_factors(pn_node *n, int kx, int ky, pn_tensor *x, pn_tensor *y) {
  if (pn_needs(n, ky)) pn_node_save(n, 0, x);
  if (pn_needs(n, kx)) pn_node_save(n, 1, y);
}

static pn_tensor *scaled_mm(pn_tensor *x, pn_tensor *y, double alpha) {
  int64_t shape[2] = {x->shape[0], y->shape[1]};
  pn_tensor *out = gemm(2, shape, x, y, NULL, alpha, PN_ACT_NONE);
  if (!out || !(pn_wants_grad(x) || pn_wants_grad(y))) return out;
  pn_node *n = pn_node2(&op_mm, out, x, y);
  if (!n) return pn_discard(out);
  n->f[0] = alpha;
  save_factors(n, 0, 1, x, y);
  return out;
}

/* ---- batched product -------------------------------------------------------------------- */
static pn_status bmm_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_status s = PN_OK;
  for (int k = 0; k < 2 && !s; k++) {
    if (!pn_needs(n, k)) continue;
    pn_tensor *other = pn_saved_get(n, 1 - k), *t = other ? pn_transpose(other, -2, -1) : NULL;
    pn_tensor *d = !t ? NULL : k == 0 ? pn_matmul(g, t) : pn_matmul(t, g);
    s = d ? pn_give_back(n, gin, k, d) : pn_last_status();
    pn_release(other);
    pn_release(t);
  }
  return s;
}
static const pn_op op_bmm = {"BmmBackward", bmm_backward};

static pn_tensor *batched(pn_tensor *x, pn_tensor *y) {
  int64_t shape[PN_MAX_DIMS], bx[PN_MAX_DIMS], by[PN_MAX_DIMS];
  pn_tensor px = {.ndim = (uint8_t)(x->ndim - 2)}, py = {.ndim = (uint8_t)(y->ndim - 2)};
  int ndim;
  memcpy(px.shape, x->shape, sizeof bx);
  memcpy(py.shape, y->shape, sizeof by);
  if (pn_broadcast("matmul (batch dimensions)", &px, &py, &ndim, shape)) return NULL;
  shape[ndim] = x->shape[x->ndim - 2];
  shape[ndim + 1] = y->shape[y->ndim - 1];
  pn_tensor *out = gemm(ndim + 2, shape, x, y, NULL, 1, PN_ACT_NONE);
  if (!out || !(pn_wants_grad(x) || pn_wants_grad(y))) return out;
  pn_node *n = pn_node2(&op_bmm, out, x, y);
  if (!n) return pn_discard(out);
  pn_keep_meta(n, 0, x);
  pn_keep_meta(n, 1, y);
  save_factors(n, 0, 1, x, y);
  return out;
}

/* x (..., K) as rows; *shape is the shape of the product with `columns`. */
static pn_tensor *as_rows(pn_tensor *x, int64_t columns, int64_t *shape) {
  int64_t rows[2] = {1, x->shape[x->ndim - 1]};
  memcpy(shape, x->shape, sizeof x->shape);
  for (int d = 0; d < x->ndim - 1; d++) rows[0] *= x->shape[d];
  shape[x->ndim - 1] = columns;
  return pn_reshape(x, 2, rows);
}

static pn_tensor *folded(pn_tensor *x, pn_tensor *y) {
  int64_t shape[PN_MAX_DIMS];
  pn_tensor *flat = as_rows(x, y->shape[1], shape), *r = flat ? scaled_mm(flat, y, 1) : NULL;
  pn_tensor *out = r ? pn_reshape(r, x->ndim, shape) : NULL;
  pn_release(flat);
  pn_release(r);
  return out;
}

pn_tensor *pn_matmul(pn_tensor *a, pn_tensor *b) {
  if (a->ndim == 0 || b->ndim == 0) {
    pn_fail(PN_RUNTIME_ERROR,
            "both arguments to matmul need to be at least 1D, but they are %dD "
            "and %dD",
            a->ndim, b->ndim);
    return NULL;
  }
  if (pn_product_types("matmul", a, b)) return NULL;
  if (a->shape[a->ndim - 1] != b->shape[b->ndim > 1 ? b->ndim - 2 : 0]) {
    pn_fail(PN_RUNTIME_ERROR,
            "matmul: shapes %s and %s cannot be multiplied: %lld columns against %lld rows",
            pn_shape_text(a), pn_shape_text(b), (long long)a->shape[a->ndim - 1],
            (long long)b->shape[b->ndim > 1 ? b->ndim - 2 : 0]);
    return NULL;
  }
  if (a->ndim == 2 && b->ndim == 2) return scaled_mm(a, b, 1);
  pn_tensor *x = a->ndim == 1 ? pn_unsqueeze(a, 0) : pn_ref(a);
  pn_tensor *y = b->ndim == 1 ? pn_unsqueeze(b, 1) : pn_ref(b), *out = NULL;
  if (x && y) {
    if (x->ndim == 2 && y->ndim == 2)
      out = scaled_mm(x, y, 1);
    else
      out = y->ndim == 2 ? folded(x, y) : batched(x, y);
  }
  pn_release(x);
  pn_release(y);
  if (out && b->ndim == 1) {
    pn_tensor *v = pn_squeeze(out, -1);
    pn_release(out);
    out = v;
  }
  if (out && a->ndim == 1) {
    pn_tensor *v = pn_squeeze(out, b->ndim == 1 ? -1 : -2);
    pn_release(out);
    out = v;
  }
  return out;
}

/* ---- addmm with an activation -------------------------------------------------------------- */
static pn_tensor *activation_gradient(pn_node *n, pn_tensor *g) {
  if (n->i[PN_META_FREE] == PN_ACT_NONE) return pn_ref(g);
  pn_binary_fn fn = n->i[PN_META_FREE] == PN_ACT_SIGMOID ? pn_sigmoid_backward
                    : n->i[PN_META_FREE] == PN_ACT_TANH  ? pn_tanh_backward
                                                         : pn_relu_backward;
  return pn_use2(fn, pn_ref(g), pn_saved_get(n, 2));
}

/* inputs: 0 bias, 1 a, 2 b; saved: 0 a, 1 b, 2 the output */
static pn_status addmm_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *d = activation_gradient(n, g);
  if (!d) return pn_last_status();
  pn_status s = PN_OK;
  if (pn_needs(n, 0)) s = pn_give_back(n, gin, 0, pn_ref(d));
  if (!s) s = mm_gradients(n, d, gin, 1, 2, n->f[0]);
  pn_release(d);
  return s;
}
static const pn_op op_addmm = {"AddmmBackward", addmm_backward};

static bool is_row_vector(const pn_tensor *bias, int64_t columns) {
  if (pn_is_wrapped(bias) || bias->ndim < 1 || bias->ndim > 2) return false;
  int64_t stride = bias->stride[bias->ndim - 1];
  return bias->numel == columns && bias->shape[bias->ndim - 1] == columns &&
         (columns == 1 || stride == 0 || stride == 1); /* all that the kernel knows */
}

static pn_tensor *activate(pn_tensor *owned, int act) {
  if (act == PN_ACT_SIGMOID) return pn_use1(pn_sigmoid, owned);
  if (act == PN_ACT_TANH) return pn_use1(pn_tanh, owned);
  if (act == PN_ACT_RELU) return pn_use1(pn_relu, owned);
  return owned;
}

pn_tensor *pn_addmm(pn_tensor *bias, pn_tensor *a, pn_tensor *b, double alpha, int act) {
  if (pn_product_types("addmm", a, b)) return NULL;
  if (a->ndim != 2 || b->ndim != 2 || a->shape[1] != b->shape[0]) {
    pn_fail(PN_RUNTIME_ERROR, "addmm: mat1 and mat2 shapes cannot be multiplied (%s and %s)",
            pn_shape_text(a), pn_shape_text(b));
    return NULL;
  }
  if (bias && (bias->dtype != a->dtype || !is_row_vector(bias, b->shape[1])))
    return activate(pn_use2(pn_add, scaled_mm(a, b, alpha), pn_ref(bias)), act);
  int64_t shape[2] = {a->shape[0], b->shape[1]};
  pn_tensor *out = gemm(2, shape, a, b, bias, alpha, act);
  if (!out || !((bias && pn_wants_grad(bias)) || pn_wants_grad(a) || pn_wants_grad(b))) return out;
  pn_tensor none = {.refs = 1}, *in[3] = {bias ? bias : &none, a, b};
  pn_node *n = pn_node_new(&op_addmm, out, 3, in);
  if (!n) return pn_discard(out);
  n->f[0] = alpha;
  if (bias) pn_keep_meta(n, 0, bias);
  n->i[PN_META_FREE] = act;
  save_factors(n, 1, 2, a, b);
  if (act != PN_ACT_NONE && pn_node_save_output(n, 2, out)) return pn_discard(out);
  return out;
}

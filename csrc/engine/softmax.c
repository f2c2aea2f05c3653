/* softmax, log_softmax and their fused derivatives. */
#include "kernels/softmax.h"
#include "engine/axis.h"

static pn_status run_softmax(const pn_row *row, pn_tensor *out, pn_tensor *x, pn_tensor *g,
                             int axis) {
  pn_args a;
  if (out->numel == 0) return PN_OK;
  a.block = NULL;
  a.flags = 0;
  a.dtype = x->dtype;
  a.p[PN_SM_G] = NULL;
  pn_three_sizes(x, axis, &a.n[PN_SM_OUTER]);
  pn_tensor *cx = pn_three_strided(x, axis, &a.n[PN_SM_STRIDE_X]);
  pn_tensor *cg = g && cx ? pn_three_strided(g, axis, &a.n[PN_SM_STRIDE_G]) : NULL;
  pn_status s = cx && (cg || !g) ? PN_OK : pn_last_status();
  if (!s) {
    pn_bind_out(&a, PN_SM_OUT, out);
    pn_bind(&a, PN_SM_X, cx);
    if (g) pn_bind(&a, PN_SM_G, cg);
    s = pn_run(row, &a, 0);
  }
  pn_release(cx);
  pn_release(cg);
  return s;
}

/* ---- backward operators --------------------------------------------------------- */
/* sum(a, axis, keepdim) */
static pn_tensor *sum_axis(pn_tensor *owned, int64_t axis) {
  if (!owned) return NULL;
  pn_tensor *r = owned->ndim ? pn_sum(owned, 1u << axis, true, -1) : pn_ref(owned);
  pn_release(owned);
  return r;
}

/* s = y (g - sum(g y)) given h:
 *   ds/dg: y (h - sum(h y));   ds/dy: h (g - sum(g y)) - g sum(h y) */
static pn_tensor *softmax_grad(pn_tensor *g, pn_tensor *y, int axis);
static pn_status softmax_backward_backward(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  pn_tensor *g = pn_saved_get(n, 0), *y = pn_saved_get(n, 1);
  pn_status s = g && y ? PN_OK : pn_last_status();
  if (!s && pn_needs(n, 0)) s = pn_give(gin, 0, softmax_grad(h, y, (int)n->i[0]));
  if (!s && pn_needs(n, 1)) {
    pn_tensor *gy = sum_axis(pn_mul(g, y), n->i[0]), *hy = sum_axis(pn_mul(h, y), n->i[0]);
    pn_tensor *left = pn_use2(pn_mul, pn_ref(h), pn_use2(pn_sub, pn_ref(g), gy));
    s = pn_give(gin, 1, pn_use2(pn_sub, left, pn_use2(pn_mul, pn_ref(g), hy)));
  }
  pn_release(g);
  pn_release(y);
  return s;
}
static const pn_op op_softmax_backward = {"SoftmaxBackwardBackward", softmax_backward_backward};

/* s = g - exp(y) sum(g) given h:
 *   ds/dg: h - sum(h exp(y));   ds/dy: -h exp(y) sum(g) */
static pn_status log_softmax_backward_backward(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  pn_tensor *g = pn_saved_get(n, 0), *y = pn_saved_get(n, 1);
  pn_tensor *p = y ? pn_exp(y) : NULL;
  pn_tensor *hp = p ? pn_mul(h, p) : NULL;
  pn_status s = g && hp ? PN_OK : pn_last_status();
  if (!s && pn_needs(n, 0))
    s = pn_give(gin, 0, pn_use2(pn_sub, pn_ref(h), sum_axis(pn_ref(hp), n->i[0])));
  if (!s && pn_needs(n, 1)) {
    pn_tensor *d = pn_use2(pn_mul, pn_ref(hp), sum_axis(pn_ref(g), n->i[0]));
    s = pn_give(gin, 1, pn_use1(pn_neg, d));
  }
  pn_release(g);
  pn_release(y);
  pn_release(p);
  pn_release(hp);
  return s;
}
static const pn_op op_log_softmax_backward = {"LogSoftmaxBackwardBackward",
                                              log_softmax_backward_backward};

static pn_tensor *fused(const pn_row *row, const pn_op *op, pn_tensor *g, pn_tensor *y, int axis) {
  pn_tensor *out = pn_empty_like(y, y->dtype);
  if (out && run_softmax(row, out, y, g, axis)) {
    pn_release(out);
    return NULL;
  }
  if (!out || !(pn_wants_grad(g) || pn_wants_grad(y))) return out;
  pn_node *n = pn_node2(op, out, g, y);
  if (!n) return pn_discard(out);
  pn_node_save(n, 0, g);
  pn_node_save(n, 1, y);
  n->i[0] = axis;
  return out;
}
static pn_tensor *softmax_grad(pn_tensor *g, pn_tensor *y, int axis) {
  return fused(&pn_row_softmax_backward, &op_softmax_backward, g, y, axis);
}

/* ---- forward ------------------------------------------------------------------------ */
static pn_status softmax_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *y = pn_saved_get(n, 0);
  if (!y) return pn_last_status();
  pn_status s = pn_give(gin, 0, softmax_grad(g, y, (int)n->i[0]));
  pn_release(y);
  return s;
}
static const pn_op op_softmax = {"SoftmaxBackward", softmax_back};

static pn_status log_softmax_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *y = pn_saved_get(n, 0);
  if (!y) return pn_last_status();
  pn_status s = pn_give(
      gin, 0, fused(&pn_row_log_softmax_backward, &op_log_softmax_backward, g, y, (int)n->i[0]));
  pn_release(y);
  return s;
}
static const pn_op op_log_softmax = {"LogSoftmaxBackward", log_softmax_back};

static pn_tensor *forward(const pn_row *row, const pn_op *op, pn_tensor *a, int axis) {
  if (pn_axis(a, axis, &axis)) return NULL;
  if (!pn_is_real(a->dtype)) {
    pn_no_kernel(row, a->dtype);
    return NULL;
  }
  pn_tensor *out = pn_empty_like(a, a->dtype);
  if (out && run_softmax(row, out, a, NULL, axis)) {
    pn_release(out);
    return NULL;
  }
  if (!out || !pn_wants_grad(a)) return out;
  pn_node *n = pn_node1(op, out, a);
  if (!n) return pn_discard(out);
  if (pn_node_save_output(n, 0, out)) return pn_discard(out);
  n->i[0] = axis;
  return out;
}
pn_tensor *pn_softmax(pn_tensor *a, int axis) {
  return forward(&pn_row_softmax, &op_softmax, a, axis);
}
pn_tensor *pn_log_softmax(pn_tensor *a, int axis) {
  return forward(&pn_row_log_softmax, &op_log_softmax, a, axis);
}

/* l1, smooth_l1 and huber: functions of x - y (kernels/loss.h). */
#include "engine/loss.h"
#include "engine/ops.h"

static pn_tensor *clamped(pn_tensor *owned, double bound) {
  pn_tensor *c = owned ? pn_clamp(owned, -bound, bound) : NULL;
  pn_release(owned);
  return c;
}

static pn_tensor *l1_composed(pn_tensor *x, pn_tensor *y, pn_tensor *s, double c) {
  return pn_use2(pn_mul, pn_use1(pn_sign, pn_sub(x, y)), pn_ref(s));
}
static pn_status l1_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_distance_gradient(n, &pn_row_l1_backward, l1_composed, g, gin);
}
static const pn_op op_l1 = {"L1LossBackward", l1_backward};
pn_tensor *pn_l1_loss(pn_tensor *x, pn_tensor *y, int reduction) {
  return pn_elementwise_loss(&pn_row_l1, &op_l1, x, y, reduction, 0);
}

static pn_tensor *smooth_l1_composed(pn_tensor *x, pn_tensor *y, pn_tensor *s, double c) {
  pn_tensor *d = pn_use2(pn_div, pn_sub(x, y), pn_scalar_float(c));
  return pn_use2(pn_mul, clamped(d, 1), pn_ref(s));
}
static pn_status smooth_l1_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_distance_gradient(n, &pn_row_smooth_l1_backward, smooth_l1_composed, g, gin);
}
static const pn_op op_smooth_l1 = {"SmoothL1LossBackward", smooth_l1_backward};
pn_tensor *pn_smooth_l1_loss(pn_tensor *x, pn_tensor *y, int reduction, double beta) {
  if (beta == 0) return pn_l1_loss(x, y, reduction);
  return pn_elementwise_loss(&pn_row_smooth_l1, &op_smooth_l1, x, y, reduction, beta);
}

static pn_tensor *huber_composed(pn_tensor *x, pn_tensor *y, pn_tensor *s, double c) {
  return pn_use2(pn_mul, clamped(pn_sub(x, y), c), pn_ref(s));
}
static pn_status huber_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_distance_gradient(n, &pn_row_huber_backward, huber_composed, g, gin);
}
static const pn_op op_huber = {"HuberLossBackward", huber_backward};
pn_tensor *pn_huber_loss(pn_tensor *x, pn_tensor *y, int reduction, double delta) {
  return pn_elementwise_loss(&pn_row_huber, &op_huber, x, y, reduction, delta);
}

/* ---- by name: (x, y, PN_REDUCE_*, constant) ------------------------------------------ */
pn_status pn_op_l1_loss(pn_call *c) {
  pn_status s = pn_call_given(c, "l1_loss", 2, 1, 0);
  return s ? s : pn_call_give(c, pn_l1_loss(c->in[0], c->in[1], (int)c->i[0]));
}
pn_status pn_op_smooth_l1_loss(pn_call *c) {
  pn_status s = pn_call_given(c, "smooth_l1_loss", 2, 1, 1);
  return s ? s : pn_call_give(c, pn_smooth_l1_loss(c->in[0], c->in[1], (int)c->i[0], c->f[0]));
}
pn_status pn_op_huber_loss(pn_call *c) {
  pn_status s = pn_call_given(c, "huber_loss", 2, 1, 1);
  return s ? s : pn_call_give(c, pn_huber_loss(c->in[0], c->in[1], (int)c->i[0], c->f[0]));
}

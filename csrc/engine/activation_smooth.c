/* Smooth activations.  f'(x) is a fused operator f_backward(g, x) = g f'(x), whose
 * own derivative is f_backward in g and a composition, g f''(x), in x. */
#include "engine/activation.h"

#include "engine/ops.h"
#include "engine/unary.h"

/* h f'(x) for g, and h g f''(x) for x, f'' from `curve`, which takes x. */
static pn_status twice(pn_node *n, pn_tensor *h, pn_tensor **gin, pn_binary_fn slope,
                       pn_tensor *(*curve)(pn_tensor *)) {
  pn_status s = PN_OK;
  if (pn_needs(n, 0)) s = pn_give(gin, 0, pn_use2(slope, pn_ref(h), pn_saved_get(n, 1)));
  if (!s && pn_needs(n, 1)) {
    pn_tensor *hg = pn_x_mul(pn_ref(h), pn_saved_get(n, 0));
    s = pn_give(gin, 1, pn_x_mul(hg, curve(pn_saved_get(n, 1))));
  }
  return s;
}

/* s (1 - s) */
static pn_tensor *bump(pn_tensor *s) {
  pn_tensor *rest = pn_x_sub(pn_scalar_float(1), pn_ref(s));
  return pn_x_mul(s, rest);
}
/* 1 - c s */
static pn_tensor *one_minus(pn_tensor *s, double c) {
  return pn_x_sub(pn_scalar_float(1), pn_x_scale(s, c));
}

/* s (1 - s) (2 + x (1 - 2 s)), s the logistic function */
static pn_tensor *silu_curve(pn_tensor *x) {
  pn_tensor *s = pn_use1(pn_sigmoid, pn_ref(x));
  pn_tensor *t = pn_x_mul(x, one_minus(pn_ref(s), 2));
  return pn_x_mul(bump(s), pn_x_shift(t, 2));
}
static pn_status silu_twice(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  return twice(n, h, gin, pn_silu_backward, silu_curve);
}
static const pn_op op_silu_backward = {"SiluBackwardBackward", silu_twice};
pn_tensor *pn_silu_backward(pn_tensor *g, pn_tensor *x) {
  return pn_run_derivative(&pn_row_silu_backward, &op_silu_backward, g, x, 0, 0);
}
static pn_status silu_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_use2(pn_silu_backward, pn_ref(g), pn_saved_get(n, 0)));
}
static const pn_op op_silu = {"SiluBackward", silu_back};
pn_tensor *pn_silu(pn_tensor *x) { return pn_activation(&pn_row_silu, &op_silu, x, 0, 0); }

/* (2 - x^2) e^(-x^2 / 2) / sqrt(2 pi) */
static pn_tensor *gelu_curve(pn_tensor *x) {
  pn_tensor *square = pn_x_square(x);
  pn_tensor *e = pn_use1(pn_exp, pn_x_scale(pn_ref(square), -0.5));
  pn_tensor *t = pn_x_sub(pn_scalar_float(2), square);
  return pn_x_scale(pn_x_mul(t, e), 0.39894228040143267794);
}
static pn_status gelu_twice(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  return twice(n, h, gin, pn_gelu_backward, gelu_curve);
}
static const pn_op op_gelu_backward = {"GeluBackwardBackward", gelu_twice};
pn_tensor *pn_gelu_backward(pn_tensor *g, pn_tensor *x) {
  return pn_run_derivative(&pn_row_gelu_backward, &op_gelu_backward, g, x, 0, 0);
}
static pn_status gelu_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_use2(pn_gelu_backward, pn_ref(g), pn_saved_get(n, 0)));
}
static const pn_op op_gelu = {"GeluBackward", gelu_back};
pn_tensor *pn_gelu(pn_tensor *x) { return pn_activation(&pn_row_gelu, &op_gelu, x, 0, 0); }

/* 2 s' + x s'', s the logistic function of u = c (x + a x^3):
 * s' = u' b, s'' = u'' b + u' s' (1 - 2 s), b = s (1 - s)  */
static pn_tensor *gelu_tanh_curve(pn_tensor *x) {
  const double a = 0.044715, c = 1.59576912160573071176; /* 2 sqrt(2/pi) */
  pn_tensor *square = pn_x_square(pn_ref(x));
  pn_tensor *u = pn_x_mul(pn_x_scale(pn_ref(x), c), pn_x_shift(pn_x_scale(pn_ref(square), a), 1));
  pn_tensor *slope = pn_x_scale(pn_x_shift(pn_x_scale(square, 3 * a), 1), c);
  pn_tensor *s = pn_use1(pn_sigmoid, u), *b = bump(pn_ref(s));
  pn_tensor *s1 = pn_x_mul(pn_ref(slope), pn_ref(b));
  pn_tensor *bend = pn_x_mul(pn_x_scale(pn_ref(x), 6 * a * c), b);
  pn_tensor *s2 = pn_x_add(bend, pn_x_mul(pn_x_mul(slope, pn_ref(s1)), one_minus(s, 2)));
  return pn_x_add(pn_x_scale(s1, 2), pn_x_mul(x, s2));
}
static pn_status gelu_tanh_twice(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  return twice(n, h, gin, pn_gelu_tanh_backward, gelu_tanh_curve);
}
static const pn_op op_gelu_tanh_backward = {"GeluTanhBackwardBackward", gelu_tanh_twice};
pn_tensor *pn_gelu_tanh_backward(pn_tensor *g, pn_tensor *x) {
  return pn_run_derivative(&pn_row_gelu_tanh_backward, &op_gelu_tanh_backward, g, x, 0, 0);
}
static pn_status gelu_tanh_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_use2(pn_gelu_tanh_backward, pn_ref(g), pn_saved_get(n, 0)));
}
static const pn_op op_gelu_tanh = {"GeluTanhBackward", gelu_tanh_back};
pn_tensor *pn_gelu_tanh(pn_tensor *x) {
  return pn_activation(&pn_row_gelu_tanh, &op_gelu_tanh, x, 0, 0);
}

/* 2 w' + x w'', w = tanh(log(1 + e^x)), s the logistic function:
 * w' = (1 - w^2) s, w'' = (1 - w^2) (s (1 - s) - 2 w s^2)  */
static pn_tensor *mish_curve(pn_tensor *x) {
  pn_tensor *s = pn_use1(pn_sigmoid, pn_ref(x));
  pn_tensor *soft = x ? pn_softplus(x, 1, 20) : NULL, *w = pn_use1(pn_tanh, soft);
  pn_tensor *rest = one_minus(pn_x_square(pn_ref(w)), 1);
  pn_tensor *t = pn_x_scale(pn_x_mul(w, pn_x_square(pn_ref(s))), 2);
  pn_tensor *bend = pn_x_mul(pn_ref(rest), pn_x_sub(bump(pn_ref(s)), t));
  return pn_x_add(pn_x_scale(pn_x_mul(rest, s), 2), pn_x_mul(x, bend));
}
static pn_status mish_twice(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  return twice(n, h, gin, pn_mish_backward, mish_curve);
}
static const pn_op op_mish_backward = {"MishBackwardBackward", mish_twice};
pn_tensor *pn_mish_backward(pn_tensor *g, pn_tensor *x) {
  return pn_run_derivative(&pn_row_mish_backward, &op_mish_backward, g, x, 0, 0);
}
static pn_status mish_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_use2(pn_mish_backward, pn_ref(g), pn_saved_get(n, 0)));
}
static const pn_op op_mish = {"MishBackward", mish_back};
pn_tensor *pn_mish(pn_tensor *x) { return pn_activation(&pn_row_mish, &op_mish, x, 0, 0); }

/* -s (1 - s) */
static pn_tensor *logsigmoid_curve(pn_tensor *x) {
  return pn_use1(pn_neg, bump(pn_use1(pn_sigmoid, x)));
}
static pn_status logsigmoid_twice(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  return twice(n, h, gin, pn_logsigmoid_backward, logsigmoid_curve);
}
static const pn_op op_logsigmoid_backward = {"LogsigmoidBackwardBackward", logsigmoid_twice};
pn_tensor *pn_logsigmoid_backward(pn_tensor *g, pn_tensor *x) {
  return pn_run_derivative(&pn_row_logsigmoid_backward, &op_logsigmoid_backward, g, x, 0, 0);
}
static pn_status logsigmoid_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_use2(pn_logsigmoid_backward, pn_ref(g), pn_saved_get(n, 0)));
}
static const pn_op op_logsigmoid = {"LogsigmoidBackward", logsigmoid_back};
pn_tensor *pn_logsigmoid(pn_tensor *x) {
  return pn_activation(&pn_row_logsigmoid, &op_logsigmoid, x, 0, 0);
}

/* ---- softplus: b s (1 - s) below the threshold, s the logistic function of b x ------- */
static pn_status softplus_twice(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  const double beta = n->f[0], threshold = n->f[1];
  pn_status s = PN_OK;
  pn_tensor *x = pn_saved_get(n, 1);
  if (!x) return pn_last_status();
  if (pn_needs(n, 0)) s = pn_give(gin, 0, pn_softplus_backward(h, x, beta, threshold));
  if (!s && pn_needs(n, 1)) {
    pn_tensor *z = pn_x_scale(pn_ref(x), beta);
    pn_tensor *linear = pn_use2(pn_gt, pn_ref(z), pn_scalar_float(threshold));
    pn_tensor *bend = pn_x_scale(bump(pn_use1(pn_sigmoid, z)), beta);
    pn_tensor *d = pn_x_mul(pn_x_mul(pn_ref(h), pn_saved_get(n, 0)), bend);
    s = pn_give(gin, 1, pn_x_where(linear, pn_scalar_float(0), d));
  }
  pn_release(x);
  return s;
}
static const pn_op op_softplus_backward = {"SoftplusBackwardBackward", softplus_twice};
pn_tensor *pn_softplus_backward(pn_tensor *g, pn_tensor *x, double beta, double threshold) {
  return pn_run_derivative(&pn_row_softplus_backward, &op_softplus_backward, g, x, beta, threshold);
}
static pn_status softplus_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  pn_tensor *d = x ? pn_softplus_backward(g, x, n->f[0], n->f[1]) : NULL;
  pn_release(x);
  return pn_give(gin, 0, d);
}
static const pn_op op_softplus = {"SoftplusBackward", softplus_back};
pn_tensor *pn_softplus(pn_tensor *x, double beta, double threshold) {
  return pn_activation(&pn_row_softplus, &op_softplus, x, beta, threshold);
}

/* ---- elu: above 0 the identity; below it f' = a c e^(c x), f'' = c f' ---------------- */
static pn_status elu_twice(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  const double alpha = n->f[0], scale = n->f[1];
  pn_status s = PN_OK;
  pn_tensor *x = pn_saved_get(n, 1);
  if (!x) return pn_last_status();
  if (pn_needs(n, 0)) s = pn_give(gin, 0, pn_elu_backward(h, x, alpha, scale));
  if (!s && pn_needs(n, 1)) {
    pn_tensor *hg = pn_x_mul(pn_ref(h), pn_saved_get(n, 0));
    pn_tensor *d = hg ? pn_elu_backward(hg, x, alpha, scale) : NULL;
    pn_release(hg);
    pn_tensor *above = pn_use2(pn_gt, pn_ref(x), pn_scalar_float(0));
    s = pn_give(gin, 1, pn_x_where(above, pn_scalar_float(0), pn_x_scale(d, scale)));
  }
  pn_release(x);
  return s;
}
static const pn_op op_elu_backward = {"EluBackwardBackward", elu_twice};
pn_tensor *pn_elu_backward(pn_tensor *g, pn_tensor *x, double alpha, double scale) {
  return pn_run_derivative(&pn_row_elu_backward, &op_elu_backward, g, x, alpha, scale);
}
static pn_status elu_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  pn_tensor *d = x ? pn_elu_backward(g, x, n->f[0], n->f[1]) : NULL;
  pn_release(x);
  return pn_give(gin, 0, d);
}
static const pn_op op_elu = {"EluBackward", elu_back};
pn_tensor *pn_elu(pn_tensor *x, double alpha, double scale) {
  return pn_activation(&pn_row_elu, &op_elu, x, alpha, scale);
}

#define SELU_SCALE 1.0507009873554804934193349852946
#define SELU_ALPHA 1.6732632423543772848170429916717
static pn_status selu_twice(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  pn_status s = PN_OK;
  if (pn_needs(n, 0)) s = pn_give(gin, 0, pn_use2(pn_selu_backward, pn_ref(h), pn_saved_get(n, 1)));
  if (!s && pn_needs(n, 1)) {
    pn_tensor *hg = pn_x_mul(pn_ref(h), pn_saved_get(n, 0));
    pn_tensor *d = pn_use2(pn_selu_backward, hg, pn_saved_get(n, 1));
    pn_tensor *above = pn_use2(pn_gt, pn_saved_get(n, 1), pn_scalar_float(0));
    s = pn_give(gin, 1, pn_x_where(above, pn_scalar_float(0), d));
  }
  return s;
}
static const pn_op op_selu_backward = {"SeluBackwardBackward", selu_twice};
pn_tensor *pn_selu_backward(pn_tensor *g, pn_tensor *x) {
  return pn_run_derivative(&pn_row_selu_backward, &op_selu_backward, g, x, SELU_SCALE, SELU_ALPHA);
}
static pn_status selu_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_use2(pn_selu_backward, pn_ref(g), pn_saved_get(n, 0)));
}
static const pn_op op_selu = {"SeluBackward", selu_back};
pn_tensor *pn_selu(pn_tensor *x) {
  return pn_activation(&pn_row_selu, &op_selu, x, SELU_SCALE, SELU_ALPHA);
}

/* ---- called by name ------------------------------------------------------------------ */
pn_status pn_op_softplus(pn_call *c) {
  pn_status s = pn_call_given(c, "softplus", 1, 0, 2);
  return s ? s : pn_call_give(c, pn_softplus(c->in[0], c->f[0], c->f[1]));
}
pn_status pn_op_elu(pn_call *c) {
  pn_status s = pn_call_given(c, "elu", 1, 0, 2);
  return s ? s : pn_call_give(c, pn_elu(c->in[0], c->f[0], c->f[1]));
}

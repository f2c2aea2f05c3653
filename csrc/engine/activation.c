/* Unary operators, activations, and their fused derivatives (which are
 * operators themselves, with derivatives of their own). */
#include "engine/unary.h"

#include <math.h>

/* ---- neg, abs, sign ---------------------------------------------------------------- */
static pn_status neg_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_neg(g));
}
static const pn_op op_neg = {"NegBackward", neg_backward};
pn_tensor *pn_neg(pn_tensor *a) {
  if (a->dtype == PN_BOOL) {
    pn_fail(PN_RUNTIME_ERROR,
            "Negation, the `-` operator, on a bool tensor is not supported. If "
            "you are trying to invert a mask, use the `~` operator instead.");
    return NULL;
  }
  pn_tensor *out = pn_run_unary(&pn_row_neg, pn_any_operand(a), 0, 0);
  if (!out || !pn_wants_grad(a) || pn_node1(&op_neg, out, a)) return out;
  return pn_discard(out);
}

static pn_status abs_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_use2(pn_mul, pn_ref(g), pn_use1(pn_sign, pn_saved_get(n, 0))));
}
static const pn_op op_abs = {"AbsBackward", abs_backward};
pn_tensor *pn_abs(pn_tensor *a) {
  return pn_recorded(&op_abs, pn_run_unary(&pn_row_abs, pn_any_operand(a), 0, 0), a, PN_SAVE_INPUT);
}

static pn_status zero_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_zeros(g->dtype, g->ndim, g->shape));
}
static const pn_op op_sign = {"SignBackward", zero_backward};
pn_tensor *pn_sign(pn_tensor *a) {
  pn_tensor *out = pn_run_unary(&pn_row_sign, pn_any_operand(a), 0, 0);
  if (!out || !pn_wants_grad(a) || pn_node1(&op_sign, out, a)) return out;
  return pn_discard(out);
}

pn_tensor *pn_bit_not(pn_tensor *a) {
  if (pn_is_float(a->dtype)) {
    pn_fail(PN_RUNTIME_ERROR, "\"bit_not\" is not defined for %s: it takes bool or integers",
            pn_dtype_name(a->dtype));
    return NULL;
  }
  return pn_run_unary(&pn_row_bit_not, pn_any_operand(a), 0, 0);
}

/* ---- exp, log, sqrt ------------------------------------------------------------------ */
static pn_status exp_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_use2(pn_mul, pn_ref(g), pn_saved_get(n, 0)));
}
static const pn_op op_exp = {"ExpBackward", exp_backward};
pn_tensor *pn_exp(pn_tensor *a) {
  return pn_float_function(&pn_row_exp, &op_exp, a, PN_SAVE_OUTPUT, 0, 0);
}

static pn_status log_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_use2(pn_div, pn_ref(g), pn_saved_get(n, 0)));
}
static const pn_op op_log = {"LogBackward", log_backward};
pn_tensor *pn_log(pn_tensor *a) {
  return pn_float_function(&pn_row_log, &op_log, a, PN_SAVE_INPUT, 0, 0);
}

/* d sqrt = g / (2 y) */
static pn_status sqrt_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *twice = pn_use2(pn_mul, pn_saved_get(n, 0), pn_scalar_float(2));
  return pn_give(gin, 0, pn_use2(pn_div, pn_ref(g), twice));
}
static const pn_op op_sqrt = {"SqrtBackward", sqrt_backward};
pn_tensor *pn_sqrt(pn_tensor *a) {
  return pn_float_function(&pn_row_sqrt, &op_sqrt, a, PN_SAVE_OUTPUT, 0, 0);
}

/* ---- fused derivatives ---------------------------------------------------------------- */
/* s = g y (1 - y): ds/dg = y (1 - y), ds/dy = g (1 - 2 y) */
static pn_status sigmoid_backward_backward(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  pn_status s = PN_OK;
  if (pn_needs(n, 0))
    s = pn_give(gin, 0, pn_use2(pn_sigmoid_backward, pn_ref(h), pn_saved_get(n, 1)));
  if (!s && pn_needs(n, 1)) {
    pn_tensor *twice = pn_use2(pn_mul, pn_saved_get(n, 1), pn_scalar_float(2));
    pn_tensor *slope = pn_use2(pn_sub, pn_scalar_float(1), twice);
    pn_tensor *hg = pn_use2(pn_mul, pn_ref(h), pn_saved_get(n, 0));
    s = pn_give(gin, 1, pn_use2(pn_mul, hg, slope));
  }
  return s;
}
static const pn_op op_sigmoid_backward = {"SigmoidBackwardBackward", sigmoid_backward_backward};
pn_tensor *pn_sigmoid_backward(pn_tensor *g, pn_tensor *y) {
  return pn_run_derivative(&pn_row_sigmoid_backward, &op_sigmoid_backward, g, y, 0, 0);
}

/* s = g (1 - y^2): ds/dg = 1 - y^2, ds/dy = -2 g y */
static pn_status tanh_backward_backward(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  pn_status s = PN_OK;
  if (pn_needs(n, 0)) s = pn_give(gin, 0, pn_use2(pn_tanh_backward, pn_ref(h), pn_saved_get(n, 1)));
  if (!s && pn_needs(n, 1)) {
    pn_tensor *hg = pn_use2(pn_mul, pn_ref(h), pn_saved_get(n, 0));
    pn_tensor *hgy = pn_use2(pn_mul, hg, pn_saved_get(n, 1));
    s = pn_give(gin, 1, pn_use2(pn_mul, hgy, pn_scalar_float(-2)));
  }
  return s;
}
static const pn_op op_tanh_backward = {"TanhBackwardBackward", tanh_backward_backward};
pn_tensor *pn_tanh_backward(pn_tensor *g, pn_tensor *y) {
  return pn_run_derivative(&pn_row_tanh_backward, &op_tanh_backward, g, y, 0, 0);
}

/* Piecewise linear: linear in g, flat in the other. */
static pn_status relu_backward_backward(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  if (!pn_needs(n, 0)) return PN_OK;
  return pn_give(gin, 0, pn_use2(pn_relu_backward, pn_ref(h), pn_saved_get(n, 1)));
}
static const pn_op op_relu_backward = {"ReluBackwardBackward", relu_backward_backward};
pn_tensor *pn_relu_backward(pn_tensor *g, pn_tensor *y) {
  return pn_run_derivative(&pn_row_relu_backward, &op_relu_backward, g, y, 0, 0);
}

static pn_status leaky_relu_backward_backward(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  pn_tensor *x = pn_needs(n, 0) ? pn_saved_get(n, 1) : NULL;
  if (!x) return pn_needs(n, 0) ? pn_last_status() : PN_OK;
  pn_status s = pn_give(gin, 0, pn_leaky_relu_backward(h, x, n->f[0]));
  pn_release(x);
  return s;
}
static const pn_op op_leaky_relu_backward = {"LeakyReluBackwardBackward",
                                             leaky_relu_backward_backward};
pn_tensor *pn_leaky_relu_backward(pn_tensor *g, pn_tensor *x, double slope) {
  return pn_run_derivative(&pn_row_leaky_relu_backward, &op_leaky_relu_backward, g, x, slope, 0);
}

/* ---- activations ------------------------------------------------------------------------ */
static pn_status sigmoid_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_output_derivative(n, g, gin, &pn_row_sigmoid_backward, pn_sigmoid_backward);
}
static const pn_op op_sigmoid = {"SigmoidBackward", sigmoid_back};
pn_tensor *pn_sigmoid(pn_tensor *a) {
  return pn_float_function(&pn_row_sigmoid, &op_sigmoid, a, PN_SAVE_OUTPUT, 0, 0);
}

static pn_status tanh_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_output_derivative(n, g, gin, &pn_row_tanh_backward, pn_tanh_backward);
}
static const pn_op op_tanh = {"TanhBackward", tanh_back};
pn_tensor *pn_tanh(pn_tensor *a) {
  return pn_float_function(&pn_row_tanh, &op_tanh, a, PN_SAVE_OUTPUT, 0, 0);
}

static pn_status relu_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_output_derivative(n, g, gin, &pn_row_relu_backward, pn_relu_backward);
}
static const pn_op op_relu = {"ReluBackward", relu_back};
pn_tensor *pn_relu(pn_tensor *a) {
  if (!pn_is_float(a->dtype)) { /* integers stay integers, as in PyTorch */
    pn_tensor *zero = pn_scalar_int(0), *x = pn_any_operand(a);
    return pn_use2(pn_maximum, x, zero);
  }
  return pn_float_function(&pn_row_relu, &op_relu, a, PN_SAVE_OUTPUT, 0, 0);
}

static pn_status leaky_relu_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  if (!x) return pn_last_status();
  pn_status s = pn_give(gin, 0, pn_leaky_relu_backward(g, x, n->f[0]));
  pn_release(x);
  return s;
}
static const pn_op op_leaky_relu = {"LeakyReluBackward", leaky_relu_back};
pn_tensor *pn_leaky_relu(pn_tensor *a, double slope) {
  pn_tensor *x = pn_float_operand(&pn_row_leaky_relu, a);
  pn_tensor *out =
      pn_recorded(&op_leaky_relu, pn_run_unary(&pn_row_leaky_relu, x, slope, 0), a, PN_SAVE_INPUT);
  if (out && out->node) out->node->f[0] = slope;
  return out;
}

/* The gradient passes where lo <= x <= hi. */
static pn_status clamp_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *above = pn_use2(pn_ge, pn_saved_get(n, 0), pn_scalar_float(n->f[0]));
  pn_tensor *below = pn_use2(pn_le, pn_saved_get(n, 0), pn_scalar_float(n->f[1]));
  pn_tensor *inside = pn_use2(pn_bit_and, above, below), *zero = pn_scalar_float(0);
  pn_tensor *d = inside && zero ? pn_where(inside, g, zero) : NULL;
  pn_release(inside);
  pn_release(zero);
  return pn_give(gin, 0, d);
}
static const pn_op op_clamp = {"ClampBackward", clamp_back};
pn_tensor *pn_clamp(pn_tensor *a, double lo, double hi) {
  if (!pn_is_float(a->dtype) && a->dtype != PN_BOOL) {
    pn_tensor *x = pn_any_operand(a);
    if (lo > -INFINITY) x = pn_use2(pn_maximum, x, pn_scalar_int((int64_t)ceil(lo)));
    if (hi < INFINITY) x = pn_use2(pn_minimum, x, pn_scalar_int((int64_t)floor(hi)));
    return x;
  }
  pn_tensor *out = pn_recorded(
      &op_clamp, pn_run_unary(&pn_row_clamp, pn_float_operand(&pn_row_clamp, a), lo, hi), a,
      PN_SAVE_INPUT);
  if (out && out->node) {
    out->node->f[0] = lo;
    out->node->f[1] = hi;
  }
  return out;
}

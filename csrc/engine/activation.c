/* Unary operators, activations, and their fused derivatives (which are
 * operators themselves, with derivatives of their own). */
#include "engine/direct.h"

#include <math.h>

/* ---- one input ------------------------------------------------------------------- */
/* Integers become the default floating dtype unless the operator keeps them. */
static pn_tensor *float_operand(const pn_row *row, pn_tensor *a) {
  if (pn_plain(a)) return pn_ref(a);
  int dtype = pn_is_float(a->dtype) ? a->dtype : pn_default_dtype();
  if (!pn_is_real(dtype)) {
    pn_no_kernel(row, dtype);
    return NULL;
  }
  return pn_is_wrapped(a) ? pn_materialize(a, pn_default_dtype()) : pn_cast(a, dtype);
}

/* out = row(x) in x's dtype; takes x. */
static pn_tensor *unary(const pn_row *row, pn_tensor *x, double f0, double f1) {
  if (!x) return NULL;
  pn_tensor *out = pn_empty_like(x, x->dtype);
  if (out && pn_plain(x) && pn_direct(row, x->numel)) {
    pn_direct_run(row, out, x, NULL, f0, f1);
    pn_release(x);
    return out;
  }
  pn_args a;
  a.flags = 0;
  a.dtype = x->dtype;
  a.f[0] = f0;
  a.f[1] = f1;
  if (out && pn_ew_run(row, &a, out, 1, &x)) {
    pn_release(out);
    out = NULL;
  }
  pn_release(x);
  return out;
}

typedef enum { SAVE_INPUT, SAVE_OUTPUT } saving;

static pn_tensor *recorded(const pn_op *op, pn_tensor *out, pn_tensor *a, saving what) {
  if (!out || !pn_wants_grad(a)) return out;
  pn_node *n = pn_node1(op, out, a);
  if (!n) return pn_discard(out);
  pn_status s = PN_OK;
  if (what == SAVE_OUTPUT)
    s = pn_node_save_output(n, 0, out);
  else
    pn_node_save(n, 0, a);
  return s ? pn_discard(out) : out;
}

static pn_tensor *any_dtype(pn_tensor *a) {
  return pn_is_wrapped(a) ? pn_materialize(a, a->dtype == PN_F64 ? pn_default_dtype() : a->dtype)
                          : pn_ref(a);
}

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
  pn_tensor *out = unary(&pn_row_neg, any_dtype(a), 0, 0);
  if (!out || !pn_wants_grad(a) || pn_node1(&op_neg, out, a)) return out;
  return pn_discard(out);
}

static pn_status abs_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_use2(pn_mul, pn_ref(g), pn_use1(pn_sign, pn_saved_get(n, 0))));
}
static const pn_op op_abs = {"AbsBackward", abs_backward};
pn_tensor *pn_abs(pn_tensor *a) {
  return recorded(&op_abs, unary(&pn_row_abs, any_dtype(a), 0, 0), a, SAVE_INPUT);
}

static pn_status zero_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_zeros(g->dtype, g->ndim, g->shape));
}
static const pn_op op_sign = {"SignBackward", zero_backward};
pn_tensor *pn_sign(pn_tensor *a) {
  pn_tensor *out = unary(&pn_row_sign, any_dtype(a), 0, 0);
  if (!out || !pn_wants_grad(a) || pn_node1(&op_sign, out, a)) return out;
  return pn_discard(out);
}

pn_tensor *pn_bit_not(pn_tensor *a) {
  if (pn_is_float(a->dtype)) {
    pn_fail(PN_RUNTIME_ERROR, "\"bit_not\" is not defined for %s: it takes bool or integers",
            pn_dtype_name(a->dtype));
    return NULL;
  }
  return unary(&pn_row_bit_not, any_dtype(a), 0, 0);
}

/* ---- exp, log, sqrt ------------------------------------------------------------------ */
static pn_status exp_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_use2(pn_mul, pn_ref(g), pn_saved_get(n, 0)));
}
static const pn_op op_exp = {"ExpBackward", exp_backward};
pn_tensor *pn_exp(pn_tensor *a) {
  return recorded(&op_exp, unary(&pn_row_exp, float_operand(&pn_row_exp, a), 0, 0), a, SAVE_OUTPUT);
}

static pn_status log_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_use2(pn_div, pn_ref(g), pn_saved_get(n, 0)));
}
static const pn_op op_log = {"LogBackward", log_backward};
pn_tensor *pn_log(pn_tensor *a) {
  return recorded(&op_log, unary(&pn_row_log, float_operand(&pn_row_log, a), 0, 0), a, SAVE_INPUT);
}

/* d sqrt = g / (2 y) */
static pn_status sqrt_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *twice = pn_use2(pn_mul, pn_saved_get(n, 0), pn_scalar_float(2));
  return pn_give(gin, 0, pn_use2(pn_div, pn_ref(g), twice));
}
static const pn_op op_sqrt = {"SqrtBackward", sqrt_backward};
pn_tensor *pn_sqrt(pn_tensor *a) {
  return recorded(&op_sqrt, unary(&pn_row_sqrt, float_operand(&pn_row_sqrt, a), 0, 0), a,
                  SAVE_OUTPUT);
}

/* ---- fused derivatives ---------------------------------------------------------------- */
/* out = row(g, v); leaky_relu's slope in f[0]. */
static pn_tensor *fused(const pn_row *row, const pn_op *op, pn_tensor *g, pn_tensor *v, double f0) {
  if (g->dtype != v->dtype || !pn_same_shape(g, v)) {
    pn_fail(PN_RUNTIME_ERROR, "%s: gradient %s %s does not match %s %s", row->name,
            pn_dtype_name(g->dtype), pn_shape_text(g), pn_dtype_name(v->dtype), pn_shape_text(v));
    return NULL;
  }
  pn_tensor *out = pn_empty_like(g, g->dtype);
  if (!out) return NULL;
  pn_args a;
  a.flags = 0;
  a.dtype = g->dtype;
  a.f[0] = f0;
  pn_tensor *in[2] = {g, v};
  if (pn_plain(g) && pn_plain(v) && pn_direct(row, g->numel))
    pn_direct_run(row, out, g, v, f0, 0);
  else if (pn_ew_run(row, &a, out, 2, in))
    return pn_discard(out);
  if (!pn_wants_grad(g) && !pn_wants_grad(v)) return out;
  pn_node *n = pn_node2(op, out, g, v);
  if (!n) {
    pn_release(out);
    return NULL;
  }
  pn_node_save(n, 0, g);
  pn_node_save(n, 1, v);
  n->f[0] = f0;
  return out;
}

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
  return fused(&pn_row_sigmoid_backward, &op_sigmoid_backward, g, y, 0);
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
  return fused(&pn_row_tanh_backward, &op_tanh_backward, g, y, 0);
}

/* Piecewise linear: linear in g, flat in the other. */
static pn_status relu_backward_backward(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  if (!pn_needs(n, 0)) return PN_OK;
  return pn_give(gin, 0, pn_use2(pn_relu_backward, pn_ref(h), pn_saved_get(n, 1)));
}
static const pn_op op_relu_backward = {"ReluBackwardBackward", relu_backward_backward};
pn_tensor *pn_relu_backward(pn_tensor *g, pn_tensor *y) {
  return fused(&pn_row_relu_backward, &op_relu_backward, g, y, 0);
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
  return fused(&pn_row_leaky_relu_backward, &op_leaky_relu_backward, g, x, slope);
}

/* ---- activations ------------------------------------------------------------------------ */
static pn_status sigmoid_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_use2(pn_sigmoid_backward, pn_ref(g), pn_saved_get(n, 0)));
}
static const pn_op op_sigmoid = {"SigmoidBackward", sigmoid_back};
pn_tensor *pn_sigmoid(pn_tensor *a) {
  return recorded(&op_sigmoid, unary(&pn_row_sigmoid, float_operand(&pn_row_sigmoid, a), 0, 0), a,
                  SAVE_OUTPUT);
}

static pn_status tanh_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_use2(pn_tanh_backward, pn_ref(g), pn_saved_get(n, 0)));
}
static const pn_op op_tanh = {"TanhBackward", tanh_back};
pn_tensor *pn_tanh(pn_tensor *a) {
  return recorded(&op_tanh, unary(&pn_row_tanh, float_operand(&pn_row_tanh, a), 0, 0), a,
                  SAVE_OUTPUT);
}

static pn_status relu_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_use2(pn_relu_backward, pn_ref(g), pn_saved_get(n, 0)));
}
static const pn_op op_relu = {"ReluBackward", relu_back};
pn_tensor *pn_relu(pn_tensor *a) {
  if (!pn_is_float(a->dtype)) { /* integers stay integers, as in PyTorch */
    pn_tensor *zero = pn_scalar_int(0), *x = any_dtype(a);
    return pn_use2(pn_maximum, x, zero);
  }
  return recorded(&op_relu, unary(&pn_row_relu, float_operand(&pn_row_relu, a), 0, 0), a,
                  SAVE_OUTPUT);
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
  pn_tensor *x = float_operand(&pn_row_leaky_relu, a);
  pn_tensor *out = recorded(&op_leaky_relu, unary(&pn_row_leaky_relu, x, slope, 0), a, SAVE_INPUT);
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
    pn_tensor *x = any_dtype(a);
    if (lo > -INFINITY) x = pn_use2(pn_maximum, x, pn_scalar_int((int64_t)ceil(lo)));
    if (hi < INFINITY) x = pn_use2(pn_minimum, x, pn_scalar_int((int64_t)floor(hi)));
    return x;
  }
  pn_tensor *out = recorded(
      &op_clamp, unary(&pn_row_clamp, float_operand(&pn_row_clamp, a), lo, hi), a, SAVE_INPUT);
  if (out && out->node) {
    out->node->f[0] = lo;
    out->node->f[1] = hi;
  }
  return out;
}

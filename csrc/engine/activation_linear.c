/* Activations in pieces.  The fused derivative g f'(x) is linear in g and flat in x:
 * its own derivative is itself in g, and nothing in x. */
#include <stddef.h>

#include "engine/activation.h"
#include "engine/ops.h"
#include "engine/unary.h"

/* f and its derivative: kernels and nodes.  Constants f[0], f[1] serve both. */
typedef struct piecewise {
  pn_op op, slope_op;
  const pn_row *row, *slope_row;
} piecewise;

static pn_tensor *slope(const piecewise *p, pn_tensor *g, pn_tensor *x, double f0, double f1) {
  return pn_run_derivative(p->slope_row, &p->slope_op, g, x, f0, f1);
}
static pn_status twice(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  const piecewise *p = (const void *)((const char *)n->op - offsetof(piecewise, slope_op));
  pn_tensor *x = pn_needs(n, 0) ? pn_saved_get(n, 1) : NULL;
  if (!x) return pn_needs(n, 0) ? pn_last_status() : PN_OK;
  pn_tensor *d = slope(p, h, x, n->f[0], n->f[1]);
  pn_release(x);
  return pn_give(gin, 0, d);
}
static pn_status back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  const piecewise *p = (const void *)((const char *)n->op - offsetof(piecewise, op));
  pn_tensor *x = pn_saved_get(n, 0);
  pn_tensor *d = x ? slope(p, g, x, n->f[0], n->f[1]) : NULL;
  pn_release(x);
  return pn_give(gin, 0, d);
}

/* hardswish is not flat in x: its slope is x / 3 + 1/2 between -3 and 3. */
static pn_status hardswish_twice(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  pn_status s = pn_needs(n, 0) ? twice(n, h, gin) : PN_OK;
  if (!s && pn_needs(n, 1)) {
    pn_tensor *inside = pn_use2(pn_lt, pn_use1(pn_abs, pn_saved_get(n, 1)), pn_scalar_float(3));
    pn_tensor *d = pn_x_mul(pn_ref(h), pn_x_scale(pn_saved_get(n, 0), 1.0 / 3));
    s = pn_give(gin, 1, pn_x_where(inside, d, pn_scalar_float(0)));
  }
  return s;
}

#define PIECEWISE(title, row, slope_row) \
  { {title "Backward", back}, {title "BackwardBackward", twice}, row, slope_row }
static const piecewise hardswish = {{"HardswishBackward", back},
                                    {"HardswishBackwardBackward", hardswish_twice},
                                    &pn_row_hardswish,
                                    &pn_row_hardswish_backward};
static const piecewise hardsigmoid =
    PIECEWISE("Hardsigmoid", &pn_row_hardsigmoid, &pn_row_hardsigmoid_backward);
static const piecewise hardtanh = PIECEWISE("Hardtanh", &pn_row_clamp, &pn_row_hardtanh_backward);
static const piecewise hardshrink =
    PIECEWISE("Hardshrink", &pn_row_hardshrink, &pn_row_shrink_backward);
static const piecewise softshrink =
    PIECEWISE("Softshrink", &pn_row_softshrink, &pn_row_shrink_backward);
static const piecewise threshold =
    PIECEWISE("Threshold", &pn_row_threshold, &pn_row_threshold_backward);

pn_tensor *pn_activation(const pn_row *row, const pn_op *op, pn_tensor *x, double f0, double f1) {
  if (pn_is_real(x->dtype)) return pn_float_function(row, op, x, PN_SAVE_INPUT, f0, f1);
  pn_fail(PN_RUNTIME_ERROR, "\"%s\" is not defined for %s: it takes float32 or float64", row->name,
          pn_dtype_name(x->dtype));
  return NULL;
}
static pn_tensor *apply(const piecewise *p, pn_tensor *x, double f0, double f1) {
  return pn_activation(p->row, &p->op, x, f0, f1);
}

pn_tensor *pn_hardswish(pn_tensor *x) { return apply(&hardswish, x, 0, 0); }
pn_tensor *pn_hardsigmoid(pn_tensor *x) { return apply(&hardsigmoid, x, 0, 0); }
pn_tensor *pn_hardtanh(pn_tensor *x, double low, double high) {
  if (!pn_is_float(x->dtype) && x->dtype != PN_BOOL) return pn_clamp(x, low, high);
  return apply(&hardtanh, x, low, high);
}
pn_tensor *pn_hardshrink(pn_tensor *x, double lambda) { return apply(&hardshrink, x, lambda, 0); }
pn_tensor *pn_softshrink(pn_tensor *x, double lambda) { return apply(&softshrink, x, lambda, 0); }
pn_tensor *pn_threshold(pn_tensor *x, double edge, double value) {
  return apply(&threshold, x, edge, value);
}

/* ---- called by name ------------------------------------------------------------------ */
pn_status pn_op_hardtanh(pn_call *c) {
  pn_status s = pn_call_given(c, "hardtanh", 1, 0, 2);
  return s ? s : pn_call_give(c, pn_hardtanh(c->in[0], c->f[0], c->f[1]));
}
pn_status pn_op_hardshrink(pn_call *c) {
  pn_status s = pn_call_given(c, "hardshrink", 1, 0, 1);
  return s ? s : pn_call_give(c, pn_hardshrink(c->in[0], c->f[0]));
}
pn_status pn_op_softshrink(pn_call *c) {
  pn_status s = pn_call_given(c, "softshrink", 1, 0, 1);
  return s ? s : pn_call_give(c, pn_softshrink(c->in[0], c->f[0]));
}
pn_status pn_op_threshold(pn_call *c) {
  pn_status s = pn_call_given(c, "threshold", 1, 0, 2);
  return s ? s : pn_call_give(c, pn_threshold(c->in[0], c->f[0], c->f[1]));
}

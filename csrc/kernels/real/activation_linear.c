/* Activations in pieces, and their derivatives: p[1] is x, of a derivative g and
 * p[2] x.  At a bend the slope is the one that PyTorch takes. */
#include "kernels/real/ew_loops.h"

/* min(max(x + 3, 0), 6): a NaN stays. */
PN_INLINE vreal ramp(vreal x) { return v_least(v_set1(6), v_most(v_set1(0), v_add(x, v_set1(3)))); }

/* x ramp(x) / 6 */
PN_INLINE vreal op_hardswish(vreal x, vreal y, vreal c0, vreal c1) {
  return v_div(v_mul(x, ramp(x)), v_set1(6));
}
PN_INLINE vreal op_hardswish_backward(vreal g, vreal x, vreal c0, vreal c1) {
  vreal middle = v_mul(g, v_add(v_div(x, v_set1(3)), v_set1((real)0.5)));
  vreal r = v_select(v_lt(x, v_set1(3)), middle, g);
  return v_select(v_le(x, v_set1(-3)), v_set1(0), r);
}

/* ramp(x) / 6 */
PN_INLINE vreal op_hardsigmoid(vreal x, vreal y, vreal c0, vreal c1) {
  return v_div(ramp(x), v_set1(6));
}
PN_INLINE vreal op_hardsigmoid_backward(vreal g, vreal x, vreal c0, vreal c1) {
  vmask inside = m_and(v_lt(v_set1(-3), x), v_lt(x, v_set1(3)));
  return v_select(inside, v_div(g, v_set1(6)), v_set1(0));
}

/* f[0] < x < f[1] ? g : 0; hardtanh itself is clamp. */
PN_INLINE vreal op_hardtanh_backward(vreal g, vreal x, vreal low, vreal high) {
  return v_select(m_or(v_le(x, low), v_le(high, x)), v_set1(0), g);
}

/* |x| <= f[0] ? 0 : x, and of the derivative g: one function. */
PN_INLINE vreal op_hardshrink(vreal x, vreal y, vreal lambda, vreal c1) {
  return v_select(v_le(v_abs(x), lambda), v_set1(0), x);
}
PN_INLINE vreal op_shrink_backward(vreal g, vreal x, vreal lambda, vreal c1) {
  return v_select(v_le(v_abs(x), lambda), v_set1(0), g);
}

/* x nearer to 0 by f[0], not beyond it: a NaN stays. */
PN_INLINE vreal op_softshrink(vreal x, vreal y, vreal lambda, vreal c1) {
  vreal nearer = v_select(v_lt(x, v_set1(0)), v_add(x, lambda), v_sub(x, lambda));
  return v_select(v_le(v_abs(x), lambda), v_set1(0), nearer);
}

/* x <= f[0] ? f[1] : x */
PN_INLINE vreal op_threshold(vreal x, vreal y, vreal edge, vreal value) {
  return v_select(v_le(x, edge), value, x);
}
PN_INLINE vreal op_threshold_backward(vreal g, vreal x, vreal edge, vreal c1) {
  return v_select(v_le(x, edge), v_set1(0), g);
}

EW_ANY(hardswish, 1)
PN_KERNEL(hardswish) { EW_KERNEL(hardswish, 1); }
EW_ANY(hardsigmoid, 1)
PN_KERNEL(hardsigmoid) { EW_KERNEL(hardsigmoid, 1); }
EW_ANY(hardshrink, 1)
PN_KERNEL(hardshrink) { EW_KERNEL(hardshrink, 1); }
EW_ANY(softshrink, 1)
PN_KERNEL(softshrink) { EW_KERNEL(softshrink, 1); }
EW_ANY(threshold, 1)
PN_KERNEL(threshold) { EW_KERNEL(threshold, 1); }
EW_ANY(hardswish_backward, 2)
PN_KERNEL(hardswish_backward) { EW_KERNEL(hardswish_backward, 2); }
EW_ANY(hardsigmoid_backward, 2)
PN_KERNEL(hardsigmoid_backward) { EW_KERNEL(hardsigmoid_backward, 2); }
EW_ANY(hardtanh_backward, 2)
PN_KERNEL(hardtanh_backward) { EW_KERNEL(hardtanh_backward, 2); }
EW_ANY(shrink_backward, 2)
PN_KERNEL(shrink_backward) { EW_KERNEL(shrink_backward, 2); }
EW_ANY(threshold_backward, 2)
PN_KERNEL(threshold_backward) { EW_KERNEL(threshold_backward, 2); }

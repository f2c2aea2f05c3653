/* Activations and their derivatives, element by element.  The functions are
 * those of simd/vmath.h with their bounds; fused epilogues use the same. */
#include "kernels/real/ew_loops.h"

PN_INLINE vreal op_exp(vreal x, vreal y, vreal c0, vreal c1) { return v_exp(x); }
PN_INLINE vreal op_log(vreal x, vreal y, vreal c0, vreal c1) { return v_log(x); }
PN_INLINE vreal op_sigmoid(vreal x, vreal y, vreal c0, vreal c1) { return v_sigmoid(x); }
PN_INLINE vreal op_tanh(vreal x, vreal y, vreal c0, vreal c1) { return v_tanh(x); }
EW_ANY(exp, 1)
PN_KERNEL(exp) { EW_KERNEL(exp, 1); }
EW_ANY(log, 1)
PN_KERNEL(log) { EW_KERNEL(log, 1); }
EW_ANY(sigmoid, 1)
PN_KERNEL(sigmoid) { EW_KERNEL(sigmoid, 1); }
EW_ANY(tanh, 1)
PN_KERNEL(tanh) { EW_KERNEL(tanh, 1); }

/* max(x, 0): NaN stays, -0 becomes +0. */
PN_INLINE vreal op_relu(vreal x, vreal y, vreal c0, vreal c1) { return v_max(x, v_set1(0)); }
EW_ANY(relu, 1)
PN_KERNEL(relu) { EW_KERNEL(relu, 1); }

/* x > 0 ? x : slope x */
PN_INLINE vreal op_leaky_relu(vreal x, vreal y, vreal slope, vreal c1) {
  return v_select(v_lt(v_set1(0), x), x, v_mul(x, slope));
}
EW_ANY(leaky_relu, 1)
PN_KERNEL(leaky_relu) { EW_KERNEL(leaky_relu, 1); }

/* dx = g (y (1 - y)), y = sigmoid(x) */
PN_INLINE vreal op_sigmoid_backward(vreal g, vreal y, vreal c0, vreal c1) {
  return v_mul(g, v_mul(y, v_sub(v_set1(1), y)));
}
EW_ANY(sigmoid_backward, 2)
PN_KERNEL(sigmoid_backward) { EW_KERNEL(sigmoid_backward, 2); }

/* dx = g (1 - y y), y = tanh(x); the difference is one FMA */
PN_INLINE vreal op_tanh_backward(vreal g, vreal y, vreal c0, vreal c1) {
  return v_mul(g, v_fnma(y, y, v_set1(1)));
}
EW_ANY(tanh_backward, 2)
PN_KERNEL(tanh_backward) { EW_KERNEL(tanh_backward, 2); }

/* dx = y > 0 ? g : 0, y = relu(x) or x */
PN_INLINE vreal op_relu_backward(vreal g, vreal y, vreal c0, vreal c1) {
  return v_select(v_lt(v_set1(0), y), g, v_set1(0));
}
EW_ANY(relu_backward, 2)
PN_KERNEL(relu_backward) { EW_KERNEL(relu_backward, 2); }

/* dx = x > 0 ? g : slope g */
PN_INLINE vreal op_leaky_relu_backward(vreal g, vreal x, vreal slope, vreal c1) {
  return v_select(v_lt(v_set1(0), x), g, v_mul(g, slope));
}
EW_ANY(leaky_relu_backward, 2)
PN_KERNEL(leaky_relu_backward) { EW_KERNEL(leaky_relu_backward, 2); }

/* Activations and their derivatives, element by element.  The functions are
 * those of simd/vmath.h with their bounds; fused epilogues use the same. */
#include "kernels/real/ew_loops.h"

PN_INLINE vreal op_exp(vreal x, vreal y, vreal c0, vreal c1) { return v_exp(x); }
PN_INLINE vreal op_log(vreal x, vreal y, vreal c0, vreal c1) { return v_log(x); }
PN_INLINE vreal op_sigmoid(vreal x, vreal y, vreal c0, vreal c1) { return v_sigmoid(x); }
PN_INLINE vreal op_tanh(vreal x, vreal y, vreal c0, vreal c1) { return v_tanh(x); }
PN_KERNEL(exp) { ew_unary(a, begin, end, op_exp); }
PN_KERNEL(log) { ew_unary(a, begin, end, op_log); }
PN_KERNEL(sigmoid) { ew_unary(a, begin, end, op_sigmoid); }
PN_KERNEL(tanh) { ew_unary(a, begin, end, op_tanh); }

/* max(x, 0): NaN stays, -0 becomes +0. */
PN_INLINE vreal op_relu(vreal x, vreal y, vreal c0, vreal c1) { return v_max(x, v_set1(0)); }
PN_KERNEL(relu) { ew_unary(a, begin, end, op_relu); }

/* x > 0 ? x : slope x */
PN_INLINE vreal op_leaky_relu(vreal x, vreal y, vreal slope, vreal c1) {
  return v_select(v_lt(v_set1(0), x), x, v_mul(x, slope));
}
PN_KERNEL(leaky_relu) { ew_unary(a, begin, end, op_leaky_relu); }

/* dx = g (y (1 - y)), y = sigmoid(x) */
PN_INLINE vreal op_sigmoid_backward(vreal g, vreal y, vreal c0, vreal c1) {
  return v_mul(g, v_mul(y, v_sub(v_set1(1), y)));
}
PN_KERNEL(sigmoid_backward) { ew_binary(a, begin, end, op_sigmoid_backward); }

/* dx = g (1 - y y), y = tanh(x); the difference is one FMA */
PN_INLINE vreal op_tanh_backward(vreal g, vreal y, vreal c0, vreal c1) {
  return v_mul(g, v_fnma(y, y, v_set1(1)));
}
PN_KERNEL(tanh_backward) { ew_binary(a, begin, end, op_tanh_backward); }

/* dx = y > 0 ? g : 0, y = relu(x) or x */
PN_INLINE vreal op_relu_backward(vreal g, vreal y, vreal c0, vreal c1) {
  return v_select(v_lt(v_set1(0), y), g, v_set1(0));
}
PN_KERNEL(relu_backward) { ew_binary(a, begin, end, op_relu_backward); }

/* dx = x > 0 ? g : slope g */
PN_INLINE vreal op_leaky_relu_backward(vreal g, vreal x, vreal slope, vreal c1) {
  return v_select(v_lt(v_set1(0), x), g, v_mul(g, slope));
}
PN_KERNEL(leaky_relu_backward) { ew_binary(a, begin, end, op_leaky_relu_backward); }

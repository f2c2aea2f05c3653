/* Smooth activations and their derivatives: p[1] is x, of a derivative g and p[2] x. */
#include "kernels/real/ew_loops.h"

/* x s(x), s the logistic function; 0 at minus infinity. */
PN_INLINE vreal op_silu(vreal x, vreal y, vreal c0, vreal c1) { return v_mul(x, v_sigmoid(x)); }
EW_ANY(silu, 1)
PN_KERNEL(silu) { EW_KERNEL(silu, 1); }

/* g s (1 + x (1 - s)) */
PN_INLINE vreal op_silu_backward(vreal g, vreal x, vreal c0, vreal c1) {
  vreal s = v_sigmoid(x), one = v_set1(1);
  return v_mul(g, v_mul(s, v_fma(x, v_sub(one, s), one)));
}
PN_KERNEL(silu_backward) { ew_run(a, begin, end, op_silu_backward, 2, 1); }

/* x F(x), F the normal distribution function (Hendrycks and Gimpel 2016). */
PN_INLINE vreal op_gelu(vreal x, vreal y, vreal c0, vreal c1) { return v_mul(x, v_ncdf(x)); }
PN_KERNEL(gelu) { ew_run(a, begin, end, op_gelu, 1, 1); }

/* g (F(x) + x f(x)), f the density. */
PN_INLINE vreal op_gelu_backward(vreal g, vreal x, vreal c0, vreal c1) {
  vreal e = v_exp(v_mul(v_mul(x, v_set1((real)-0.5)), x));
  vreal density = v_mul(v_set1((real)0.39894228040143267794), e);
  return v_mul(g, v_fma(x, density, v_ncdf(x)));
}
PN_KERNEL(gelu_backward) { ew_run(a, begin, end, op_gelu_backward, 2, 1); }

/* u = 2 sqrt(2/pi) (x + 0.044715 x^3): (1 + tanh(u / 2)) / 2 is the logistic
 * function of u. */
PN_INLINE vreal gelu_argument(vreal x) {
  const vreal scale = v_set1((real)1.59576912160573071176);
  vreal x2 = v_mul(x, x), t = v_fma(x2, v_set1((real)0.044715), v_set1(1));
  return v_mul(v_mul(scale, x), t);
}
PN_INLINE vreal op_gelu_tanh(vreal x, vreal y, vreal c0, vreal c1) {
  return v_mul(x, v_sigmoid(gelu_argument(x)));
}
EW_ANY(gelu_tanh, 1)
PN_KERNEL(gelu_tanh) { EW_KERNEL(gelu_tanh, 1); }

/* g s (1 + x u' (1 - s)), x u' = 2 sqrt(2/pi) (x + 0.134145 x^3) */
PN_INLINE vreal op_gelu_tanh_backward(vreal g, vreal x, vreal c0, vreal c1) {
  const vreal scale = v_set1((real)1.59576912160573071176), one = v_set1(1);
  vreal s = v_sigmoid(gelu_argument(x)), x2 = v_mul(x, x);
  vreal slope = v_mul(v_mul(scale, x), v_fma(x2, v_set1((real)0.134145), one));
  return v_mul(g, v_mul(s, v_fma(slope, v_sub(one, s), one)));
}
PN_KERNEL(gelu_tanh_backward) { ew_run(a, begin, end, op_gelu_tanh_backward, 2, 1); }

/* x tanh(log(1 + e^x)) = x n / (n + 2), n = e (e + 2), e = e^x (Misra 2019); the
 * quotient is 1 before e^2 overflows. */
PN_INLINE vreal mish_exp(vreal x) { return v_exp(v_least(v_set1(40), x)); }
PN_INLINE vreal op_mish(vreal x, vreal y, vreal c0, vreal c1) {
  vreal e = mish_exp(x), n = v_mul(e, v_add(e, v_set1(2)));
  return v_mul(x, v_div(n, v_add(n, v_set1(2))));
}
PN_KERNEL(mish) { ew_run(a, begin, end, op_mish, 1, 1); }

/* g (w + x w'), w = n / (n + 2), w' = 4 e (e + 1) / (n + 2)^2 */
PN_INLINE vreal op_mish_backward(vreal g, vreal x, vreal c0, vreal c1) {
  const vreal two = v_set1(2), one = v_set1(1);
  vreal e = mish_exp(x), n = v_mul(e, v_add(e, two)), r = v_div(one, v_add(n, two));
  vreal slope = v_mul(v_mul(v_mul(v_set1(4), e), r), v_mul(v_add(e, one), r));
  return v_mul(g, v_fma(x, slope, v_mul(n, r)));
}
PN_KERNEL(mish_backward) { ew_run(a, begin, end, op_mish_backward, 2, 1); }

/* log(1 + e^(b x)) / b, b = f[0]; x where b x > f[1]. */
PN_INLINE vreal op_softplus(vreal x, vreal y, vreal beta, vreal threshold) {
  vreal z = v_mul(x, beta);
  return v_select(v_lt(threshold, z), x, v_div(v_log1p(v_exp(z)), beta));
}
PN_KERNEL(softplus) { ew_run(a, begin, end, op_softplus, 1, 1); }

PN_INLINE vreal op_softplus_backward(vreal g, vreal x, vreal beta, vreal threshold) {
  vreal z = v_mul(x, beta);
  return v_select(v_lt(threshold, z), g, v_mul(g, v_sigmoid(z)));
}
PN_KERNEL(softplus_backward) { ew_run(a, begin, end, op_softplus_backward, 2, 1); }

/* log s(x) = min(x, 0) - log(1 + e^-|x|) */
PN_INLINE vreal op_logsigmoid(vreal x, vreal y, vreal c0, vreal c1) {
  return v_sub(v_min(x, v_set1(0)), v_log1p(v_exp(v_neg(v_abs(x)))));
}
PN_KERNEL(logsigmoid) { ew_run(a, begin, end, op_logsigmoid, 1, 1); }

PN_INLINE vreal op_logsigmoid_backward(vreal g, vreal x, vreal c0, vreal c1) {
  return v_mul(g, v_sigmoid(v_neg(x)));
}
PN_KERNEL(logsigmoid_backward) { ew_run(a, begin, end, op_logsigmoid_backward, 2, 1); }

/* x > 0 ? x : f[0] (e^(f[1] x) - 1): ELU with scale 1, CELU with 1 / alpha. */
PN_INLINE vreal op_elu(vreal x, vreal y, vreal alpha, vreal scale) {
  vreal below = v_mul(alpha, v_expm1(v_mul(scale, x)));
  return v_select(v_lt(v_set1(0), x), x, below);
}
PN_KERNEL(elu) { ew_run(a, begin, end, op_elu, 1, 1); }

PN_INLINE vreal op_elu_backward(vreal g, vreal x, vreal alpha, vreal scale) {
  vreal slope = v_mul(v_mul(alpha, scale), v_exp(v_mul(scale, x)));
  return v_select(v_lt(v_set1(0), x), g, v_mul(g, slope));
}
PN_KERNEL(elu_backward) { ew_run(a, begin, end, op_elu_backward, 2, 1); }

/* f[0] (x > 0 ? x : f[1] (e^x - 1)): SELU (Klambauer and others 2017) */
PN_INLINE vreal op_selu(vreal x, vreal y, vreal scale, vreal alpha) {
  vreal below = v_mul(v_mul(scale, alpha), v_expm1(x));
  return v_select(v_lt(v_set1(0), x), v_mul(scale, x), below);
}
PN_KERNEL(selu) { ew_run(a, begin, end, op_selu, 1, 1); }

PN_INLINE vreal op_selu_backward(vreal g, vreal x, vreal scale, vreal alpha) {
  vreal slope = v_select(v_lt(v_set1(0), x), scale, v_mul(v_mul(scale, alpha), v_exp(x)));
  return v_mul(g, slope);
}
PN_KERNEL(selu_backward) { ew_run(a, begin, end, op_selu_backward, 2, 1); }

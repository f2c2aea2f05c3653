/* Arithmetic of float32 and float64, element by element: one IEEE operation
 * each, or a choice between two values. */
#include "kernels/real/ew_loops.h"

PN_INLINE vreal op_add(vreal x, vreal y, vreal c0, vreal c1) { return v_add(x, y); }
PN_INLINE vreal op_sub(vreal x, vreal y, vreal c0, vreal c1) { return v_sub(x, y); }
PN_INLINE vreal op_mul(vreal x, vreal y, vreal c0, vreal c1) { return v_mul(x, y); }
PN_INLINE vreal op_div(vreal x, vreal y, vreal c0, vreal c1) { return v_div(x, y); }
PN_KERNEL(add) { ew_binary(a, begin, end, op_add); }
PN_KERNEL(sub) { ew_binary(a, begin, end, op_sub); }
PN_KERNEL(mul) { ew_binary(a, begin, end, op_mul); }
PN_KERNEL(div) { ew_binary(a, begin, end, op_div); }

/* NaN wins, +0 > -0. */
PN_INLINE vreal op_maximum(vreal x, vreal y, vreal c0, vreal c1) { return v_max(x, y); }
PN_INLINE vreal op_minimum(vreal x, vreal y, vreal c0, vreal c1) { return v_min(x, y); }
PN_KERNEL(maximum) { ew_binary(a, begin, end, op_maximum); }
PN_KERNEL(minimum) { ew_binary(a, begin, end, op_minimum); }

PN_INLINE vreal op_neg(vreal x, vreal y, vreal c0, vreal c1) { return v_neg(x); }
PN_INLINE vreal op_abs(vreal x, vreal y, vreal c0, vreal c1) { return v_abs(x); }
PN_INLINE vreal op_sqrt(vreal x, vreal y, vreal c0, vreal c1) { return v_sqrt(x); }
PN_KERNEL(neg) { ew_unary(a, begin, end, op_neg); }
PN_KERNEL(abs) { ew_unary(a, begin, end, op_abs); }
PN_KERNEL(sqrt) { ew_unary(a, begin, end, op_sqrt); }

/* -1, 0, 1; +-0 gives 0, NaN stays. */
PN_INLINE vreal op_sign(vreal x, vreal y, vreal c0, vreal c1) {
  const vreal zero = v_set1(0), one = v_set1(1);
  vreal s = v_select(v_lt(zero, x), one, v_select(v_lt(x, zero), v_neg(one), zero));
  return v_select(v_isnan(x), x, s);
}
PN_KERNEL(sign) { ew_unary(a, begin, end, op_sign); }

/* min(max(x, f[0]), f[1]): NaN stays, and f[1] wins where the bounds cross. */
PN_INLINE vreal op_clamp(vreal x, vreal y, vreal low, vreal high) {
  return v_least(high, v_most(low, x));
}
PN_KERNEL(clamp) { ew_unary(a, begin, end, op_clamp); }

/* A square is so common that it has its own loop; v_pow gives the same bits. */
PN_INLINE vreal op_square(vreal x, vreal y, vreal c0, vreal c1) { return v_mul(x, x); }
PN_INLINE vreal op_pow(vreal x, vreal y, vreal c0, vreal c1) { return v_pow(x, y); }
PN_KERNEL(pow) {
  if (!a->p[2] && *(const real *)pn_ew_input(a, 2) == 2)
    ew_unary(a, begin, end, op_square);
  else
    ew_run(a, begin, end, op_pow, 2, 1);
}

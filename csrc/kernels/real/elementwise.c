/* Arithmetic of float32 and float64, element by element: one IEEE operation
 * each, or a choice between two values. */
#include "kernels/real/ew_loops.h"

PN_INLINE vreal op_add(vreal x, vreal y, vreal c0, vreal c1) { return v_add(x, y); }
PN_INLINE vreal op_sub(vreal x, vreal y, vreal c0, vreal c1) { return v_sub(x, y); }
PN_INLINE vreal op_mul(vreal x, vreal y, vreal c0, vreal c1) { return v_mul(x, y); }
PN_INLINE vreal op_div(vreal x, vreal y, vreal c0, vreal c1) { return v_div(x, y); }
EW_ANY(add, 2)
PN_KERNEL(add) { EW_KERNEL(add, 2); }
EW_ANY(sub, 2)
PN_KERNEL(sub) { EW_KERNEL(sub, 2); }
EW_ANY(mul, 2)
PN_KERNEL(mul) { EW_KERNEL(mul, 2); }
EW_ANY(div, 2)
PN_KERNEL(div) { EW_KERNEL(div, 2); }

/* NaN wins, +0 > -0. */
PN_INLINE vreal op_maximum(vreal x, vreal y, vreal c0, vreal c1) { return v_max(x, y); }
PN_INLINE vreal op_minimum(vreal x, vreal y, vreal c0, vreal c1) { return v_min(x, y); }
EW_ANY(maximum, 2)
PN_KERNEL(maximum) { EW_KERNEL(maximum, 2); }
EW_ANY(minimum, 2)
PN_KERNEL(minimum) { EW_KERNEL(minimum, 2); }

PN_INLINE vreal op_neg(vreal x, vreal y, vreal c0, vreal c1) { return v_neg(x); }
PN_INLINE vreal op_abs(vreal x, vreal y, vreal c0, vreal c1) { return v_abs(x); }
PN_INLINE vreal op_sqrt(vreal x, vreal y, vreal c0, vreal c1) { return v_sqrt(x); }
EW_ANY(neg, 1)
PN_KERNEL(neg) { EW_KERNEL(neg, 1); }
EW_ANY(abs, 1)
PN_KERNEL(abs) { EW_KERNEL(abs, 1); }
EW_ANY(sqrt, 1)
PN_KERNEL(sqrt) { EW_KERNEL(sqrt, 1); }

/* -1, 0, 1; +-0 gives 0, NaN stays. */
PN_INLINE vreal op_sign(vreal x, vreal y, vreal c0, vreal c1) {
  const vreal zero = v_set1(0), one = v_set1(1);
  vreal s = v_select(v_lt(zero, x), one, v_select(v_lt(x, zero), v_neg(one), zero));
  return v_select(v_isnan(x), x, s);
}
EW_ANY(sign, 1)
PN_KERNEL(sign) { EW_KERNEL(sign, 1); }

/* min(max(x, f[0]), f[1]): NaN stays, and f[1] wins where the bounds cross. */
PN_INLINE vreal op_clamp(vreal x, vreal y, vreal low, vreal high) {
  return v_least(high, v_most(low, x));
}
EW_ANY(clamp, 1)
PN_KERNEL(clamp) { EW_KERNEL(clamp, 1); }

/* A square is so common that it has its own loop; v_pow gives the same bits. */
PN_INLINE vreal op_square(vreal x, vreal y, vreal c0, vreal c1) { return v_mul(x, x); }
PN_INLINE vreal op_pow(vreal x, vreal y, vreal c0, vreal c1) { return v_pow(x, y); }
EW_ANY(square, 1)
PN_KERNEL(pow) {
  if (a->p[2] || *(const real *)pn_ew_input(a, 2) != 2)
    ew_run(a, begin, end, op_pow, 2, 1);
  else {
    EW_KERNEL(square, 1);
  }
}

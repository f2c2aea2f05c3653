/* Exponentials and logarithms beside exp and log, and the error function. */
#include "kernels/real/ew_loops.h"

PN_INLINE vreal op_expm1(vreal x, vreal y, vreal c0, vreal c1) { return v_expm1(x); }
PN_INLINE vreal op_exp2(vreal x, vreal y, vreal c0, vreal c1) { return v_exp2(x); }
PN_INLINE vreal op_log1p(vreal x, vreal y, vreal c0, vreal c1) { return v_log1p(x); }
PN_INLINE vreal op_log2(vreal x, vreal y, vreal c0, vreal c1) { return v_log2(x); }
PN_INLINE vreal op_log10(vreal x, vreal y, vreal c0, vreal c1) { return v_log10(x); }
PN_INLINE vreal op_erf(vreal x, vreal y, vreal c0, vreal c1) { return v_erf(x); }
PN_INLINE vreal op_erfc(vreal x, vreal y, vreal c0, vreal c1) { return v_erfc(x); }
PN_INLINE vreal op_erfinv(vreal x, vreal y, vreal c0, vreal c1) { return v_erfinv(x); }
PN_KERNEL(expm1) { ew_run(a, begin, end, op_expm1, 1, 1); }
PN_KERNEL(exp2) { ew_run(a, begin, end, op_exp2, 1, 1); }
PN_KERNEL(log1p) { ew_run(a, begin, end, op_log1p, 1, 1); }
PN_KERNEL(log2) { ew_run(a, begin, end, op_log2, 1, 1); }
PN_KERNEL(log10) { ew_run(a, begin, end, op_log10, 1, 1); }
PN_KERNEL(erf) { ew_run(a, begin, end, op_erf, 1, 1); }
PN_KERNEL(erfc) { ew_run(a, begin, end, op_erfc, 1, 1); }
PN_KERNEL(erfinv) { ew_run(a, begin, end, op_erfinv, 1, 1); }

/* log(e^x + e^y) = max + log(1 + e^-|x - y|); of equal infinities the infinity. */
PN_INLINE vreal op_logaddexp(vreal x, vreal y, vreal c0, vreal c1) {
  vreal most = v_max(x, y), e = v_exp(v_neg(v_abs(v_sub(x, y))));
  vmask infinite = m_and(v_eq(x, y), v_eq(v_abs(x), v_set1(REAL_INF)));
  return v_select(infinite, x, v_add(most, v_log1p(e)));
}
PN_KERNEL(logaddexp) { ew_run(a, begin, end, op_logaddexp, 2, 1); }

/* log2(2^x + 2^y) = max + log(1 + 2^-|x - y|) / log 2 */
PN_INLINE vreal op_logaddexp2(vreal x, vreal y, vreal c0, vreal c1) {
  const vreal log2e = v_set1((real)1.44269504088896340736);
  vreal most = v_max(x, y), e = v_exp2(v_neg(v_abs(v_sub(x, y))));
  vmask infinite = m_and(v_eq(x, y), v_eq(v_abs(x), v_set1(REAL_INF)));
  return v_select(infinite, x, v_fma(v_log1p(e), log2e, most));
}
PN_KERNEL(logaddexp2) { ew_run(a, begin, end, op_logaddexp2, 2, 1); }

/* x log y; 0 where x is 0, except that a NaN y stays. */
PN_INLINE vreal op_xlogy(vreal x, vreal y, vreal c0, vreal c1) {
  const vreal zero = v_set1(0);
  vreal p = v_select(v_eq(x, zero), zero, v_mul(x, v_log(y)));
  return v_select(v_isnan(y), y, p);
}
PN_KERNEL(xlogy) { ew_run(a, begin, end, op_xlogy, 2, 1); }

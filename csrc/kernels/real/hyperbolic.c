/* Hyperbolic functions and their inverses (simd/vmath_hyper.h). */
#include "kernels/real/ew_loops.h"

PN_INLINE vreal op_sinh(vreal x, vreal y, vreal c0, vreal c1) { return v_sinh(x); }
PN_INLINE vreal op_cosh(vreal x, vreal y, vreal c0, vreal c1) { return v_cosh(x); }
PN_INLINE vreal op_asinh(vreal x, vreal y, vreal c0, vreal c1) { return v_asinh(x); }
PN_INLINE vreal op_acosh(vreal x, vreal y, vreal c0, vreal c1) { return v_acosh(x); }
PN_INLINE vreal op_atanh(vreal x, vreal y, vreal c0, vreal c1) { return v_atanh(x); }
PN_KERNEL(sinh) { ew_run(a, begin, end, op_sinh, 1, 1); }
PN_KERNEL(cosh) { ew_run(a, begin, end, op_cosh, 1, 1); }
PN_KERNEL(asinh) { ew_run(a, begin, end, op_asinh, 1, 1); }
PN_KERNEL(acosh) { ew_run(a, begin, end, op_acosh, 1, 1); }
PN_KERNEL(atanh) { ew_run(a, begin, end, op_atanh, 1, 1); }

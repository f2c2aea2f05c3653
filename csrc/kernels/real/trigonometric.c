/* Trigonometric functions and their inverses (simd/vmath_trig.h, vmath_atan.h). */
#include "kernels/real/ew_loops.h"

PN_INLINE vreal op_sin(vreal x, vreal y, vreal c0, vreal c1) { return v_sin(x); }
PN_INLINE vreal op_cos(vreal x, vreal y, vreal c0, vreal c1) { return v_cos(x); }
PN_INLINE vreal op_tan(vreal x, vreal y, vreal c0, vreal c1) { return v_tan(x); }
PN_INLINE vreal op_asin(vreal x, vreal y, vreal c0, vreal c1) { return v_asin(x); }
PN_INLINE vreal op_acos(vreal x, vreal y, vreal c0, vreal c1) { return v_acos(x); }
PN_INLINE vreal op_atan(vreal x, vreal y, vreal c0, vreal c1) { return v_atan(x); }
PN_KERNEL(sin) { ew_run(a, begin, end, op_sin, 1, 1); }
PN_KERNEL(cos) { ew_run(a, begin, end, op_cos, 1, 1); }
PN_KERNEL(tan) { ew_run(a, begin, end, op_tan, 1, 1); }
PN_KERNEL(asin) { ew_run(a, begin, end, op_asin, 1, 1); }
PN_KERNEL(acos) { ew_run(a, begin, end, op_acos, 1, 1); }
PN_KERNEL(atan) { ew_run(a, begin, end, op_atan, 1, 1); }

/* p[1] is y, p[2] is x. */
PN_INLINE vreal op_atan2(vreal x, vreal y, vreal c0, vreal c1) { return v_atan2(x, y); }
PN_KERNEL(atan2) { ew_run(a, begin, end, op_atan2, 2, 1); }

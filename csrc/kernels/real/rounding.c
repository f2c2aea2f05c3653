/* To integers, each with the sign of x, and division with an integer quotient. */
#include "kernels/real/ew_loops.h"
#include "kernels/real/fmod.h"

PN_INLINE vreal op_floor(vreal x, vreal y, vreal c0, vreal c1) { return ew_floor(x); }
PN_INLINE vreal op_ceil(vreal x, vreal y, vreal c0, vreal c1) { return v_neg(ew_floor(v_neg(x))); }
PN_INLINE vreal op_trunc(vreal x, vreal y, vreal c0, vreal c1) { return ew_trunc(x); }
PN_INLINE vreal op_round(vreal x, vreal y, vreal c0, vreal c1) { return v_round(x); }
EW_ANY(floor, 1)
PN_KERNEL(floor) { EW_KERNEL(floor, 1); }
EW_ANY(ceil, 1)
PN_KERNEL(ceil) { EW_KERNEL(ceil, 1); }
EW_ANY(trunc, 1)
PN_KERNEL(trunc) { EW_KERNEL(trunc, 1); }
EW_ANY(round, 1)
PN_KERNEL(round) { EW_KERNEL(round, 1); }

/* trunc(x / y) */
PN_INLINE vreal op_trunc_divide(vreal x, vreal y, vreal c0, vreal c1) {
  return ew_trunc(v_div(x, y));
}
PN_KERNEL(trunc_divide) { ew_run(a, begin, end, op_trunc_divide, 2, 1); }

/* The exact remainder with the sign of x; NaN for y = 0 or infinite x. */
PN_INLINE vreal op_fmod(vreal x, vreal y, vreal c0, vreal c1) { return ew_fmod(x, y); }
PN_KERNEL(fmod) { ew_run(a, begin, end, op_fmod, 2, 1); }

/* The same with the sign of y: fmod, plus y where the signs differ. */
PN_INLINE vreal op_remainder(vreal x, vreal y, vreal c0, vreal c1) {
  vreal r = ew_fmod(x, y);
  return v_select(ew_opposite(r, y), v_add(r, y), r);
}
PN_KERNEL(remainder) { ew_run(a, begin, end, op_remainder, 2, 1); }

/* (x - fmod) / y, rounded, less one where the signs of fmod and y differ: Python's
 * floor division.  x / y itself for y = 0. */
PN_INLINE vreal op_floor_divide(vreal x, vreal y, vreal c0, vreal c1) {
  const vreal zero = v_set1(0), one = v_set1(1);
  vreal plain = v_div(x, y), r = ew_fmod(x, y), q = v_div(v_sub(x, r), y);
  q = v_select(ew_opposite(r, y), v_sub(q, one), q);
  vreal whole = ew_floor(q);
  whole = v_select(v_lt(v_set1((real)0.5), v_sub(q, whole)), v_add(whole, one), whole);
  whole = v_select(v_eq(q, zero), vm_copysign(zero, plain), whole);
  return v_select(v_eq(y, zero), plain, whole);
}
PN_KERNEL(floor_divide) { ew_run(a, begin, end, op_floor_divide, 2, 1); }

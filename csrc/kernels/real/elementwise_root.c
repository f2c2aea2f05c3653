/* Reciprocals, roots and signs: a few correctly rounded operations each. */
#include "kernels/real/ew_loops.h"

PN_INLINE vreal op_reciprocal(vreal x, vreal y, vreal c0, vreal c1) { return v_div(v_set1(1), x); }
PN_INLINE vreal op_rsqrt(vreal x, vreal y, vreal c0, vreal c1) {
  return v_div(v_set1(1), v_sqrt(x));
}
EW_ANY(reciprocal, 1)
PN_KERNEL(reciprocal) { EW_KERNEL(reciprocal, 1); }
EW_ANY(rsqrt, 1)
PN_KERNEL(rsqrt) { EW_KERNEL(rsqrt, 1); }

/* |x| with the sign bit of y. */
PN_INLINE vreal op_copysign(vreal x, vreal y, vreal c0, vreal c1) { return vm_copysign(x, y); }
PN_KERNEL(copysign) { ew_run(a, begin, end, op_copysign, 2, 1); }

/* sqrt(x^2 + y^2), scaled by a power of two where a square would leave the range;
 * infinite where either is. */
PN_INLINE vreal op_hypot(vreal x, vreal y, vreal c0, vreal c1) {
  const real huge = VM_PICK(0x1p60f, 0x1p500), tiny = VM_PICK(0x1p-60f, 0x1p-500);
  const vreal one = v_set1(1), inf = v_set1(REAL_INF);
  vreal p = v_abs(x), q = v_abs(y), most = v_max(p, q);
  vmask far = v_lt(v_set1(huge), most), near = v_lt(most, v_set1(tiny));
  vreal down = v_select(far, v_set1(tiny * VM_PICK(0x1p-8f, 0x1p-24)), one);
  vreal up = v_select(far, v_set1(huge * VM_PICK(0x1p8f, 0x1p24)), one);
  down = v_select(near, v_set1(huge * VM_PICK(0x1p30f, 0x1p60)), down);
  up = v_select(near, v_set1(tiny * VM_PICK(0x1p-30f, 0x1p-60)), up);
  p = v_mul(p, down);
  q = v_mul(q, down);
  vreal r = v_mul(v_sqrt(v_fma(p, p, v_mul(q, q))), up);
  return v_select(m_or(v_eq(v_abs(x), inf), v_eq(v_abs(y), inf)), inf, r);
}
PN_KERNEL(hypot) { ew_run(a, begin, end, op_hypot, 2, 1); }

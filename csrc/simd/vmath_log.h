/* log and log1p after fdlibm (Sun Microsystems 1993): x = 2^k m with m in
 * [sqrt(1/2), sqrt(2)), f = m - 1, s = f / (2 + f), and
 *   log(1 + f) = f - (f^2/2 - s (f^2/2 + R(s^2))),
 * k from the integer bits on every level.  R is minimax in relative error of
 * the result: 2^-36 (4 terms), 2^-57.9 (7 terms). */
#ifndef PN_VMATH_LOG_H
#define PN_VMATH_LOG_H

#include "simd/vmath_exp.h"

#if PN_TYPE_IS_F32
#define VM_SQRT_HALF_BITS 0x3f3504f3
#define VM_SUBNORMAL_SHIFT 25
#else
#define VM_SQRT_HALF_BITS 0x3fe6a09e667f3bcd
#define VM_SUBNORMAL_SHIFT 54
#endif

/* x positive, finite and normal: x = 2^k m, sqrt(1/2) <= m < sqrt(2). */
PN_INLINE vreal vm_split_log(vreal x, vint *k) {
  const ireal one = (ireal)REAL_BIAS << REAL_MANT, mantissa = ((ireal)1 << REAL_MANT) - 1;
  vint i = i_add(v_bits(x), i_set1(one - VM_SQRT_HALF_BITS));
  *k = i_sub(i_shr0(i, REAL_MANT), i_set1(REAL_BIAS));
  return v_from_bits(i_add(i_and(i, i_set1(mantissa)), i_set1(VM_SQRT_HALF_BITS)));
}

/* Subnormal x raised into the normal range; *k0 is what that added to k. */
PN_INLINE vreal vm_normalize(vreal x, vreal *k0) {
  vmask tiny = v_lt(x, v_set1(REAL_MIN));
  *k0 = v_select(tiny, v_set1(-VM_SUBNORMAL_SHIFT), v_set1(0));
  return v_select(tiny, v_mul(x, v_set1((real)(1ll << VM_SUBNORMAL_SHIFT))), x);
}

PN_INLINE vreal vm_log_poly(vreal z) {
#define VM_C(value) v_set1((real)(value))
  vreal z2 = v_mul(z, z);
#if PN_TYPE_IS_F32
  vreal p01 = v_fma(VM_C(0x1.999a4ep-2f), z, VM_C(0x1.555556p-1f));
  vreal p23 = v_fma(VM_C(0x1.e1c742p-3f), z, VM_C(0x1.2441fcp-2f));
  return v_mul(z, v_fma(p23, z2, p01));
#else
  vreal p01 = v_fma(VM_C(0x1.999999998c506p-2), z, VM_C(0x1.5555555555567p-1));
  vreal p23 = v_fma(VM_C(0x1.c71c5940080a1p-3), z, VM_C(0x1.24924938283a2p-2));
  vreal p45 = v_fma(VM_C(0x1.39c2714f18c22p-3), z, VM_C(0x1.7464e21b7f7a6p-3));
  vreal p46 = v_fma(VM_C(0x1.2dd02eb426ad5p-3), z2, p45);
  return v_mul(z, v_fma(v_fma(p46, z2, p23), z2, p01));
#endif
#undef VM_C
}

/* k ln2 + log(1 + f) + c, c below an ulp of 1 + f. */
PN_INLINE vreal vm_log_join(vreal k, vreal f, vreal c) {
  vreal s = v_div(f, v_add(f, v_set1(2)));
  vreal half = v_mul(v_mul(f, v_set1((real)0.5)), f);
  vreal low = v_fma(k, v_set1(VM_LN2_LO), c);
  vreal w = v_fma(s, v_add(half, vm_log_poly(v_mul(s, s))), low);
  return v_fma(k, v_set1(VM_LN2_HI), v_sub(f, v_sub(half, w)));
}

/* What the logarithms do at the ends, u being their argument: NaN below 0,
 * -inf at 0; inf and NaN stay. */
PN_INLINE vreal vm_log_ends(vreal y, vreal u) {
  y = v_select(v_eq(u, v_set1(0)), v_set1(-REAL_INF), y);
  y = v_select(v_lt(u, v_set1(0)), v_set1(REAL_NAN), y);
  return v_select(v_lt(u, v_set1(REAL_INF)), y, v_add(u, v_abs(u)));
}

PN_INLINE vreal v_log(vreal x) {
  vreal k0;
  vint k;
  vreal m = vm_split_log(vm_normalize(x, &k0), &k);
  vreal y = vm_log_join(v_add(v_from_int(k), k0), v_sub(m, v_set1(1)), v_set1(0));
  return vm_log_ends(y, x);
}

/* u = 1 + x rounded, c = what the rounding lost, brought to the scale of f.
 * Inside [sqrt(1/2), sqrt(2)) f is x itself. */
PN_INLINE vreal v_log1p(vreal x) {
  vreal one = v_set1(1), u = v_add(x, one), zero = v_set1(0);
  vint k;
  vreal m = vm_split_log(u, &k);
  vreal big = v_sub(one, v_sub(u, x)), small = v_sub(x, v_sub(u, one));
  vreal c = v_select(v_le(one, x), big, small);
  vint scale = i_sub(i_set1((ireal)REAL_BIAS << REAL_MANT), i_shl(k, REAL_MANT));
  c = v_mul(c, v_from_bits(scale));
  vreal kr = v_from_int(k);
  vmask near = v_eq(kr, zero), far = v_lt(v_set1(REAL_MANT + 2), kr);
  vreal f = v_select(near, x, v_sub(m, one));
  vreal y = vm_log_join(kr, f, v_select(m_or(near, far), zero, c));
  y = vm_log_ends(y, u);
  /* +-0 and what is too small to have a square: itself. */
  return v_select(v_lt(v_abs(x), v_set1(REAL_EPSILON / 4)), x, y);
}

#endif

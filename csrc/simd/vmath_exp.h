/* exp, sigmoid, tanh: one reduction, e^(c x) = 2^n (1 + q) with n integral and
 * q = e^r - 1, |r| <= ln2 / 2.  Each function puts 2^n and q together in its
 * own way, with few roundings and a short chain: latency is what one to three
 * vectors cost.
 *
 * t = x log2(e) + 1.5 * 2^REAL_MANT rounds x log2(e) to an integer in the
 * lowest bits of t: n is there both as an integer (for 2^n by a shift) and,
 * after subtracting, as a real.  |x| must be below 2^(REAL_MANT - 2) or so. */
#ifndef PN_VMATH_EXP_H
#define PN_VMATH_EXP_H

#include "simd/simd.h"

/* LN2_HI has few enough bits that n * LN2_HI is exact. */
#if PN_TYPE_IS_F32
#define VM_LOG2E 0x1.715476p+0f
#define VM_LN2_HI 0x1.62e4p-1f
#define VM_LN2_LO 0x1.7f7d1cp-20f
#define VM_EXP_LOW -104.0f /* e^x rounds to 0 from here on */
#define VM_EXP_HIGH 89.0f  /* and to infinity here */
#define VM_TANH_ONE 10.0f  /* tanh rounds to 1 before this */
#define VM_SIGMOID_ONE -20.0f
#define VM_FAR 32.0f
#define VM_2_FAR 0x1p16f
#else
#define VM_LOG2E 0x1.71547652b82fep+0
#define VM_LN2_HI 0x1.62e42fefa38p-1
#define VM_LN2_LO 0x1.ef35793c7673p-45
#define VM_EXP_LOW -746.0
#define VM_EXP_HIGH 710.0
#define VM_TANH_ONE 20.0
#define VM_SIGMOID_ONE -40.0
#define VM_FAR 64.0
#define VM_2_FAR 0x1p32
#endif
#define VM_MAGIC ((real)1.5 / REAL_EPSILON)

/* e^(c r) - 1 - c r + low = (c r)^2 Q(c r) + low for |c r| <= 0.3468, c = 1 or 2;
 * low is what the caller has of c r (q: all of it).  Q is the minimax polynomial of (e^r - 1 - r) /
 * r^2, weighted for the relative error of e^r: 2^-28.3 (degree 4), 2^-57.9 (degree 9).  Estrin's
 * scheme: four FMAs deep instead of nine. */
PN_INLINE vreal vm_expm1_tail(vreal r, real c, vreal low) {
#define VM_C(i, value) v_set1((real)(value) * (c == 2 ? (real)(4ll << (i)) : 1))
  vreal r2 = v_mul(r, r);
#if PN_TYPE_IS_F32
  vreal p01 = v_fma(VM_C(1, 0x1.555492p-3f), r, VM_C(0, 0x1.fffffcp-2f));
  vreal p23 = v_fma(VM_C(3, 0x1.1239d4p-7f), r, VM_C(2, 0x1.5558fp-5f));
  vreal p24 = v_fma(VM_C(4, 0x1.6a2516p-10f), r2, p23);
  return v_fma(r2, v_fma(p24, r2, p01), low);
#else
  vreal r4 = v_mul(r2, r2);
  vreal p01 = v_fma(VM_C(1, 0x1.55555555554fap-3), r, VM_C(0, 0x1.0000000000009p-1));
  vreal p23 = v_fma(VM_C(3, 0x1.1111111127b88p-7), r, VM_C(2, 0x1.55555555509c4p-5));
  vreal p45 = v_fma(VM_C(5, 0x1.a01a012a129ccp-13), r, VM_C(4, 0x1.6c16c183f2fa1p-10));
  vreal p67 = v_fma(VM_C(7, 0x1.71df267988393p-19), r, VM_C(6, 0x1.a0199a843e51bp-16));
  vreal p89 = v_fma(VM_C(9, 0x1.ad7d105a4aefbp-26), r, VM_C(8, 0x1.28ad17d604b2dp-22));
  vreal p03 = v_fma(p23, r2, p01), p47 = v_fma(p67, r2, p45);
  return v_fma(r2, v_fma(v_fma(p89, r4, p47), r4, p03), low);
#endif
#undef VM_C
}

/* c x = n ln2 + c r; returns r, and t, which holds n. */
PN_INLINE vreal vm_exp_reduce(vreal x, real c, vreal *t) {
  *t = v_fma(x, v_set1(c * VM_LOG2E), v_set1(VM_MAGIC));
  vreal n = v_sub(*t, v_set1(VM_MAGIC));
  vreal r = v_fnma(n, v_set1(VM_LN2_HI / c), x);
  return v_fnma(n, v_set1(VM_LN2_LO / c), r);
}

/* 1 + r is split exactly, so the sum is rounded once (0.78 ulp; 1 + q: 1.01). */
PN_INLINE vreal v_exp(vreal x) {
  vreal t, one = v_set1(1);
  x = v_most(v_set1(VM_EXP_LOW), x);
  x = v_least(v_set1(VM_EXP_HIGH), x);
  vreal r = vm_exp_reduce(x, 1, &t), high = v_add(r, one), low = v_sub(r, v_sub(high, one));
  vreal p = v_add(high, vm_expm1_tail(r, 1, low));
  return v_scale2(p, v_sub(t, v_set1(VM_MAGIC)));
}

/* 1 / (1 + e) with e = e^-x = s (1 + q), s = 2^n: 1 + e is one FMA from q.  What
 * the sum 1 + s loses (an ulp and more of the result near x = -17, float32) goes
 * back in through q.  Where e would overflow, numerator and s are 2^-VM_FAR as
 * large, and the quotient is rounded once, subnormal or not. */
PN_INLINE vreal v_sigmoid(vreal x) {
  vreal t, y = v_most(v_set1(VM_SIGMOID_ONE), v_neg(x));
  y = v_least(v_set1(-VM_EXP_LOW), y);
  vreal r = vm_exp_reduce(y, 1, &t);
  vmask far = v_lt(v_set1(VM_FAR), y);
  vreal one = v_select(far, v_set1((real)1 / VM_2_FAR / VM_2_FAR), v_set1(1));
  vint n = i_shl(v_bits(t), REAL_MANT);
  vreal s = v_from_bits(i_add(v_bits(one), n)), sum = v_add(s, one);
  vreal lost = v_sub(one, v_sub(sum, s));
  vreal inverse = v_from_bits(i_sub(i_set1((ireal)(2 * REAL_BIAS) << REAL_MANT), v_bits(s)));
  vreal q = vm_expm1_tail(r, 1, v_fma(lost, inverse, r));
  return v_div(one, v_fma(s, q, sum));
}

/* |x| < 0.55: x + x z P(z) / Q(z), z = x^2 (relative error 2^-27.4 with 1/1
 * terms, 2^-61 with 2/3).  Else 1 - 2 s / (1 + q + s), e^(2|x|) = (1 + q) / s.  One
 * division serves both. */
PN_INLINE vreal v_tanh(vreal x) {
#define VM_C(value) v_set1((real)(value))
  vreal t, a = v_least(v_set1(VM_TANH_ONE), v_abs(x)), one = v_set1(1), z = v_mul(a, a);
  vreal r = vm_exp_reduce(a, 2, &t), q = vm_expm1_tail(r, 2, v_add(r, r));
#if PN_TYPE_IS_F32
  vreal p = v_fma(VM_C(-0x1.f8fe6ep-9f), z, VM_C(-0x1.a5bd36p-1f));
  vreal below = v_add(VM_C(0x1.3c4deap+1f), z);
#else
  vreal p = v_fma(VM_C(-0x1.edc0f1f3ad5a2p-1), z, VM_C(-0x1.8cc76a8fc872fp+6));
  p = v_fma(p, z, VM_C(-0x1.933127cda194fp+10));
  vreal below = v_fma(v_add(VM_C(0x1.c2d8064b50546p+6), z), z, VM_C(0x1.171cfd127556bp+11));
  below = v_fma(below, z, VM_C(0x1.2e64ddda392fbp+12));
#endif
  vint n = i_shl(v_bits(t), REAL_MANT);
  vreal s = v_from_bits(i_sub(i_set1((ireal)REAL_BIAS << REAL_MANT), n));
  vmask small = v_lt(a, VM_C(0.55));
  vreal w = v_div(v_select(small, v_mul(z, p), v_add(s, s)),
                  v_select(small, below, v_add(q, v_add(one, s))));
  vreal y = v_select(small, v_fma(a, w, a), v_sub(one, w));
  return v_from_bits(i_or(v_bits(y), i_and(v_bits(x), i_set1(IREAL_MIN))));
#undef VM_C
}

#endif

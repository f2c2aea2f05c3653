/* pow(x, y) = 2^n e^r from y log|x|, the logarithm as an unevaluated sum
 * h + l of twice the type's precision: an error of 2^-65 in log|x| (float64) is
 * multiplied by up to 745 before it reaches the result.
 *   log(m) = 2 s (1 + z (1/3 + z P(z))),  s = (m - 1) / (m + 1),  z = s^2
 * with s, z, 1/3 and the products around them as pairs; P is minimax, 2^-36
 * (3 terms), 2^-72 (8 terms) of log(m). */
#ifndef PN_VMATH_POW_H
#define PN_VMATH_POW_H

#include "simd/vmath_log.h"

#if PN_TYPE_IS_F32
#define VM_THIRD_HI 0x1.555556p-2f
#define VM_THIRD_LO -0x1.555556p-27f
#else
#define VM_THIRD_HI 0x1.5555555555555p-2
#define VM_THIRD_LO 0x1.5555555555555p-56
#endif

typedef struct vpair {
  vreal h, l; /* |l| is some ulp of h */
} vpair;

PN_INLINE vreal vm_pow_poly(vreal z) {
#define VM_C(value) v_set1((real)(value))
#if PN_TYPE_IS_F32
  vreal p = v_fma(VM_C(0x1.de672ap-4f), z, VM_C(0x1.245a14p-3f));
  return v_fma(p, z, VM_C(0x1.9999eap-3f));
#else
  vreal z2 = v_mul(z, z), z4 = v_mul(z2, z2);
  vreal p01 = v_fma(VM_C(0x1.2492492492761p-3), z, VM_C(0x1.9999999999999p-3));
  vreal p23 = v_fma(VM_C(0x1.745d17c4babcbp-4), z, VM_C(0x1.c71c71c6782d9p-4));
  vreal p45 = v_fma(VM_C(0x1.111cf123259a4p-4), z, VM_C(0x1.3b137db97f1edp-4));
  vreal p67 = v_fma(VM_C(0x1.e6bbec1df0aa2p-5), z, VM_C(0x1.dec1e96810cdbp-5));
  return v_fma(v_fma(p67, z2, p45), z4, v_fma(p23, z2, p01));
#endif
#undef VM_C
}

PN_INLINE vpair vm_pair_mul(vpair a, vpair b) {
  vreal h = v_mul(a.h, b.h);
  vreal l = v_fma(a.h, b.h, v_neg(h));
  return (vpair){h, v_fma(a.h, b.l, v_fma(a.l, b.h, l))};
}

/* h + l with |h| >= |l| made as exact as one number can be. */
PN_INLINE vpair vm_pair(vreal h, vreal l) {
  vreal s = v_add(h, l);
  return (vpair){s, v_add(v_sub(h, s), l)};
}

/* log(a), a positive and finite. */
PN_INLINE vpair vm_log_pair(vreal a) {
  vreal k0, one = v_set1(1);
  vint ki;
  vreal m = vm_split_log(vm_normalize(a, &k0), &ki), k = v_add(v_from_int(ki), k0);
  vreal f = v_sub(m, one), below = v_add(m, one), below_l = v_sub(m, v_sub(below, one));
  vreal inverse = v_div(one, below), sh = v_mul(f, inverse);
  vreal rest = v_fnma(sh, below_l, v_fnma(sh, below, f));
  vpair s = {sh, v_mul(rest, inverse)};
  vpair z = vm_pair_mul(s, s);
  vreal tail = v_mul(z.h, vm_pow_poly(z.h));
  vpair u = vm_pair(v_set1(VM_THIRD_HI), tail);
  u.l = v_add(u.l, v_set1(VM_THIRD_LO));
  vpair s2 = {v_add(s.h, s.h), v_add(s.l, s.l)};
  vpair v = vm_pair_mul(s2, vm_pair_mul(u, z));
  vpair y = vm_pair(s2.h, v.h);
  y.l = v_add(y.l, v_add(s2.l, v.l));
  vpair w = vm_pair(v_mul(k, v_set1(VM_LN2_HI)), y.h);
  w.l = v_add(w.l, v_fma(k, v_set1(VM_LN2_LO), y.l));
  return vm_pair(w.h, w.l);
}

/* e^(h + l), the sum far outside the range allowed. */
PN_INLINE vreal vm_exp_pair(vreal h, vreal l) {
  vreal x = v_most(v_set1(VM_EXP_LOW), v_least(v_set1(VM_EXP_HIGH), h));
  l = v_select(v_eq(x, h), l, v_set1(0));
  vreal t = v_fma(x, v_set1(VM_LOG2E), v_set1(VM_MAGIC));
  vreal n = v_sub(t, v_set1(VM_MAGIC));
  vreal r = v_fnma(n, v_set1(VM_LN2_HI), x);
  r = v_add(r, v_fnma(n, v_set1(VM_LN2_LO), l));
  return v_scale2(v_add(vm_expm1_tail(r, 1, r), v_set1(1)), n);
}

/* Magnitude of |x|^y, x and y not NaN, |x| not 1. */
PN_INLINE vreal vm_pow_abs(vreal a, vreal y) {
  const vreal inf = v_set1(REAL_INF), zero = v_set1(0);
  vpair g = vm_log_pair(a);
  g.h = v_select(v_eq(a, zero), v_neg(inf), v_select(v_eq(a, inf), inf, g.h));
  vreal h = v_mul(y, g.h);
  return vm_exp_pair(h, v_fma(y, g.l, v_fma(y, g.h, v_neg(h))));
}

PN_INLINE vreal v_pow(vreal x, vreal y) {
  const vreal one = v_set1(1), zero = v_set1(0), inf = v_set1(REAL_INF);
  vreal a = v_abs(x), half = v_mul(y, v_set1((real)0.5));
  vmask integer = v_eq(v_round(y), y), odd = m_and(integer, m_not(v_eq(v_round(half), half)));
  vreal p = v_select(v_eq(a, one), one, vm_pow_abs(a, y));
  vint sign = i_and(v_bits(x), i_set1(IREAL_MIN));
  p = v_select(odd, v_from_bits(i_or(v_bits(p), sign)), p);
  vmask bad = m_and(m_and(v_lt(x, zero), v_lt(a, inf)), m_not(integer));
  bad = m_or(bad, m_or(v_isnan(x), v_isnan(y)));
  p = v_select(bad, v_set1(REAL_NAN), p);
  p = v_select(v_eq(y, one), x, p);
  p = v_select(v_eq(y, v_set1(2)), v_mul(x, x), p);
  p = v_select(v_eq(y, v_set1(-1)), v_div(one, x), p);
  return v_select(m_or(v_eq(y, zero), v_eq(x, one)), one, p);
}

#endif

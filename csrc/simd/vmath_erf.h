/* erf, erfc, erfinv.  For y >= 1/2
 *   erfc(y) = e^(-y^2) P(t) / (1 + 2 y),  t = (y - 3) / (y + 3)
 * (Shepherd and Laframboise 1981), the exponent, the quotient and the product
 * as pairs, so that the tail keeps its precision down to the last subnormal. */
#ifndef PN_VMATH_ERF_H
#define PN_VMATH_ERF_H

#include "simd/vmath_exp.h"
#include "simd/vmath_log.h"
#include "simd/vmath_poly.h"

/* erf(x) / x - 1 for z = x^2 <= 9/16: 2^-28 (7 terms), 2^-57 (12 terms). */
PN_INLINE vreal vm_erf_tail(vreal z) {
  static const real c[] = {
#if PN_TYPE_IS_F32
    -0x1.812746p-2f,
    0x1.ce2f06p-4f,
    -0x1.b827d6p-6f,
    0x1.55ed06p-8f,
    -0x1.b694fep-11f,
    0x1.8f2358p-14f
#else
    -0x1.812746b0379e7p-2,
    0x1.ce2f21a042bd5p-4,
    -0x1.b82ce3128825ap-6,
    0x1.565bcd0e3d52bp-8,
    -0x1.c02db3f08cfadp-11,
    0x1.f9a3239b121p-14,
    -0x1.f4d1e4641b764p-17,
    0x1.b9dbc7af1108dp-20,
    -0x1.5ec9c29cbdc62p-23,
    0x1.efa6f634a8f49p-27,
    -0x1.063065562a77fp-30
#endif
  };
  const real first = VM_PICK(0x1.06eba8p-3f, 0x1.06eba8214db69p-3); /* 2/sqrt(pi) - 1 */
  return v_fma(z, vm_poly(z, c, VM_COUNT(c)), v_set1(first));
}

/* P(t) = 0x1.40c5... + result: 2^-30 (f32, y <= 11), 2^-61 (f64, y <= 28). */
PN_INLINE vreal vm_erfc_poly(vreal t) {
  static const real c[] = {
#if PN_TYPE_IS_F32
    -0x1.15c084p-3f,
    -0x1.85a18ep-5f,
    0x1.09834p-3f,
    -0x1.e8892ep-4f,
    0x1.17cefap-4f,
    -0x1.85c0bcp-6f,
    0x1.475eap-9f,
    0x1.fed918p-10f,
    -0x1.640ec6p-11f,
    -0x1.6b2836p-13f
#else
    -0x1.15c084bb9e8f3p-3,
    -0x1.85a15c58aa61p-5,
    0x1.098366a5b46e2p-3,
    -0x1.e88b803a48987p-4,
    0x1.17ca2877f042ep-4,
    -0x1.8574c40c13646p-6,
    0x1.4b884e467522cp-9,
    0x1.ef1bdd85fbfcp-10,
    -0x1.98db519341176p-11,
    -0x1.b9129502bcabdp-14,
    0x1.065a47ef6c1b1p-13,
    0x1.4c2f43c361c87p-18,
    -0x1.513e1f9bc4b4dp-16,
    -0x1.8965b2aa243f3p-21,
    0x1.d25624f808ad6p-19,
    0x1.814d7ff3b3703p-22,
    -0x1.4d5f2897f664fp-21,
    -0x1.331f428cc5ed1p-23,
    0x1.ce20c2a75f73p-24,
    0x1.61cfcd732e307p-25,
    -0x1.304dcd3d5645ap-26,
    -0x1.cebbf998b23e2p-28,
    0x1.51baaebc46f69p-29
#endif
  };
  return v_mul(t, vm_poly(t, c, VM_COUNT(c)));
}

/* e^(h + l) P(t) / (1 + 2 y) for y >= 1/2: erfc(y) if h + l = -y^2. */
PN_INLINE vreal vm_erfc_far(vreal y, vreal h, vreal l) {
  const real p0 = VM_PICK(0x1.40c522p+0f, 0x1.40c522d7e4987p+0);
  const real p0_l = VM_PICK(0x1.b52e58p-25f, 0x1.a116115c9373fp-55);
  const vreal one = v_set1(1), three = v_set1(3);
  y = v_least(v_set1(VM_PICK(11.0f, 28.0)), y);
  vreal s = vm_erfc_poly(v_div(v_sub(y, three), v_add(y, three)));
  vreal p = v_add(v_set1(p0), s), pl = v_add(v_add(v_sub(v_set1(p0), p), s), v_set1(p0_l));
  vreal y2 = v_add(y, y), d = v_add(y2, one), dl = v_sub(one, v_sub(d, y2));
  vreal inverse = v_div(one, d), q = v_mul(p, inverse);
  vreal ql = v_mul(v_add(v_fnma(q, d, p), v_fnma(q, dl, pl)), inverse);
  /* e^(h + l) = 2^n (eh + el) */
  vreal x = v_most(v_set1(VM_EXP_LOW), h), t = v_fma(x, v_set1(VM_LOG2E), v_set1(VM_MAGIC));
  vreal n = v_sub(t, v_set1(VM_MAGIC)), r = v_fnma(n, v_set1(VM_LN2_HI), x);
  r = v_add(r, v_fnma(n, v_set1(VM_LN2_LO), l));
  vreal eh = v_add(r, one), el = vm_expm1_tail(r, 1, v_sub(r, v_sub(eh, one)));
  return v_scale2(v_fma(eh, q, v_fma(eh, ql, v_mul(el, q))), n);
}

PN_INLINE vreal vm_erfc_abs(vreal a) {
  vreal y = v_least(v_set1(VM_PICK(11.0f, 28.0)), v_most(v_set1((real)0.5), a));
  vreal h = v_mul(y, y), l = v_fma(y, y, v_neg(h));
  return vm_erfc_far(y, v_neg(h), v_neg(l));
}

PN_INLINE vreal v_erf(vreal x) {
  const vreal half = v_set1((real)0.5);
  vreal a = v_abs(x), t = v_least(half, a);
  vreal near = v_fma(t, vm_erf_tail(v_mul(t, t)), t);
  vreal far = v_sub(v_set1(1), vm_erfc_abs(a));
  return vm_copysign(v_select(v_lt(a, half), near, far), x);
}

PN_INLINE vreal v_erfc(vreal x) {
  const vreal half = v_set1((real)0.5), one = v_set1(1);
  vreal a = v_abs(x), t = v_least(half, v_most(v_neg(half), x));
  vreal near = v_sub(one, v_fma(t, vm_erf_tail(v_mul(t, t)), t));
  vreal far = vm_erfc_abs(a);
  far = v_select(v_lt(x, v_set1(0)), v_sub(v_set1(2), far), far);
  return v_select(v_lt(a, half), near, far);
}

/* The normal distribution function erfc(-x / sqrt(2)) / 2: the exponent -x^2 / 2
 * is a pair, so the lower tail is as precise as the middle. */
PN_INLINE vreal v_ncdf(vreal x) {
  const vreal half = v_set1((real)0.5), one = v_set1(1);
  const vreal root = v_set1(VM_PICK(0x1.6a09e6p-1f, 0x1.6a09e667f3bcdp-1));
  const real most = VM_PICK(15.0f, 39.0);
  vreal a = v_abs(x), y = v_mul(a, root), t = v_least(half, y);
  vreal e = v_fma(t, vm_erf_tail(v_mul(t, t)), t), near = v_fma(half, vm_copysign(e, x), half);
  vreal b = v_least(v_set1(most), a), h = v_mul(v_mul(b, half), b);
  vreal l = v_fma(v_mul(b, half), b, v_neg(h));
  vreal far = v_mul(half, vm_erfc_far(v_most(half, y), v_neg(h), v_neg(l)));
  far = v_select(v_lt(v_set1(0), x), v_sub(one, far), far);
  return v_select(v_lt(y, half), near, far);
}

/* A first guess right to 2^-19 (as Giles 2012: a polynomial in w = -log(1 - x^2),
 * above 5 in sqrt(w)), then one step of Halley on erf, above 1/2 on erfc. */
PN_INLINE vreal v_erfinv(vreal x) {
  static const real low[] = {VM_PICK(0x1.c5bf84p-1f, 0x1.c5bf84bc9c2eap-1),
                             VM_PICK(0x1.db2c32p-3f, 0x1.db2c32f6f23a1p-3),
                             VM_PICK(0x1.79b59ap-7f, 0x1.79b599cddd9e8p-7),
                             VM_PICK(-0x1.2c09acp-9f, -0x1.2c09ab56ddc9dp-9),
                             VM_PICK(-0x1.6d61b8p-13f, -0x1.6d61b831e521fp-13),
                             VM_PICK(0x1.2cce78p-14f, 0x1.2cce775e46884p-14),
                             VM_PICK(-0x1.62288ap-18f, -0x1.62288ae0d8be1p-18),
                             VM_PICK(-0x1.251bbep-23f, -0x1.251bbdf564e68p-23),
                             VM_PICK(0x1.9bba5p-26f, 0x1.9bba50176a334p-26)};
  static const real high[] = {
#if PN_TYPE_IS_F32
    0x1.988d1cp-4f,
    0x1.6738f2p-1f,
    0x1.0191e6p-3f,
    -0x1.8d11f6p-6f,
    0x1.c88464p-10f,
    0x1.5247b2p-14f,
    -0x1.cac1bep-17f
#else
    0x1.201a470ed8f37p-3,
    0x1.3df7105e42325p-1,
    0x1.882b514447a14p-3,
    -0x1.b047905f68ddbp-5,
    0x1.1edfd23bf129fp-7,
    -0x1.c616e0094af05p-11,
    0x1.87224a6ddcc03p-15,
    -0x1.1550ea8bbfd7ep-20
#endif
  };
  const vreal one = v_set1(1), half = v_set1((real)0.5);
  vreal a = v_abs(x), b = v_least(v_set1(1 - REAL_EPSILON / 2), a);
  vreal w = v_neg(v_log(v_fnma(b, b, one)));
  vreal guess = v_mul(b, vm_poly(w, low, VM_COUNT(low)));
  guess = v_select(v_lt(w, v_set1(5)), guess, vm_poly(v_sqrt(w), high, VM_COUNT(high)));
  vmask near = v_lt(b, half);
  vreal t = v_least(half, guess), e = v_fma(t, vm_erf_tail(v_mul(t, t)), t);
  /* for |x| < 1/2 the guess is below 1/2 */
  vreal error = v_select(near, v_sub(e, b), v_sub(v_sub(one, b), v_erfc(guess)));
  vreal slope = v_mul(v_set1((real)0.88622692545275801365), v_exp(v_mul(guess, guess)));
  vreal u = v_mul(error, slope);
  vreal y = v_sub(guess, v_div(u, v_fma(guess, u, one)));
  y = v_select(v_lt(a, one), y, v_select(v_eq(a, one), v_set1(REAL_INF), v_set1(REAL_NAN)));
  y = v_select(v_lt(a, v_set1(REAL_MIN)), v_mul(a, v_set1((real)0.88622692545275801365)), y);
  return vm_copysign(y, x);
}

#endif

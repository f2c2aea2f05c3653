/* expm1, exp2, sinh, cosh and their inverses, on the reduction of vmath_exp.h and
 * the logarithm of vmath_log.h. */
#ifndef PN_VMATH_HYPER_H
#define PN_VMATH_HYPER_H

#include "simd/vmath_exp.h"
#include "simd/vmath_log.h"
#include "simd/vmath_poly.h"

/* e^x = 2^n (h + l), |l| below an ulp of h; |x| <= VM_EXP_LOW or so. */
typedef struct vexp {
  vreal h, l, n, q;
} vexp;
PN_INLINE vexp vm_exp_parts(vreal x) {
  vreal t, one = v_set1(1), r = vm_exp_reduce(x, 1, &t), high = v_add(r, one);
  vreal low = v_sub(r, v_sub(high, one));
  vreal q = vm_expm1_tail(r, 1, v_set1(0));
  return (vexp){high, v_add(low, q), v_sub(t, v_set1(VM_MAGIC)), v_add(r, q)};
}

PN_INLINE vreal vm_clip(vreal x, real low, real high) {
  return v_least(v_set1(high), v_most(v_set1(low), x)); /* a NaN stays */
}

/* 2^n for n of v_scale2's half range. */
PN_INLINE vreal vm_power2(vreal n) {
  vint i = i_add(v_to_int(n), i_set1(REAL_BIAS));
  return v_from_bits(i_shl(i, REAL_MANT));
}

/* n < 2: 2^n q + (2^n - 1).  n >= 2: 2^n ((h - 2^-n) + l), the difference rounded
 * within the ulp of h. */
PN_INLINE vreal v_expm1(vreal x) {
  const vreal one = v_set1(1);
  vexp e = vm_exp_parts(vm_clip(x, VM_PICK(-30.0f, -60.0), VM_EXP_HIGH));
  vmask small = v_lt(e.n, v_set1(2));
  vreal s = vm_power2(v_least(v_set1(2), e.n));
  vreal inverse = vm_power2(v_neg(v_least(v_set1(VM_PICK(100, 1000)), e.n)));
  vreal below = v_fma(s, e.q, v_sub(s, one));
  vreal above = v_scale2(v_add(e.h, v_sub(e.l, inverse)), e.n);
  vreal y = v_select(small, below, above);
  return v_select(v_lt(v_abs(x), v_set1(REAL_EPSILON / 4)), x, y);
}

/* 2^n e^(d ln2), d = x - n exact. */
PN_INLINE vreal v_exp2(vreal x) {
  const vreal one = v_set1(1);
  vreal a = vm_clip(x, VM_PICK(-160.0f, -1100.0), VM_PICK(130.0f, 1030.0)), n = v_round(a);
  vreal d = v_sub(a, n);
  const vreal ln2 = v_set1(VM_PICK(0x1.62e43p-1f, 0x1.62e42fefa39efp-1));
  const vreal ln2_l = v_set1(VM_PICK(-0x1.05c61p-29f, 0x1.abc9e3b39803fp-56));
  vreal r = v_mul(d, ln2), rl = v_fma(d, ln2_l, v_fma(d, ln2, v_neg(r)));
  vreal high = v_add(r, one), low = v_add(v_sub(r, v_sub(high, one)), rl);
  return v_scale2(v_add(high, vm_expm1_tail(r, 1, low)), n);
}

/* (e^a + sign e^-a) / 2 for a >= 0, both exponentials as pairs. */
PN_INLINE vreal vm_half_sum(vreal a, real sign) {
  a = vm_clip(a, 0, VM_PICK(91.0f, 712.0));
  vexp p = vm_exp_parts(a), m = vm_exp_parts(v_neg(a));
  /* e^-a in units of 2^n: 2^(m.n - p.n), 0 where it is far below an ulp */
  vreal down = v_most(v_set1(VM_PICK(-60, -500)), v_sub(m.n, p.n));
  vreal s = v_mul(vm_power2(down), v_set1(sign));
  vreal mh = v_mul(m.h, s), h = v_add(p.h, mh), lost = v_add(v_sub(p.h, h), mh);
  vreal y = v_add(h, v_add(lost, v_fma(m.l, s, p.l)));
  return v_scale2(y, v_sub(p.n, v_set1(1)));
}

PN_INLINE vreal v_cosh(vreal x) { return vm_half_sum(v_abs(x), 1); }

/* |x| < 1: x + x z P(z), z = x^2, to 2^-27 (4 terms), 2^-56 (8 terms) of z P. */
PN_INLINE vreal v_sinh(vreal x) {
  static const real c[] = {
#if PN_TYPE_IS_F32
    0x1.555556p-3f,
    0x1.111136p-7f,
    0x1.9ffe12p-13f,
    0x1.7a2688p-19f
#else
    0x1.5555555555555p-3,
    0x1.1111111111111p-7,
    0x1.a01a01a019fcep-13,
    0x1.71de3a5573422p-19,
    0x1.ae645674ca277p-26,
    0x1.61246a9baaadbp-33,
    0x1.ae75a48bb5462p-41,
    0x1.9a6c9e4f969a8p-49
#endif
  };
  vreal a = v_abs(x), t = v_least(v_set1(1), a), z = v_mul(t, t);
  vreal small = v_fma(t, v_mul(z, vm_poly(z, c, VM_COUNT(c))), t);
  return vm_copysign(v_select(v_lt(a, v_set1(1)), small, vm_half_sum(a, -1)), x);
}

/* log(u + c), c below an ulp of u; u in [1, inf), times 2^extra. */
PN_INLINE vreal vm_log_sum(vreal u, vreal c, vreal extra) {
  vint k;
  vreal m = vm_split_log(u, &k), kr = v_from_int(k);
  vint scale = i_sub(i_set1((ireal)REAL_BIAS << REAL_MANT), i_shl(k, REAL_MANT));
  vreal cm = v_div(v_mul(c, v_from_bits(scale)), m);
  cm = v_select(v_lt(kr, v_set1(REAL_BIAS)), cm, v_set1(0));
  return vm_log_join(v_add(kr, extra), v_sub(m, v_set1(1)), cm);
}

/* Beyond VM_ROOT_FAR sqrt(x^2 +- 1) is x. */
#define VM_ROOT_FAR VM_PICK(0x1p13f, 0x1p28)

/* sqrt(x^2 + sign) as a pair, x^2 as a pair. */
PN_INLINE vreal vm_root_pair(vreal a, real sign, vreal *low) {
  vreal p = v_mul(a, a), pl = v_fma(a, a, v_neg(p)), one = v_set1(sign), v = v_add(p, one);
  vmask larger = v_lt(v_set1(1), p);
  vreal vl = v_select(larger, v_add(v_sub(p, v), one), v_add(v_sub(one, v), p));
  vreal s = v_sqrt(v);
  vreal rest = v_add(v_fnma(s, s, v), v_add(vl, pl));
  *low = v_select(v_lt(v_set1(0), s), v_div(rest, v_add(s, s)), v_set1(0));
  return s;
}

/* |x| < 1/2: x + x z P(z), to 2^-31 (6 terms), 2^-60 (13 terms) of z P; else
 * log(|x| + sqrt(x^2 + 1)), beyond VM_ROOT_FAR log(2 |x|). */
PN_INLINE vreal v_asinh(vreal x) {
  static const real c[] = {
#if PN_TYPE_IS_F32
    -0x1.555554p-3f,
    0x1.333228p-4f,
    -0x1.6d7c7ep-5f,
    0x1.ebf1dcp-6f,
    -0x1.48130ap-6f,
    0x1.2e439ep-7f
#else
    -0x1.5555555555555p-3,
    0x1.33333333331c1p-4,
    -0x1.6db6db6d9c859p-5,
    0x1.f1c71c646e0f7p-6,
    -0x1.6e8ba1029f99ap-6,
    0x1.1c4e998660fdbp-6,
    -0x1.c9946c84eee0ep-7,
    0x1.7a50cf75fecb4p-7,
    -0x1.3e4623ea8a9d6p-7,
    0x1.0a7ec0eb6998ap-7,
    -0x1.a03c5053857cbp-8,
    0x1.0390c0ceabca7p-8,
    -0x1.6b5b1409865abp-10
#endif
  };
  const vreal zero = v_set1(0), half = v_set1((real)0.5), edge = v_set1(VM_ROOT_FAR);
  vreal a = v_abs(x), t = v_least(half, a), z = v_mul(t, t);
  vreal near = v_fma(t, v_mul(z, vm_poly(z, c, VM_COUNT(c))), t);
  vmask far = v_lt(edge, a);
  vreal b = v_least(edge, a), sl, s = vm_root_pair(b, 1, &sl);
  vreal u = v_add(s, b), lost = v_add(v_add(v_sub(s, u), b), sl);
  u = v_select(far, v_least(v_set1(REAL_MAX), a), u);
  vreal y = vm_log_sum(u, v_select(far, zero, lost), v_select(far, v_set1(1), zero));
  y = v_select(v_lt(a, half), near, y);
  y = v_select(v_lt(a, v_set1(REAL_INF)), y, a);
  return vm_copysign(y, x);
}

/* log(x + sqrt(x^2 - 1)) with t = x - 1: x^2 - 1 = 2 t + t^2. */
PN_INLINE vreal v_acosh(vreal x) {
  const vreal zero = v_set1(0), one = v_set1(1), edge = v_set1(VM_ROOT_FAR);
  vmask far = v_lt(edge, x);
  vreal b = v_least(edge, v_most(one, x)), t = v_sub(b, one), t2 = v_add(t, t);
  /* t2 + t^2 = v + vl: both are exact sums of two numbers and a product */
  vreal p = v_mul(t, t), pl = v_fma(t, t, v_neg(p)), v = v_add(t2, p);
  vreal vl = v_select(v_lt(p, t2), v_add(v_sub(t2, v), p), v_add(v_sub(p, v), t2));
  vreal s = v_sqrt(v), rest = v_add(v_fnma(s, s, v), v_add(vl, pl));
  vreal sl = v_select(v_lt(zero, s), v_div(rest, v_add(s, s)), zero);
  vreal u = v_add(b, s), lost = v_add(v_add(v_sub(b, u), s), sl);
  u = v_select(far, v_least(v_set1(REAL_MAX), x), u);
  vreal y = vm_log_sum(u, v_select(far, zero, lost), v_select(far, one, zero));
  y = v_select(v_lt(x, v_set1(REAL_INF)), y, x);
  return v_select(v_le(one, x), y, v_set1(REAL_NAN));
}

/* |x| < 0.3: x + x z P(z), to 2^-31 (5 terms), 2^-61 (10 terms) of z P; else half
 * the logarithm of (1 + |x|) / (1 - |x|), the quotient as a pair. */
PN_INLINE vreal v_atanh(vreal x) {
  static const real c[] = {
#if PN_TYPE_IS_F32
    0x1.555556p-2f,
    0x1.999868p-3f,
    0x1.24ce12p-3f,
    0x1.bcf748p-4f,
    0x1.d60204p-4f
#else
    0x1.5555555555554p-2,
    0x1.999999999a275p-3,
    0x1.2492492416954p-3,
    0x1.c71c722937eb4p-4,
    0x1.745d01c75dc4fp-4,
    0x1.3b168a090f199p-4,
    0x1.10d46067fac35p-4,
    0x1.e840f7bb771f6p-5,
    0x1.7b3f9d320d596p-5,
    0x1.34ff81dac32eep-4
#endif
  };
  const vreal one = v_set1(1), edge = v_set1((real)0.3);
  vreal a = v_abs(x), t = v_least(edge, a), z = v_mul(t, t);
  vreal near = v_fma(t, v_mul(z, vm_poly(z, c, VM_COUNT(c))), t);
  vreal b = v_least(v_set1(1 - REAL_EPSILON / 2), a);
  vreal above = v_add(one, b), above_l = v_add(v_sub(one, above), b);
  vreal below = v_sub(one, b), below_l = v_sub(v_sub(one, below), b);
  vreal inverse = v_div(one, below), q = v_mul(above, inverse);
  vreal rest = v_add(v_fnma(q, below, above), v_fnma(q, below_l, above_l));
  vreal y = v_mul(v_set1((real)0.5), vm_log_sum(q, v_mul(rest, inverse), v_set1(0)));
  y = v_select(v_lt(a, edge), near, y);
  y = v_select(v_lt(a, one), y, v_select(v_eq(a, one), v_set1(REAL_INF), v_set1(REAL_NAN)));
  return vm_copysign(y, x);
}

#endif

/* asin, acos, atan, atan2.  Parts of pi/2 come back in as pairs. */
#ifndef PN_VMATH_ATAN_H
#define PN_VMATH_ATAN_H

#include "simd/vmath_poly.h"

#define VM_HALF_PI VM_PICK(0x1.921fb6p+0f, 0x1.921fb54442d18p+0)
#define VM_HALF_PI_LO VM_PICK(-0x1.777a5cp-25f, 0x1.1a62633145c07p-54)

/* (atan(t) - t) / t for z = t^2 <= 1/4: 2^-29 (6 terms), 2^-57 (13 terms). */
PN_INLINE vreal vm_atan_tail(vreal z) {
  static const real c[] = {
#if PN_TYPE_IS_F32
    -0x1.555552p-2f,
    0x1.999734p-3f,
    -0x1.244f4ap-3f,
    0x1.c065e4p-4f,
    -0x1.47e408p-4f,
    0x1.3f6d16p-5f
#else
    -0x1.5555555555554p-2,
    0x1.99999999994f3p-3,
    -0x1.2492492467f74p-3,
    0x1.c71c71b1ab273p-4,
    -0x1.745d14391e314p-4,
    0x1.3b136b8a8b169p-4,
    -0x1.110ce91903271p-4,
    0x1.e189fb20861d9p-5,
    -0x1.ac983907cc28cp-5,
    0x1.7881f4591bc8fp-5,
    -0x1.3151fc37fea69p-5,
    0x1.86e9411295eb8p-6,
    -0x1.161feada255cep-7
#endif
  };
  return v_mul(z, vm_poly(z, c, VM_COUNT(c)));
}

/* atan(y / x) for y, x >= 0, in [0, pi/2], or with `obtuse` pi minus it.  A ratio
 * below 1/2 is taken as it is, about 1 as pi/4 + atan((y - x) / (y + x)) - the
 * numerator is exact -, above 2 as pi/2 - atan(x / y); the quotient is a pair. */
PN_INLINE vreal vm_atan_ratio(vreal y, vreal x, vmask obtuse) {
  const vreal zero = v_set1(0);
  vreal twice_y = v_add(y, y), twice_x = v_add(x, x);
  vmask low = v_lt(twice_y, x), high = v_lt(twice_x, y);
  vreal sum = v_add(y, x), big = v_select(v_lt(y, x), x, y), small = v_select(v_lt(y, x), y, x);
  vreal lost = v_sub(small, v_sub(sum, big));
  vreal above = v_select(low, y, v_select(high, v_neg(x), v_sub(y, x)));
  vreal below = v_select(low, x, v_select(high, y, sum));
  vreal below_l = v_select(m_or(low, high), zero, lost);
  vreal inverse = v_div(v_set1(1), below), t = v_mul(above, inverse);
  vreal rest = v_fnma(t, below_l, v_fnma(t, below, above));
  vreal tl = v_mul(rest, inverse);
  /* atan(t + tl) - t; the derivative of atan is at least 4/5 here */
  vreal z = v_mul(t, t);
  vreal tail = v_fma(t, vm_atan_tail(z), v_fnma(tl, z, tl));
  vreal quarters = v_select(low, zero, v_select(high, v_set1(1), v_set1((real)0.5)));
  quarters = v_select(obtuse, v_sub(v_set1(2), quarters), quarters);
  t = v_select(obtuse, v_neg(t), t);
  tail = v_select(obtuse, v_neg(tail), tail);
  vreal base = v_mul(quarters, v_set1(VM_HALF_PI)), base_l = v_mul(quarters, v_set1(VM_HALF_PI_LO));
  /* |base| > |t| unless base is 0 */
  vreal s = v_add(base, t), sl = v_add(v_sub(v_sub(base, s), v_neg(t)), v_add(tail, base_l));
  return v_add(s, sl);
}

PN_INLINE vreal v_atan(vreal x) {
  vreal a = v_abs(x), one = v_set1(1);
  vmask never = v_lt(one, v_set1(0));
  vreal y = vm_atan_ratio(v_least(v_set1((real)4 / REAL_EPSILON / REAL_EPSILON), a), one, never);
  y = v_select(v_lt(a, v_set1(REAL_EPSILON / 4)), a, y);
  return v_select(v_isnan(x), x, vm_copysign(y, x));
}

/* The angle of (x, y), with the special cases of C's atan2.  Both are scaled by
 * a power of two where their reciprocals or sums would leave the range. */
PN_INLINE vreal v_atan2(vreal y, vreal x) {
  const real far = VM_PICK(0x1p60f, 0x1p500), near = VM_PICK(0x1p-60f, 0x1p-500);
  const vreal zero = v_set1(0), one = v_set1(1), inf = v_set1(REAL_INF);
  vreal ay = v_abs(y), ax = v_abs(x), most = v_select(v_lt(ay, ax), ax, ay);
  vmask both = m_and(v_eq(ay, ax), m_or(v_eq(ay, zero), v_eq(ay, inf)));
  vreal scale = v_select(v_lt(v_set1(far), most), v_set1(near * near),
                         v_select(v_lt(most, v_set1(near)), v_set1(far), one));
  /* an infinity becomes the greatest number, which outweighs every other */
  vreal sy = v_mul(v_least(ay, v_set1(REAL_MAX)), scale);
  vreal sx = v_mul(v_least(ax, v_set1(REAL_MAX)), scale);
  sy = v_select(m_and(v_eq(ax, inf), m_not(v_eq(ay, inf))), zero, sy);
  sx = v_select(m_and(v_eq(ay, inf), m_not(v_eq(ax, inf))), zero, sx);
  vmask origin = m_and(both, v_eq(ay, zero));
  sx = v_select(origin, one, sx);
  vint sign = i_and(v_bits(x), i_set1(IREAL_MIN));
  vmask left = v_lt(v_from_bits(i_or(sign, v_bits(one))), zero);
  vreal r = vm_copysign(vm_atan_ratio(sy, sx, left), y);
  return v_select(m_or(v_isnan(x), v_isnan(y)), v_set1(REAL_NAN), r);
}

/* (asin(t) - t) / t for z = t^2 <= 1/4: 2^-29 (6 terms), 2^-58 (13 terms). */
PN_INLINE vreal vm_asin_tail(vreal z) {
  static const real c[] = {
#if PN_TYPE_IS_F32
    0x1.55554ep-3f,
    0x1.333824p-4f,
    0x1.6cb922p-5f,
    0x1.044a9ap-5f,
    0x1.dcb6cap-7f,
    0x1.323a92p-5f
#else
    0x1.555555555555dp-3,
    0x1.3333333330a44p-4,
    0x1.6db6db7083e47p-5,
    0x1.f1c71b14306dfp-6,
    0x1.6e8bd29779f6ap-6,
    0x1.1c4ab5ed01a1ap-6,
    0x1.ca0ebc0ce9bfep-7,
    0x1.7604145f5b2afp-7,
    0x1.5eaa32978748bp-7,
    0x1.0526b89badbbbp-8,
    0x1.5934c95cc08c5p-6,
    -0x1.4a0dedd5551ap-6,
    0x1.07221959e286ap-5
#endif
  };
  return v_mul(z, vm_poly(z, c, VM_COUNT(c)));
}

/* asin(t + tl) as t + result, where t + tl = |x| or, above 1/2, sqrt((1 - |x|) / 2). */
typedef struct varc {
  vreal t, tail;
  vmask far;
} varc;
PN_INLINE varc vm_arc(vreal a) {
  const vreal half = v_set1((real)0.5), zero = v_set1(0);
  vmask far = v_lt(half, a);
  vreal z = v_select(far, v_mul(v_sub(v_set1(1), a), half), v_mul(a, a));
  vreal s = v_sqrt(z), sl = v_div(v_fnma(s, s, z), v_add(s, s));
  vreal t = v_select(far, s, a);
  vreal tl = v_select(m_and(far, v_lt(zero, s)), sl, zero);
  return (varc){t, v_fma(t, vm_asin_tail(z), tl), far};
}

/* |x| > 1/2: pi/2 - 2 asin(sqrt((1 - |x|) / 2)). */
PN_INLINE vreal v_asin(vreal x) {
  varc p = vm_arc(v_abs(x));
  vreal base = v_set1(VM_HALF_PI), t2 = v_add(p.t, p.t), s = v_sub(base, t2);
  vreal lost = v_sub(v_sub(base, s), t2);
  vreal far = v_add(s, v_add(lost, v_sub(v_set1(VM_HALF_PI_LO), v_add(p.tail, p.tail))));
  return vm_copysign(v_select(p.far, far, v_add(p.t, p.tail)), x);
}

/* pi/2 - asin(x), or 2 asin(sqrt((1 - |x|) / 2)), for x < 0 pi minus that. */
PN_INLINE vreal v_acos(vreal x) {
  varc p = vm_arc(v_abs(x));
  const vreal zero = v_set1(0);
  vmask left = v_lt(x, zero), direct = m_and(p.far, m_not(left));
  vreal quarters = v_select(p.far, v_set1(2), v_set1(1));
  vreal t = v_select(p.far, v_add(p.t, p.t), p.t);
  vreal tail = v_select(p.far, v_add(p.tail, p.tail), p.tail);
  /* base - (t + tail), with the sign of t that is wanted */
  vmask minus = m_or(p.far, m_not(left));
  t = v_select(minus, v_neg(t), t);
  tail = v_select(minus, v_neg(tail), tail);
  vreal base = v_mul(quarters, v_set1(VM_HALF_PI)), s = v_add(base, t);
  vreal sl = v_add(v_add(v_sub(base, s), t), v_fma(quarters, v_set1(VM_HALF_PI_LO), tail));
  return v_select(direct, v_neg(v_add(t, tail)), v_add(s, sl));
}

#endif

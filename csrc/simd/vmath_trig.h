/* sin, cos, tan: x = n pi/2 + (h + l), |h| <= pi/4, the remainder as a pair.
 * Below VM_TRIG_FAR with three parts of pi/2 (Cody and Waite 1980; the first
 * difference is exact), beyond it by vmath_reduce.h, lane by lane. */
#ifndef PN_VMATH_TRIG_H
#define PN_VMATH_TRIG_H

#include "simd/vmath_poly.h"
#include "simd/vmath_reduce.h"

#if PN_TYPE_IS_F32
#define VM_TRIG_FAR 0x1p16f
#define VM_2_OVER_PI 0x1.45f306p-1f
#define VM_PI_2_A 0x1.921fb6p+0f
#define VM_PI_2_B -0x1.777a5cp-25f
#define VM_PI_2_C -0x1.ee59dap-50f
#else
#define VM_TRIG_FAR 0x1p27
#define VM_2_OVER_PI 0x1.45f306dc9c883p-1
#define VM_PI_2_A 0x1.921fb54442d18p+0
#define VM_PI_2_B 0x1.1a62633145c07p-54
#define VM_PI_2_C -0x1.f1976b7ed8fbcp-110
#endif
#define VM_TRIG_MAGIC ((real)1.5 / REAL_EPSILON)

typedef struct vangle {
  vreal h, l;
  vint n; /* quarter turns, in its lowest two bits */
} vangle;

/* The lanes beyond VM_TRIG_FAR; infinities and NaN give NaN. */
PN_NOINLINE void vm_far_angles(const real *x, real *h, real *l, ireal *n) {
  for (int i = 0; i < PN_VN; i++) {
    real a = x[i] < 0 ? -x[i] : x[i];
    double hi, lo;
    if (!(a > VM_TRIG_FAR)) continue;
    if (!(a <= REAL_MAX)) {
      h[i] = REAL_NAN;
      continue;
    }
    n[i] = vm_angle_reduce((double)x[i], &hi, &lo);
    h[i] = (real)hi;
    l[i] = (real)((hi - (double)h[i]) + lo);
  }
}

PN_INLINE void vm_store_int(ireal *p, vint v) {
  real lane[PN_VN];
  v_store(lane, v_from_bits(v));
  memcpy(p, lane, sizeof lane);
}
PN_INLINE vint vm_load_int(const ireal *p) {
  real lane[PN_VN];
  memcpy(lane, p, sizeof lane);
  return v_bits(v_load(lane));
}

PN_INLINE vangle vm_angle(vreal x) {
  vreal t = v_fma(x, v_set1(VM_2_OVER_PI), v_set1(VM_TRIG_MAGIC));
  vreal n = v_sub(t, v_set1(VM_TRIG_MAGIC));
  vreal r = v_fnma(n, v_set1(VM_PI_2_A), x);
  vreal p = v_mul(n, v_set1(VM_PI_2_B)), pl = v_fma(n, v_set1(VM_PI_2_B), v_neg(p));
  /* r - p = d + dl (Knuth), of which much may cancel */
  vreal d = v_sub(r, p), v = v_sub(d, r);
  vreal dl = v_sub(v_sub(r, v_sub(d, v)), v_add(p, v));
  vreal low = v_sub(v_fnma(n, v_set1(VM_PI_2_C), dl), pl);
  vreal h = v_add(d, low), l = v_add(v_sub(d, h), low);
  vangle a = {h, l, v_bits(t)};
  if (m_any(v_lt(v_set1(VM_TRIG_FAR), v_abs(x)))) {
    real xs[PN_VN], hs[PN_VN], ls[PN_VN];
    ireal ns[PN_VN];
    v_store(xs, x);
    v_store(hs, a.h);
    v_store(ls, a.l);
    vm_store_int(ns, a.n);
    vm_far_angles(xs, hs, ls, ns);
    a = (vangle){v_load(hs), v_load(ls), vm_load_int(ns)};
  }
  return a;
}

/* What to add to h for sin(h + l): h z S(z) + l (1 - z/2), z = h^2: S to 2^-28, 2^-57. */
PN_INLINE vreal vm_sin_tail(vreal h, vreal l) {
  static const real c[] = {
#if PN_TYPE_IS_F32
    -0x1.555556p-3f,
    0x1.111108p-7f,
    -0x1.a00f1cp-13f,
    0x1.6cb9a6p-19f
#else
    -0x1.5555555555555p-3,
    0x1.111111111110bp-7,
    -0x1.a01a01a018b17p-13,
    0x1.71de3a53317ffp-19,
    -0x1.ae645282fc1e9p-26,
    0x1.61208003b7efap-33,
    -0x1.aa9a0d412b377p-41
#endif
  };
  vreal z = v_mul(h, h), s = v_mul(v_mul(h, z), vm_poly(z, c, VM_COUNT(c)));
  return v_fma(l, v_fnma(z, v_set1((real)0.5), v_set1(1)), s);
}

/* cos(h + l) = w + (1 - w - z/2 + z^2 C(z) - h l), w = 1 - z/2: the second term. */
PN_INLINE vreal vm_cos_tail(vreal h, vreal l, vreal *w) {
  static const real c[] = {
#if PN_TYPE_IS_F32
    0x1.55554cp-5f,
    -0x1.6c0d84p-10f,
    0x1.9a357ap-16f
#else
    0x1.5555555555554p-5,
    -0x1.6c16c16c15fccp-10,
    0x1.a01a019dd54b3p-16,
    -0x1.27e4f8b816bb1p-22,
    0x1.1eea4ea6095ecp-29,
    -0x1.8fd9774842bdcp-37
#endif
  };
  vreal one = v_set1(1), z = v_mul(h, h), half = v_mul(z, v_set1((real)0.5));
  *w = v_sub(one, half);
  vreal lost = v_sub(v_sub(one, *w), half);
  vreal p = v_mul(v_mul(z, z), vm_poly(z, c, VM_COUNT(c)));
  return v_add(v_fnma(h, l, p), lost);
}

PN_INLINE vreal vm_sin_core(vangle a) { return v_add(a.h, vm_sin_tail(a.h, a.l)); }
PN_INLINE vreal vm_cos_core(vangle a) {
  vreal w, tail = vm_cos_tail(a.h, a.l, &w);
  return v_add(w, tail);
}

/* All ones where bit `bit` (0 or 1) of n is set, as a mask. */
PN_INLINE vmask vm_bit(vint n, ireal bit) {
  vint set = i_and(n, i_set1(bit));
  return v_lt(v_set1(0), v_from_int(set));
}
/* y with its sign turned where bit 1 of n is set. */
PN_INLINE vreal vm_turn(vreal y, vint n) {
  vint sign = i_shl(n, (int)sizeof(real) * 8 - 2);
  return v_from_bits(i_xor(v_bits(y), i_and(sign, i_set1(IREAL_MIN))));
}

PN_INLINE vreal v_sin(vreal x) {
  vangle a = vm_angle(x);
  vreal s = vm_sin_core(a), c = vm_cos_core(a);
  vreal y = vm_turn(v_select(vm_bit(a.n, 1), c, s), a.n);
  return v_select(v_eq(x, v_set1(0)), x, y);
}

PN_INLINE vreal v_cos(vreal x) {
  vangle a = vm_angle(x);
  vreal s = vm_sin_core(a), c = vm_cos_core(a);
  return vm_turn(v_select(vm_bit(a.n, 1), s, c), i_add(a.n, i_set1(1)));
}

/* s/c, or -c/s in odd quadrants; both are pairs, and so is the quotient. */
PN_INLINE vreal v_tan(vreal x) {
  vangle a = vm_angle(x);
  vreal w, st = vm_sin_tail(a.h, a.l), ct = vm_cos_tail(a.h, a.l, &w);
  vreal s = v_add(a.h, st), sl = v_add(v_sub(a.h, s), st);
  vreal c = v_add(w, ct), cl = v_add(v_sub(w, c), ct);
  vmask odd = vm_bit(a.n, 1);
  vreal above = v_select(odd, v_neg(c), s), above_l = v_select(odd, v_neg(cl), sl);
  vreal below = v_select(odd, s, c), below_l = v_select(odd, sl, cl);
  vreal inverse = v_div(v_set1(1), below), q = v_mul(above, inverse);
  vreal rest = v_add(v_fnma(q, below, above), v_fnma(q, below_l, above_l));
  return v_select(v_eq(x, v_set1(0)), x, v_fma(rest, inverse, q));
}

#endif

/* floor, trunc and the exact remainder of a division. */
#ifndef PN_REAL_FMOD_H
#define PN_REAL_FMOD_H

#include <string.h>

#include "simd/vmath.h"

PN_INLINE vreal ew_floor(vreal x) {
  vreal r = v_round(x);
  return vm_copysign(v_select(v_lt(x, r), v_sub(r, v_set1(1)), r), x);
}
PN_INLINE vreal ew_trunc(vreal x) { return vm_copysign(ew_floor(v_abs(x)), x); }

/* r is not 0 and its sign is not y's. */
PN_INLINE vmask ew_opposite(vreal r, vreal y) {
  const vreal zero = v_set1(0);
  return m_or(m_and(v_lt(r, zero), v_lt(zero, y)), m_and(v_lt(zero, r), v_lt(y, zero)));
}

/* |x| mod |y| by long division of the mantissas, 64 - mantissa bits at a time:
 * for quotients that the type cannot hold.  x, y finite, y not 0, |x| > |y|. */
PN_NOINLINE real ew_long_fmod(real x, real y) {
  const ubits mantissa = ((ubits)1 << REAL_MANT) - 1;
  ubits bx, by;
  memcpy(&bx, &x, sizeof bx);
  memcpy(&by, &y, sizeof by);
  int ex = (int)(bx >> REAL_MANT & (2 * REAL_BIAS + 1)), ey;
  ey = (int)(by >> REAL_MANT & (2 * REAL_BIAS + 1));
  uint64_t mx = bx & mantissa, my = by & mantissa;
  if (ex) mx |= (uint64_t)mantissa + 1;
  if (ey) my |= (uint64_t)mantissa + 1;
  ex += !ex;
  ey += !ey;
  const int most = 63 - REAL_MANT;
  for (int n = ex - ey; n > 0;) {
    int step = n < most ? n : most;
    mx = (mx % my) << step;
    n -= step;
  }
  mx %= my; /* units of y's last place: exact in the type */
  real unit, r = (real)(ireal)mx;
  ubits one = ey > REAL_MANT ? (ubits)(ey - REAL_MANT) << REAL_MANT : (ubits)1 << (ey - 1);
  memcpy(&unit, &one, sizeof unit);
  return r * unit;
}

/* x - y trunc(x / y).  Where the rounded quotient is one too large, the remainder
 * comes out with the wrong sign and y goes back once; both steps are exact. */
PN_INLINE vreal ew_fmod(vreal x, vreal y) {
  const vreal zero = v_set1(0), inf = v_set1(REAL_INF);
  vreal ax = v_abs(x), ay = v_abs(y), ratio = v_div(ax, ay), q = ew_floor(ratio);
  vreal r = v_fnma(q, ay, ax);
  r = v_select(v_lt(r, zero), v_add(r, ay), r);
  vmask finite = m_and(v_lt(ax, inf), v_lt(zero, ay));
  vmask far = m_and(m_and(v_le(v_set1((real)0.5 / REAL_EPSILON), ratio), finite), v_lt(ay, inf));
  if (m_any(far)) {
    real xs[PN_VN], ys[PN_VN], rs[PN_VN], fs[PN_VN];
    v_store(xs, ax);
    v_store(ys, ay);
    v_store(rs, r);
    v_store(fs, v_select(far, v_set1(1), zero));
    for (int i = 0; i < PN_VN; i++)
      if (fs[i] != 0) rs[i] = ew_long_fmod(xs[i], ys[i]);
    r = v_load(rs);
  }
  r = v_select(m_and(v_lt(ax, inf), v_eq(ay, inf)), ax, r);
  vmask valid = m_and(finite, v_le(ay, inf));
  return v_select(valid, vm_copysign(r, x), v_set1(REAL_NAN));
}

#endif

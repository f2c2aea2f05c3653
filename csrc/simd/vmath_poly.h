/* Polynomials of the vector functions: coefficients as arrays of the type, lowest
 * power first, all minimax in the relative error of the function. */
#ifndef PN_VMATH_POLY_H
#define PN_VMATH_POLY_H

#include "simd/simd.h"

#if PN_TYPE_IS_F32
#define VM_PICK(f32, f64) f32
#else
#define VM_PICK(f32, f64) f64
#endif
#define VM_COUNT(c) ((int)(sizeof(c) / sizeof *(c)))

/* Horner's rule: for few terms. */
PN_INLINE vreal vm_horner(vreal x, const real *c, int n) {
  vreal p = v_set1(c[n - 1]);
  for (int i = n - 2; i >= 0; i--) p = v_fma(p, x, v_set1(c[i]));
  return p;
}

/* Even and odd powers apart: a chain of half the length.  n >= 2. */
PN_INLINE vreal vm_poly(vreal x, const real *c, int n) {
  vreal x2 = v_mul(x, x);
  int even = (n - 1) / 2 * 2, odd = (n - 2) / 2 * 2 + 1;
  vreal p = v_set1(c[even]), q = v_set1(c[odd]);
  for (int i = even - 2; i >= 0; i -= 2) p = v_fma(p, x2, v_set1(c[i]));
  for (int i = odd - 2; i >= 1; i -= 2) q = v_fma(q, x2, v_set1(c[i]));
  return v_fma(q, x, p);
}

/* |y| with the sign of x. */
PN_INLINE vreal vm_copysign(vreal y, vreal x) {
  vint magnitude = i_and(v_bits(y), i_set1(IREAL_MAX));
  return v_from_bits(i_or(magnitude, i_and(v_bits(x), i_set1(IREAL_MIN))));
}

#endif

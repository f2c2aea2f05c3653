/* The vector machine that kernels are written for.  One ISA and one float type
 * per compilation (PN_LEVEL_IS_*, PN_TYPE_IS_F32/F64); every header defines the
 * same types and functions in the same order, and every function gives the
 * same bits on each of them.
 *
 *   real, ireal, ubits  float or double, and the integers of its width
 *   vreal, vint, vmask  PN_VN lanes of them; vmask comes from comparisons
 *
 *   v_set1 v_load v_store       memory: aligned to the item only
 *   v_load_n v_store_n (p, n)   0 <= n <= PN_VN lanes; the others are not
 *                               touched and read as +0
 *   v_load_or(p, n, absent)     the same, absent lanes from a vector
 *   v_add v_sub v_mul v_div     one correctly rounded operation
 *   v_fma(a, b, c)              a * b + c, one rounding
 *   v_fnma(a, b, c)             c - a * b, one rounding
 *   v_bits v_from_bits          the same bits as integers
 *   v_sqrt v_neg v_abs
 *   v_max v_min                 a NaN wins; +0 > -0
 *   v_least v_most (a, b)       a < b ? a : b and a > b ? a : b, one instruction:
 *                               b if either is NaN or both are zero
 *   v_round                     to the nearest integer, ties to even
 *   v_lt v_le v_eq v_isnan      NaN compares false
 *   m_and m_or m_not m_any
 *   v_select(m, a, b)           m ? a : b
 *   v_to_int                    rounds to nearest even; |a| < 2^31 (float32) or
 *                               2^51 (float64), else any integer
 *   v_from_int                  float32: rounds; float64: |i| < 2^51
 *   i_set1 i_add i_sub (wrapping) i_and i_or i_xor
 *   i_shl i_shr i_shr0 (a, n)   n a constant, 1 .. bits - 1; shr copies the sign
 *                               bit, shr0 shifts zeros in
 *   v_scale2(a, n)              a * 2^n rounded once, also into subnormals and
 *                               infinity; n integral, |n| <= 2 * (REAL_BIAS - 1);
 *                               |a| in [1/8, 8], 0, inf or NaN
 *   v_swap(a, half)             lane j gets lane j ^ half
 *   v_first                     lane 0
 *   r_fma(a, b, c)              v_fma of one real
 *
 * A vvec is a vector of PN_VBYTES on every level (16 float32, 8 float64), for
 * results that depend on the order of additions: below. */
#ifndef PN_SIMD_H
#define PN_SIMD_H

#include <float.h>
#include <stdint.h>

#include "pn_contract.h"
#include "simd/fma.h"

#if PN_TYPE_IS_F32
typedef float real;
typedef int32_t ireal;
typedef uint32_t ubits;
enum { REAL_MANT = 23, REAL_BIAS = 127 };
#define REAL_EPSILON FLT_EPSILON
#define REAL_MIN FLT_MIN
#define REAL_MAX FLT_MAX
#define REAL_INF __builtin_inff()
#define REAL_NAN __builtin_nanf("")
#define IREAL_MAX INT32_MAX
#define IREAL_MIN INT32_MIN
PN_INLINE real r_fma(real a, real b, real c) { return pn_fma_f32(a, b, c); }
#elif PN_TYPE_IS_F64
typedef double real;
typedef int64_t ireal;
typedef uint64_t ubits;
enum { REAL_MANT = 52, REAL_BIAS = 1023 };
#define REAL_EPSILON DBL_EPSILON
#define REAL_MIN DBL_MIN
#define REAL_MAX DBL_MAX
#define REAL_INF __builtin_inf()
#define REAL_NAN __builtin_nan("")
#define IREAL_MAX INT64_MAX
#define IREAL_MIN INT64_MIN
PN_INLINE real r_fma(real a, real b, real c) { return pn_fma_f64(a, b, c); }
#else
#error "simd/simd.h needs PN_TYPE_IS_F32 or PN_TYPE_IS_F64"
#endif

#if PN_LEVEL_IS_AVX512
#include "simd/avx512.h"
#elif PN_LEVEL_IS_AVX2
#include "simd/avx2.h"
#elif PN_LEVEL_IS_NEON
#include "simd/neon.h"
#elif PN_LEVEL_IS_SCALAR
#include "simd/scalar.h"
#else
#error "simd/simd.h needs PN_LEVEL_IS_<LEVEL>"
#endif

/* The virtual vector of reductions.  Absent lanes are -0, the identity of
 * addition (-0 + x = x for every x, and -0 + -0 = -0). */
enum { PN_VV = PN_VBYTES / (int)sizeof(real), PN_VREGS = PN_VV / PN_VN };
typedef struct vvec {
  vreal v[PN_VREGS];
} vvec;

PN_INLINE vvec vv_set1(real x) {
  vvec r;
  for (int i = 0; i < PN_VREGS; i++) r.v[i] = v_set1(x);
  return r;
}
PN_INLINE vvec vv_load(const real *p) {
  vvec r;
  for (int i = 0; i < PN_VREGS; i++) r.v[i] = v_load(p + i * PN_VN);
  return r;
}
/* Lanes >= n are `absent`; 0 <= n <= PN_VV. */
PN_INLINE vvec vv_load_or(const real *p, int64_t n, real absent) {
  vvec r;
  if (n >= PN_VV) return vv_load(p);
  for (int i = 0; i < PN_VREGS; i++) {
    int64_t left = n - i * PN_VN;
    left = left < 0 ? 0 : left > PN_VN ? PN_VN : left;
    r.v[i] = v_load_or(p + i * PN_VN, left, v_set1(absent));
  }
  return r;
}
PN_INLINE vvec vv_load_n(const real *p, int64_t n) { return vv_load_or(p, n, -(real)0); }
PN_INLINE vvec vv_add(vvec a, vvec b) {
  for (int i = 0; i < PN_VREGS; i++) a.v[i] = v_add(a.v[i], b.v[i]);
  return a;
}
PN_INLINE vvec vv_max(vvec a, vvec b) {
  for (int i = 0; i < PN_VREGS; i++) a.v[i] = v_max(a.v[i], b.v[i]);
  return a;
}
PN_INLINE vvec vv_min(vvec a, vvec b) {
  for (int i = 0; i < PN_VREGS; i++) a.v[i] = v_min(a.v[i], b.v[i]);
  return a;
}
/* The fixed tree: lane j takes lane j + half, for half = PN_VV / 2 ... 1. */
PN_INLINE real vv_sum(vvec a) {
  for (int h = PN_VREGS / 2; h > 0; h /= 2)
    for (int i = 0; i < h; i++) a.v[i] = v_add(a.v[i], a.v[i + h]);
  vreal s = a.v[0];
  if (PN_VN > 8) s = v_add(s, v_swap(s, 8));
  if (PN_VN > 4) s = v_add(s, v_swap(s, 4));
  if (PN_VN > 2) s = v_add(s, v_swap(s, 2));
  if (PN_VN > 1) s = v_add(s, v_swap(s, 1));
  return v_first(s);
}
PN_INLINE real vv_max_lane(vvec a) {
  for (int i = 1; i < PN_VREGS; i++) a.v[0] = v_max(a.v[0], a.v[i]);
  vreal s = a.v[0];
  if (PN_VN > 8) s = v_max(s, v_swap(s, 8));
  if (PN_VN > 4) s = v_max(s, v_swap(s, 4));
  if (PN_VN > 2) s = v_max(s, v_swap(s, 2));
  if (PN_VN > 1) s = v_max(s, v_swap(s, 1));
  return v_first(s);
}
PN_INLINE real vv_min_lane(vvec a) {
  for (int i = 1; i < PN_VREGS; i++) a.v[0] = v_min(a.v[0], a.v[i]);
  vreal s = a.v[0];
  if (PN_VN > 8) s = v_min(s, v_swap(s, 8));
  if (PN_VN > 4) s = v_min(s, v_swap(s, 4));
  if (PN_VN > 2) s = v_min(s, v_swap(s, 2));
  if (PN_VN > 1) s = v_min(s, v_swap(s, 1));
  return v_first(s);
}

#endif

/* One lane, portable C: the reference of every other level, with its bits. */
#include <string.h>

enum { PN_VN = 1 };
typedef real vreal;
typedef ireal vint;
typedef int vmask;

PN_INLINE vreal v_set1(real x) { return x; }
PN_INLINE vreal v_load(const real *p) { return *p; }
PN_INLINE void v_store(real *p, vreal v) { *p = v; }
PN_INLINE vreal v_load_n(const real *p, int64_t n) { return n > 0 ? *p : 0; }
PN_INLINE vreal v_load_or(const real *p, int64_t n, vreal absent) { return n > 0 ? *p : absent; }
PN_INLINE void v_store_n(real *p, vreal v, int64_t n) {
  if (n > 0) *p = v;
}

PN_INLINE vreal v_add(vreal a, vreal b) { return a + b; }
PN_INLINE vreal v_sub(vreal a, vreal b) { return a - b; }
PN_INLINE vreal v_mul(vreal a, vreal b) { return a * b; }
PN_INLINE vreal v_div(vreal a, vreal b) { return a / b; }
PN_INLINE vreal v_fma(vreal a, vreal b, vreal c) { return r_fma(a, b, c); }
PN_INLINE vreal v_fnma(vreal a, vreal b, vreal c) { return r_fma(-a, b, c); }

PN_INLINE vint v_bits(vreal a) {
  vint i;
  memcpy(&i, &a, sizeof i);
  return i;
}
PN_INLINE vreal v_from_bits(vint i) {
  vreal a;
  memcpy(&a, &i, sizeof a);
  return a;
}

PN_INLINE vreal v_sqrt(vreal a) {
#if PN_TYPE_IS_F32
  return __builtin_sqrtf(a);
#else
  return __builtin_sqrt(a);
#endif
}
PN_INLINE vreal v_neg(vreal a) { return -a; }
PN_INLINE vreal v_abs(vreal a) { return v_from_bits(v_bits(a) & IREAL_MAX); }
PN_INLINE vreal v_max(vreal a, vreal b) {
  if (a == b) return v_from_bits(v_bits(a) & v_bits(b));
  return a > b || a != a ? a : b;
}
PN_INLINE vreal v_min(vreal a, vreal b) {
  if (a == b) return v_from_bits(v_bits(a) | v_bits(b));
  return a < b || a != a ? a : b;
}
PN_INLINE vreal v_least(vreal a, vreal b) { return a < b ? a : b; }
PN_INLINE vreal v_most(vreal a, vreal b) { return a > b ? a : b; }
PN_INLINE vreal v_round(vreal a) {
  const real big = (real)1 / REAL_EPSILON; /* 2^23, 2^52: integers from here on */
  real m = v_abs(a);
  if (!(m < big)) return a;
  return v_from_bits(v_bits((m + big) - big) | (v_bits(a) & ~IREAL_MAX));
}

PN_INLINE vmask v_lt(vreal a, vreal b) { return a < b; }
PN_INLINE vmask v_le(vreal a, vreal b) { return a <= b; }
PN_INLINE vmask v_eq(vreal a, vreal b) { return a == b; }
PN_INLINE vmask v_isnan(vreal a) { return a != a; }
PN_INLINE vmask m_and(vmask a, vmask b) { return a & b; }
PN_INLINE vmask m_or(vmask a, vmask b) { return a | b; }
PN_INLINE vmask m_not(vmask a) { return !a; }
PN_INLINE int m_any(vmask a) { return a; }
PN_INLINE vreal v_select(vmask m, vreal a, vreal b) { return m ? a : b; }

PN_INLINE vint v_to_int(vreal a) {
  real r = v_round(a), limit = -(real)IREAL_MIN;
  return r >= -limit && r < limit ? (vint)r : IREAL_MIN;
}
PN_INLINE vreal v_from_int(vint i) { return (vreal)i; }
PN_INLINE vint i_set1(ireal x) { return x; }
PN_INLINE vint i_add(vint a, vint b) { return (vint)((ubits)a + (ubits)b); }
PN_INLINE vint i_sub(vint a, vint b) { return (vint)((ubits)a - (ubits)b); }
PN_INLINE vint i_and(vint a, vint b) { return a & b; }
PN_INLINE vint i_or(vint a, vint b) { return a | b; }
PN_INLINE vint i_xor(vint a, vint b) { return a ^ b; }
#define i_shl(a, n) ((vint)((ubits)(a) << (n)))
#define i_shr(a, n) ((vint)(a) >> (n))
#define i_shr0(a, n) ((vint)((ubits)(a) >> (n)))

#include "simd/scale2.h"

PN_INLINE vreal v_swap(vreal a, int half) {
  (void)half;
  return a;
}
PN_INLINE real v_first(vreal a) { return a; }

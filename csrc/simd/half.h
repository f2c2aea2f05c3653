/* Half-width registers of AVX-512 (VL): hreal, PN_HN lanes, and what a register
 * tile needs of them (h_x is v_x of half the lanes).  For the last columns of
 * a product: where the machine splits 64-byte operations (Zen 4), a half-full
 * 64-byte vector costs twice what a 32-byte one costs. */
#ifndef PN_SIMD_HALF_H
#define PN_SIMD_HALF_H

#include "simd/simd.h"

#if PN_LEVEL_IS_AVX512

#if PN_TYPE_IS_F32
typedef __m256 hreal;
#define PN_H(op) _mm256_##op##_ps
#else
typedef __m256d hreal;
#define PN_H(op) _mm256_##op##_pd
#endif
enum { PN_HN = PN_VN / 2 };

PN_INLINE hreal h_set1(real x) { return PN_H(set1)(x); }
PN_INLINE hreal h_load(const real *p) { return PN_H(loadu)(p); }
PN_INLINE void h_store(real *p, hreal v) { PN_H(storeu)(p, v); }
PN_INLINE __mmask8 h_first(int64_t n) {
  return (__mmask8)_bzhi_u32(0xff >> (8 - PN_HN), (unsigned)n);
}
PN_INLINE hreal h_load_n(const real *p, int64_t n) { return PN_H(maskz_loadu)(h_first(n), p); }
PN_INLINE void h_store_n(real *p, hreal v, int64_t n) { PN_H(mask_storeu)(p, h_first(n), v); }
PN_INLINE hreal h_add(hreal a, hreal b) { return PN_H(add)(a, b); }
PN_INLINE hreal h_mul(hreal a, hreal b) { return PN_H(mul)(a, b); }
PN_INLINE hreal h_fma(hreal a, hreal b, hreal c) { return PN_H(fmadd)(a, b, c); }

#endif
#endif

/* AVX2 and FMA3: 32-byte registers; a mask is a register of all-ones lanes. */
#include <immintrin.h>

typedef __m256i vint;
#if PN_TYPE_IS_F32
enum { PN_VN = 8 };
typedef __m256 vreal;
#define PN_P(op) _mm256_##op##_ps
#define PN_I(op) _mm256_##op##_epi32
#define PN_SET1_I _mm256_set1_epi32
#define PN_CAST_I _mm256_castps_si256
#define PN_CAST_P _mm256_castsi256_ps
#else
enum { PN_VN = 4 };
typedef __m256d vreal;
#define PN_P(op) _mm256_##op##_pd
#define PN_I(op) _mm256_##op##_epi64
#define PN_SET1_I _mm256_set1_epi64x
#define PN_CAST_I _mm256_castpd_si256
#define PN_CAST_P _mm256_castsi256_pd
#endif
typedef vreal vmask;

static const ireal pn_mask_table[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
PN_INLINE vint m_first(int64_t n) {
  return _mm256_loadu_si256((const __m256i *)(pn_mask_table + 8 - n));
}

PN_INLINE vreal v_set1(real x) { return PN_P(set1)(x); }
PN_INLINE vreal v_load(const real *p) { return PN_P(loadu)(p); }
PN_INLINE void v_store(real *p, vreal v) { PN_P(storeu)(p, v); }
PN_INLINE vreal v_load_n(const real *p, int64_t n) { return PN_P(maskload)(p, m_first(n)); }
PN_INLINE vreal v_load_or(const real *p, int64_t n, vreal absent) {
  vint m = m_first(n);
  return PN_P(blendv)(absent, PN_P(maskload)(p, m), PN_CAST_P(m));
}
PN_INLINE void v_store_n(real *p, vreal v, int64_t n) { PN_P(maskstore)(p, m_first(n), v); }

PN_INLINE vreal v_add(vreal a, vreal b) { return PN_P(add)(a, b); }
PN_INLINE vreal v_sub(vreal a, vreal b) { return PN_P(sub)(a, b); }
PN_INLINE vreal v_mul(vreal a, vreal b) { return PN_P(mul)(a, b); }
PN_INLINE vreal v_div(vreal a, vreal b) { return PN_P(div)(a, b); }
PN_INLINE vreal v_fma(vreal a, vreal b, vreal c) { return PN_P(fmadd)(a, b, c); }
PN_INLINE vreal v_fnma(vreal a, vreal b, vreal c) { return PN_P(fnmadd)(a, b, c); }

PN_INLINE vint v_bits(vreal a) { return PN_CAST_I(a); }
PN_INLINE vreal v_from_bits(vint i) { return PN_CAST_P(i); }

PN_INLINE vreal v_sqrt(vreal a) { return PN_P(sqrt)(a); }
PN_INLINE vreal v_neg(vreal a) { return PN_P(xor)(a, v_set1(-(real)0)); }
PN_INLINE vreal v_abs(vreal a) { return PN_P(andnot)(v_set1(-(real)0), a); }
/* maxps returns its second operand for a NaN or for two zeros, so both orders
 * differ only there.  x = their difference in bits, a sign or a NaN's;
 * (m | x) - x turns (-0, +0) into +0 and leaves a NaN a NaN. */
PN_INLINE vreal v_max(vreal a, vreal b) {
  vreal m = PN_P(max)(a, b), x = PN_P(xor)(m, PN_P(max)(b, a));
  return PN_P(sub)(PN_P(or)(m, x), x);
}
PN_INLINE vreal v_min(vreal a, vreal b) { return PN_P(or)(PN_P(min)(a, b), PN_P(min)(b, a)); }
PN_INLINE vreal v_least(vreal a, vreal b) { return PN_P(min)(a, b); }
PN_INLINE vreal v_most(vreal a, vreal b) { return PN_P(max)(a, b); }
PN_INLINE vreal v_round(vreal a) { return PN_P(round)(a, 8); }

PN_INLINE vmask v_lt(vreal a, vreal b) { return PN_P(cmp)(a, b, _CMP_LT_OQ); }
PN_INLINE vmask v_le(vreal a, vreal b) { return PN_P(cmp)(a, b, _CMP_LE_OQ); }
PN_INLINE vmask v_eq(vreal a, vreal b) { return PN_P(cmp)(a, b, _CMP_EQ_OQ); }
PN_INLINE vmask v_isnan(vreal a) { return PN_P(cmp)(a, a, _CMP_UNORD_Q); }
PN_INLINE vmask m_and(vmask a, vmask b) { return PN_P(and)(a, b); }
PN_INLINE vmask m_or(vmask a, vmask b) { return PN_P(or)(a, b); }
PN_INLINE vmask m_not(vmask a) { return PN_P(xor)(a, v_from_bits(PN_SET1_I(-1))); }
PN_INLINE int m_any(vmask a) { return PN_P(movemask)(a) != 0; }
PN_INLINE vreal v_select(vmask m, vreal a, vreal b) { return PN_P(blendv)(b, a, m); }

#if PN_TYPE_IS_F32
PN_INLINE vint v_to_int(vreal a) { return _mm256_cvtps_epi32(a); }
PN_INLINE vreal v_from_int(vint i) { return _mm256_cvtepi32_ps(i); }
#else
/* No conversion to 64-bit integers: add 1.5 * 2^52, whose lowest bit is 1. */
PN_INLINE vint v_to_int(vreal a) {
  const vreal magic = v_set1(0x1.8p52);
  return _mm256_sub_epi64(v_bits(v_add(a, magic)), v_bits(magic));
}
PN_INLINE vreal v_from_int(vint i) {
  const vreal magic = v_set1(0x1.8p52);
  return v_sub(v_from_bits(_mm256_add_epi64(i, v_bits(magic))), magic);
}
#endif
PN_INLINE vint i_set1(ireal x) { return PN_SET1_I(x); }
PN_INLINE vint i_add(vint a, vint b) { return PN_I(add)(a, b); }
PN_INLINE vint i_sub(vint a, vint b) { return PN_I(sub)(a, b); }
PN_INLINE vint i_and(vint a, vint b) { return _mm256_and_si256(a, b); }
PN_INLINE vint i_or(vint a, vint b) { return _mm256_or_si256(a, b); }
PN_INLINE vint i_xor(vint a, vint b) { return _mm256_xor_si256(a, b); }
#define i_shl(a, n) PN_I(slli)(a, n)
#if PN_TYPE_IS_F32
#define i_shr(a, n) _mm256_srai_epi32(a, n)
#else
PN_INLINE vint i_shr(vint a, int n) {
  vint sign = _mm256_cmpgt_epi64(_mm256_setzero_si256(), a);
  return i_or(_mm256_srli_epi64(a, n), _mm256_slli_epi64(sign, 64 - n));
}
#endif
#define i_shr0(a, n) PN_I(srli)(a, n)

#include "simd/scale2.h"

PN_INLINE vreal v_swap(vreal a, int half) {
#if PN_TYPE_IS_F32
  switch (half) {
    case 4:
      return _mm256_permute2f128_ps(a, a, 1);
    case 2:
      return _mm256_permute_ps(a, 0x4e);
    default:
      return _mm256_permute_ps(a, 0xb1);
  }
#else
  switch (half) {
    case 2:
      return _mm256_permute2f128_pd(a, a, 1);
    default:
      return _mm256_permute_pd(a, 5);
  }
#endif
}
#if PN_TYPE_IS_F32
PN_INLINE real v_first(vreal a) { return _mm256_cvtss_f32(a); }
#else
PN_INLINE real v_first(vreal a) { return _mm256_cvtsd_f64(a); }
#endif

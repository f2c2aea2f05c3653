/* AVX-512 F, DQ, BW, VL: 64-byte registers, mask registers. */
#include <immintrin.h>

typedef __m512i vint;
#if PN_TYPE_IS_F32
enum { PN_VN = 16 };
typedef __m512 vreal;
typedef __mmask16 vmask;
#define PN_P(op) _mm512_##op##_ps
#define PN_PMASK(op) _mm512_##op##_ps_mask
#define PN_I(op) _mm512_##op##_epi32
#define PN_CAST_I _mm512_castps_si512
#define PN_CAST_P _mm512_castsi512_ps
#define PN_CVT_I _mm512_cvtps_epi32
#define PN_CVT_P _mm512_cvtepi32_ps
#else
enum { PN_VN = 8 };
typedef __m512d vreal;
typedef __mmask8 vmask;
#define PN_P(op) _mm512_##op##_pd
#define PN_PMASK(op) _mm512_##op##_pd_mask
#define PN_I(op) _mm512_##op##_epi64
#define PN_CAST_I _mm512_castpd_si512
#define PN_CAST_P _mm512_castsi512_pd
#define PN_CVT_I _mm512_cvtpd_epi64
#define PN_CVT_P _mm512_cvtepi64_pd
#endif

PN_INLINE vmask m_first(int64_t n) { return (vmask)_bzhi_u32((1u << PN_VN) - 1, (unsigned)n); }

PN_INLINE vreal v_set1(real x) { return PN_P(set1)(x); }
PN_INLINE vreal v_load(const real *p) { return PN_P(loadu)(p); }
PN_INLINE void v_store(real *p, vreal v) { PN_P(storeu)(p, v); }
PN_INLINE vreal v_load_n(const real *p, int64_t n) { return PN_P(maskz_loadu)(m_first(n), p); }
PN_INLINE vreal v_load_or(const real *p, int64_t n, vreal absent) {
  return PN_P(mask_loadu)(absent, m_first(n), p);
}
PN_INLINE void v_store_n(real *p, vreal v, int64_t n) { PN_P(mask_storeu)(p, m_first(n), v); }

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
/* vrange orders the zeros but drops a quiet NaN: put it back. */
PN_INLINE vreal v_max(vreal a, vreal b) {
  return PN_P(mask_add)(PN_P(range)(a, b, 5), PN_PMASK(cmp)(a, b, _CMP_UNORD_Q), a, b);
}
PN_INLINE vreal v_min(vreal a, vreal b) {
  return PN_P(mask_add)(PN_P(range)(a, b, 4), PN_PMASK(cmp)(a, b, _CMP_UNORD_Q), a, b);
}
PN_INLINE vreal v_least(vreal a, vreal b) { return PN_P(min)(a, b); }
PN_INLINE vreal v_most(vreal a, vreal b) { return PN_P(max)(a, b); }
PN_INLINE vreal v_round(vreal a) { return PN_P(roundscale)(a, 8); }

PN_INLINE vmask v_lt(vreal a, vreal b) { return PN_PMASK(cmp)(a, b, _CMP_LT_OQ); }
PN_INLINE vmask v_le(vreal a, vreal b) { return PN_PMASK(cmp)(a, b, _CMP_LE_OQ); }
PN_INLINE vmask v_eq(vreal a, vreal b) { return PN_PMASK(cmp)(a, b, _CMP_EQ_OQ); }
PN_INLINE vmask v_isnan(vreal a) { return PN_PMASK(cmp)(a, a, _CMP_UNORD_Q); }
PN_INLINE vmask m_and(vmask a, vmask b) { return (vmask)(a & b); }
PN_INLINE vmask m_or(vmask a, vmask b) { return (vmask)(a | b); }
PN_INLINE vmask m_not(vmask a) { return (vmask)~a; }
PN_INLINE int m_any(vmask a) { return a != 0; }
PN_INLINE vreal v_select(vmask m, vreal a, vreal b) { return PN_P(mask_mov)(b, m, a); }

PN_INLINE vint v_to_int(vreal a) { return PN_CVT_I(a); }
PN_INLINE vreal v_from_int(vint i) { return PN_CVT_P(i); }
PN_INLINE vint i_set1(ireal x) { return PN_I(set1)(x); }
PN_INLINE vint i_add(vint a, vint b) { return PN_I(add)(a, b); }
PN_INLINE vint i_sub(vint a, vint b) { return PN_I(sub)(a, b); }
PN_INLINE vint i_and(vint a, vint b) { return _mm512_and_si512(a, b); }
PN_INLINE vint i_or(vint a, vint b) { return _mm512_or_si512(a, b); }
PN_INLINE vint i_xor(vint a, vint b) { return _mm512_xor_si512(a, b); }
#define i_shl(a, n) PN_I(slli)(a, n)
#define i_shr(a, n) PN_I(srai)(a, n)
#define i_shr0(a, n) PN_I(srli)(a, n)

PN_INLINE vreal v_scale2(vreal a, vreal n) { return PN_P(scalef)(a, n); }

PN_INLINE vreal v_swap(vreal a, int half) {
#if PN_TYPE_IS_F32
  switch (half) {
    case 8:
      return _mm512_shuffle_f32x4(a, a, 0x4e);
    case 4:
      return _mm512_shuffle_f32x4(a, a, 0xb1);
    case 2:
      return _mm512_permute_ps(a, 0x4e);
    default:
      return _mm512_permute_ps(a, 0xb1);
  }
#else
  switch (half) {
    case 4:
      return _mm512_shuffle_f64x2(a, a, 0x4e);
    case 2:
      return _mm512_shuffle_f64x2(a, a, 0xb1);
    default:
      return _mm512_permute_pd(a, 0x55);
  }
#endif
}
#if PN_TYPE_IS_F32
PN_INLINE real v_first(vreal a) { return _mm512_cvtss_f32(a); }
#else
PN_INLINE real v_first(vreal a) { return _mm512_cvtsd_f64(a); }
#endif

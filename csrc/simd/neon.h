/* AArch64 Advanced SIMD: 16-byte registers, FMA and directed rounding in the
 * baseline; a mask is a register of all-ones lanes. */
#include <arm_neon.h>

#if PN_TYPE_IS_F32
enum { PN_VN = 4 };
typedef float32x4_t vreal;
typedef int32x4_t vint;
typedef uint32x4_t vmask;
#define PN_P(op) op##_f32
#define PN_I(op) op##_s32
#define PN_U(op) op##_u32
#define PN_CAST_I vreinterpretq_s32_f32
#define PN_CAST_P vreinterpretq_f32_s32
#define PN_CVT_I vcvtnq_s32_f32
#define PN_CVT_P vcvtq_f32_s32
#else
enum { PN_VN = 2 };
typedef float64x2_t vreal;
typedef int64x2_t vint;
typedef uint64x2_t vmask;
#define PN_P(op) op##_f64
#define PN_I(op) op##_s64
#define PN_U(op) op##_u64
#define PN_CAST_I vreinterpretq_s64_f64
#define PN_CAST_P vreinterpretq_f64_s64
#define PN_CVT_I vcvtnq_s64_f64
#define PN_CVT_P vcvtq_f64_s64
#endif

PN_INLINE vreal v_set1(real x) { return PN_P(vdupq_n)(x); }
PN_INLINE vreal v_load(const real *p) { return PN_P(vld1q)(p); }
PN_INLINE void v_store(real *p, vreal v) { PN_P(vst1q)(p, v); }
PN_INLINE vreal v_load_or(const real *p, int64_t n, vreal absent) {
  if (n >= PN_VN) return v_load(p);
  if (n > 0) absent = PN_P(vld1q_lane)(p, absent, 0);
#if PN_TYPE_IS_F32
  if (n > 1) absent = PN_P(vld1q_lane)(p + 1, absent, 1);
  if (n > 2) absent = PN_P(vld1q_lane)(p + 2, absent, 2);
#endif
  return absent;
}
PN_INLINE vreal v_load_n(const real *p, int64_t n) { return v_load_or(p, n, v_set1(0)); }
PN_INLINE void v_store_n(real *p, vreal v, int64_t n) {
  if (n >= PN_VN) {
    v_store(p, v);
    return;
  }
  if (n > 0) PN_P(vst1q_lane)(p, v, 0);
#if PN_TYPE_IS_F32
  if (n > 1) PN_P(vst1q_lane)(p + 1, v, 1);
  if (n > 2) PN_P(vst1q_lane)(p + 2, v, 2);
#endif
}

PN_INLINE vreal v_add(vreal a, vreal b) { return PN_P(vaddq)(a, b); }
PN_INLINE vreal v_sub(vreal a, vreal b) { return PN_P(vsubq)(a, b); }
PN_INLINE vreal v_mul(vreal a, vreal b) { return PN_P(vmulq)(a, b); }
PN_INLINE vreal v_div(vreal a, vreal b) { return PN_P(vdivq)(a, b); }
PN_INLINE vreal v_fma(vreal a, vreal b, vreal c) { return PN_P(vfmaq)(c, a, b); }
PN_INLINE vreal v_fnma(vreal a, vreal b, vreal c) { return PN_P(vfmsq)(c, a, b); }

PN_INLINE vint v_bits(vreal a) { return PN_CAST_I(a); }
PN_INLINE vreal v_from_bits(vint i) { return PN_CAST_P(i); }

PN_INLINE vreal v_sqrt(vreal a) { return PN_P(vsqrtq)(a); }
PN_INLINE vreal v_neg(vreal a) { return PN_P(vnegq)(a); }
PN_INLINE vreal v_abs(vreal a) { return PN_P(vabsq)(a); }
/* The instructions' own rule is the contract's: NaN wins, +0 > -0. */
PN_INLINE vreal v_max(vreal a, vreal b) { return PN_P(vmaxq)(a, b); }
PN_INLINE vreal v_min(vreal a, vreal b) { return PN_P(vminq)(a, b); }
PN_INLINE vreal v_least(vreal a, vreal b) { return PN_P(vbslq)(PN_P(vcltq)(a, b), a, b); }
PN_INLINE vreal v_most(vreal a, vreal b) { return PN_P(vbslq)(PN_P(vcgtq)(a, b), a, b); }
PN_INLINE vreal v_round(vreal a) { return PN_P(vrndnq)(a); }

PN_INLINE vmask m_not(vmask a) {
#if PN_TYPE_IS_F32
  return vmvnq_u32(a);
#else
  return veorq_u64(a, vdupq_n_u64(~(uint64_t)0));
#endif
}
PN_INLINE vmask v_lt(vreal a, vreal b) { return PN_P(vcltq)(a, b); }
PN_INLINE vmask v_le(vreal a, vreal b) { return PN_P(vcleq)(a, b); }
PN_INLINE vmask v_eq(vreal a, vreal b) { return PN_P(vceqq)(a, b); }
PN_INLINE vmask v_isnan(vreal a) { return m_not(v_eq(a, a)); }
PN_INLINE vmask m_and(vmask a, vmask b) { return PN_U(vandq)(a, b); }
PN_INLINE vmask m_or(vmask a, vmask b) { return PN_U(vorrq)(a, b); }
#if PN_TYPE_IS_F32
PN_INLINE int m_any(vmask a) { return vmaxvq_u32(a) != 0; }
#else
PN_INLINE int m_any(vmask a) { return (vgetq_lane_u64(a, 0) | vgetq_lane_u64(a, 1)) != 0; }
#endif
PN_INLINE vreal v_select(vmask m, vreal a, vreal b) { return PN_P(vbslq)(m, a, b); }

PN_INLINE vint v_to_int(vreal a) { return PN_CVT_I(a); }
PN_INLINE vreal v_from_int(vint i) { return PN_CVT_P(i); }
PN_INLINE vint i_set1(ireal x) { return PN_I(vdupq_n)(x); }
PN_INLINE vint i_add(vint a, vint b) { return PN_I(vaddq)(a, b); }
PN_INLINE vint i_sub(vint a, vint b) { return PN_I(vsubq)(a, b); }
PN_INLINE vint i_and(vint a, vint b) { return PN_I(vandq)(a, b); }
PN_INLINE vint i_or(vint a, vint b) { return PN_I(vorrq)(a, b); }
PN_INLINE vint i_xor(vint a, vint b) { return PN_I(veorq)(a, b); }
#define i_shl(a, n) PN_I(vshlq_n)(a, n)
#define i_shr(a, n) PN_I(vshrq_n)(a, n)
#if PN_TYPE_IS_F32
#define i_shr0(a, n) vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(a), n))
#else
#define i_shr0(a, n) vreinterpretq_s64_u64(vshrq_n_u64(vreinterpretq_u64_s64(a), n))
#endif

#include "simd/scale2.h"

PN_INLINE vreal v_swap(vreal a, int half) {
#if PN_TYPE_IS_F32
  return half == 2 ? vextq_f32(a, a, 2) : vrev64q_f32(a);
#else
  (void)half;
  return vextq_f64(a, a, 1);
#endif
}
PN_INLINE real v_first(vreal a) { return PN_P(vgetq_lane)(a, 0); }

/* Transposition of PN_VN vectors of PN_VN lanes.
 *
 *   v_transpose(r)                    in registers: r[i][j] and r[j][i] exchanged
 *   v_load_transposed(r, p, stride)   r[k][j] = p[j * stride + k]: the 16-byte
 *                                     pieces of four rows meet in one register
 *                                     while they are loaded, which leaves half
 *                                     of the shuffles */
#ifndef PN_SIMD_TRANSPOSE_H
#define PN_SIMD_TRANSPOSE_H

#include "simd/simd.h"

#if defined(__clang__)
#define PN_UNROLL _Pragma("clang loop unroll(full)")
#else
#define PN_UNROLL _Pragma("GCC unroll 16")
#endif

/* pn_lane_bits[s][j]: bit s of lane number j. */
static const real pn_lane_bits[4][16] = {{0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1},
                                         {0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1},
                                         {0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1},
                                         {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}};

/* Blocks of half x half exchange places across the diagonal. */
PN_INLINE void pn_exchange(vreal *r, const int half, const int bit) {
  if (PN_VN <= half) return;
  const vmask upper = v_lt(v_set1((real)0.5), v_load(pn_lane_bits[bit]));
  PN_UNROLL for (int i = 0; i < PN_VN; i++) {
    if (i & half) continue;
    const vreal a = r[i], b = r[i + half];
    r[i] = v_select(upper, v_swap(b, half), a);
    r[i + half] = v_select(upper, b, v_swap(a, half));
  }
}
PN_INLINE void v_transpose(vreal *r) {
  pn_exchange(r, 8, 3);
  pn_exchange(r, 4, 2);
  pn_exchange(r, 2, 1);
  pn_exchange(r, 1, 0);
}

/* Row j is at row[j / 4] + (j % 4) * stride: a few pointers and the addressing
 * modes.  Hidden from the compiler, which would otherwise compute every address
 * of the block before the loop and keep them all in memory. */
#if defined(__GNUC__)
#define PN_HIDE(x) __asm__("" : "+r"(x))
#else
#define PN_HIDE(x) ((void)(x))
#endif
typedef struct pn_rows {
  const real *row[4];
  int64_t stride, triple;
} pn_rows;
PN_INLINE pn_rows pn_rows_at(const real *p, int64_t stride) {
  pn_rows s = {{p, p + 4 * stride, p + 8 * stride, p + 12 * stride}, stride, 3 * stride};
  PN_UNROLL for (int i = 0; i < 4; i++) PN_HIDE(s.row[i]);
  PN_HIDE(s.triple);
  return s;
}
PN_INLINE const real *pn_row_of(const pn_rows *s, const int j) {
  return s->row[j / 4] + (j % 4 == 3 ? s->triple : j % 4 * s->stride);
}

#if PN_LEVEL_IS_AVX512 && PN_TYPE_IS_F32
/* Elements q .. q + 3 of rows i, i + 4, i + 8, i + 12. */
PN_INLINE vreal pn_meet(const pn_rows *s, const int i, const int q) {
  __m512 z = _mm512_castps128_ps512(_mm_loadu_ps(pn_row_of(s, i) + q));
  z = _mm512_mask_broadcast_f32x4(z, 0x00f0, _mm_loadu_ps(pn_row_of(s, i + 4) + q));
  z = _mm512_mask_broadcast_f32x4(z, 0x0f00, _mm_loadu_ps(pn_row_of(s, i + 8) + q));
  return _mm512_mask_broadcast_f32x4(z, 0xf000, _mm_loadu_ps(pn_row_of(s, i + 12) + q));
}
PN_INLINE void v_load_transposed(vreal *r, const real *p, int64_t stride) {
  const pn_rows s = pn_rows_at(p, stride);
  PN_UNROLL for (int q = 0; q < 16; q += 4) {
    const __m512 a = pn_meet(&s, 0, q), b = pn_meet(&s, 1, q);
    const __m512 c = pn_meet(&s, 2, q), d = pn_meet(&s, 3, q);
    const __m512d ab0 = _mm512_castps_pd(_mm512_unpacklo_ps(a, b));
    const __m512d ab1 = _mm512_castps_pd(_mm512_unpackhi_ps(a, b));
    const __m512d cd0 = _mm512_castps_pd(_mm512_unpacklo_ps(c, d));
    const __m512d cd1 = _mm512_castps_pd(_mm512_unpackhi_ps(c, d));
    r[q + 0] = _mm512_castpd_ps(_mm512_unpacklo_pd(ab0, cd0));
    r[q + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(ab0, cd0));
    r[q + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(ab1, cd1));
    r[q + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(ab1, cd1));
  }
}
#elif PN_LEVEL_IS_AVX512
/* Elements q, q + 1 of rows i, i + 2, i + 4, i + 6. */
PN_INLINE vreal pn_meet(const pn_rows *s, const int i, const int q) {
  __m512d z = _mm512_castpd128_pd512(_mm_loadu_pd(pn_row_of(s, i) + q));
  z = _mm512_mask_broadcast_f64x2(z, 0x0c, _mm_loadu_pd(pn_row_of(s, i + 2) + q));
  z = _mm512_mask_broadcast_f64x2(z, 0x30, _mm_loadu_pd(pn_row_of(s, i + 4) + q));
  return _mm512_mask_broadcast_f64x2(z, 0xc0, _mm_loadu_pd(pn_row_of(s, i + 6) + q));
}
PN_INLINE void v_load_transposed(vreal *r, const real *p, int64_t stride) {
  const pn_rows s = pn_rows_at(p, stride);
  PN_UNROLL for (int q = 0; q < 8; q += 2) {
    const __m512d a = pn_meet(&s, 0, q), b = pn_meet(&s, 1, q);
    r[q + 0] = _mm512_unpacklo_pd(a, b);
    r[q + 1] = _mm512_unpackhi_pd(a, b);
  }
}
#elif PN_LEVEL_IS_AVX2 && PN_TYPE_IS_F32
PN_INLINE vreal pn_meet(const pn_rows *s, const int i, const int q) {
  return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(pn_row_of(s, i) + q)),
                              _mm_loadu_ps(pn_row_of(s, i + 4) + q), 1);
}
PN_INLINE void v_load_transposed(vreal *r, const real *p, int64_t stride) {
  const pn_rows s = pn_rows_at(p, stride);
  PN_UNROLL for (int q = 0; q < 8; q += 4) {
    const __m256 a = pn_meet(&s, 0, q), b = pn_meet(&s, 1, q);
    const __m256 c = pn_meet(&s, 2, q), d = pn_meet(&s, 3, q);
    const __m256d ab0 = _mm256_castps_pd(_mm256_unpacklo_ps(a, b));
    const __m256d ab1 = _mm256_castps_pd(_mm256_unpackhi_ps(a, b));
    const __m256d cd0 = _mm256_castps_pd(_mm256_unpacklo_ps(c, d));
    const __m256d cd1 = _mm256_castps_pd(_mm256_unpackhi_ps(c, d));
    r[q + 0] = _mm256_castpd_ps(_mm256_unpacklo_pd(ab0, cd0));
    r[q + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(ab0, cd0));
    r[q + 2] = _mm256_castpd_ps(_mm256_unpacklo_pd(ab1, cd1));
    r[q + 3] = _mm256_castpd_ps(_mm256_unpackhi_pd(ab1, cd1));
  }
}
#elif PN_LEVEL_IS_AVX2
PN_INLINE vreal pn_meet(const pn_rows *s, const int i, const int q) {
  return _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(pn_row_of(s, i) + q)),
                              _mm_loadu_pd(pn_row_of(s, i + 2) + q), 1);
}
PN_INLINE void v_load_transposed(vreal *r, const real *p, int64_t stride) {
  const pn_rows s = pn_rows_at(p, stride);
  PN_UNROLL for (int q = 0; q < 4; q += 2) {
    const __m256d a = pn_meet(&s, 0, q), b = pn_meet(&s, 1, q);
    r[q + 0] = _mm256_unpacklo_pd(a, b);
    r[q + 1] = _mm256_unpackhi_pd(a, b);
  }
}
#else
PN_INLINE void v_load_transposed(vreal *r, const real *p, int64_t stride) {
  PN_UNROLL for (int j = 0; j < PN_VN; j++) r[j] = v_load(p + j * stride);
  v_transpose(r);
}
#endif

#endif

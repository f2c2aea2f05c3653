/* Packing: operands copied into the order in which the tiles read them. */
#include <string.h>

#include "kernels/real/gemm.h"
#include "simd/transpose.h"

void PN_FN(gemm_transpose_block)(real *dst, int64_t ld, const real *src, int64_t stride, int64_t kc,
                                 int64_t n) {
  vreal r[PN_VN];
  if (kc == PN_VN && n == PN_VN) {
    v_load_transposed(r, src, stride);
    PN_UNROLL for (int k = 0; k < PN_VN; k++) v_store(dst + k * ld, r[k]);
    return;
  }
  for (int j = 0; j < PN_VN; j++) r[j] = j < n ? v_load_n(src + j * stride, kc) : v_set1(0);
  v_transpose(r);
  for (int k = 0; k < kc; k++) v_store(dst + k * ld, r[k]);
}

static void pack_transposed(real *dst, int64_t w, const real *b, int64_t csb, int64_t kc,
                            int64_t n) {
  for (int64_t k = 0; k < kc; k += PN_VN) {
    const int64_t deep = pn_min64(kc - k, PN_VN);
    for (int64_t j = 0; j < w; j += PN_VN) {
      const int64_t wide = pn_max64(0, pn_min64(n - j, PN_VN));
      PN_FN(gemm_transpose_block)(dst + k * w + j, w, b + j * csb + k, csb, deep, wide);
    }
  }
}

static void pack_rows(real *dst, int64_t w, const real *b, int64_t rsb, int64_t kc, int64_t n) {
  for (int64_t k = 0; k < kc; k++, dst += w, b += rsb) {
    int64_t j = 0;
    for (; j + PN_VN <= n; j += PN_VN) v_store(dst + j, v_load(b + j));
    for (; j < w; j += PN_VN) v_store(dst + j, v_load_n(b + j, pn_max64(0, n - j)));
  }
}

void PN_FN(gemm_pack_panel)(real *dst, int64_t w, const real *b, int64_t rsb, int64_t csb,
                            int64_t kc, int64_t n) {
  if (csb == 1) {
    pack_rows(dst, w, b, rsb, kc, n);
  } else if (rsb == 1 && kc * n > 64) {
    pack_transposed(dst, w, b, csb, kc, n);
  } else {
    for (int64_t k = 0; k < kc; k++)
      for (int64_t j = 0; j < w; j++) dst[k * w + j] = j < n ? b[k * rsb + j * csb] : 0;
  }
}

/* Panels of `most` rows at the most, k-major: A is contiguous along its rows'
 * index, so each k contributes one short run to each panel.  A few k at a time
 * across all panels, because that is how A lies. */
static void pack_columns(real *dst, const real *a, int64_t csa, int64_t m, int64_t kc,
                         int64_t most) {
  for (int64_t k0 = 0; k0 < kc; k0 += 8)
    for (int64_t i = 0, h; i < m; i += h) {
      h = gemm_next(m - i, most);
      for (int64_t k = k0; k < pn_min64(k0 + 8, kc); k++) {
        real *run = dst + i * kc + k * h;
        const real *src = a + k * csa + i;
        if (h == TILE_PMR)
          memcpy(run, src, TILE_PMR * sizeof(real));
        else
          for (int64_t r = 0; r < h; r++) run[r] = src[r];
      }
    }
}

gemm_rows PN_FN(gemm_pack_rows)(real *dst, const real *a, int64_t rsa, int64_t csa, int64_t m,
                                int64_t kc, int64_t most) {
  if (rsa == 1 && csa != 1) {
    pack_columns(dst, a, csa, m, kc, most);
    return (gemm_rows){dst, kc, 1, 0, true};
  }
  const int64_t ld = kc + PN_GEMM_PAD;
  for (int64_t i = 0; i < m; i++) {
    const real *src = a + i * rsa;
    real *row = dst + i * ld;
    if (csa == 1)
      memcpy(row, src, (size_t)kc * sizeof(real));
    else
      for (int64_t k = 0; k < kc; k++) row[k] = src[k * csa];
  }
  return (gemm_rows){dst, ld, ld, 1, false};
}

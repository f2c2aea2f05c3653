/* Phase 0 of a large product: B into the workspace, in panels of two vectors
 * (the last may have one), K block by K block:
 *   work + k0 * npad + j0 * kc   holds   B[k0 .. k0 + kc)[j0 .. j0 + width).
 * A unit is PN_GEMM_PACK_PANELS panels of one K block. */
#include "kernels/real/gemm.h"

static void pack_unit(const gemm_job *g, const pn_gemm_cut *cut, int64_t k0, int64_t n0,
                      real *work) {
  const int64_t kc = pn_min64(PN_KBLOCK, g->k - k0);
  const int64_t n1 = pn_min64(g->n, n0 + PN_GEMM_PACK_PANELS * 2 * PN_VN);
  for (int64_t j = n0, w; j < n1; j += w) {
    w = pn_min64(2 * PN_VN, n1 - j);
    PN_FN(gemm_pack_panel)(work + k0 * cut->npad + j * kc, pn_ceil_div(w, PN_VN) * PN_VN,
                           g->b + k0 * g->rsb + j * g->csb, g->rsb, g->csb, kc, w);
  }
}

PN_KERNEL(gemm_pack) {
  const pn_gemm_blocks *blocks = &PN_BLOCKS(PN_TYPE, PN_LEVEL);
  pn_gemm_cut cut;
  pn_gemm_cut_of(&cut, a, blocks);
  const int64_t across = pn_ceil_div(cut.npad, PN_GEMM_PACK_PANELS * 2 * PN_VN);
  const int64_t units = pn_gemm_pack_units(&cut, blocks, a->n[PN_GEMM_K]);
  for (int64_t u = begin; u < end; u++) {
    const int64_t i = u / units, v = u - i * units, block = v / across;
    const gemm_job g = gemm_job_of(a, i);
    pack_unit(&g, &cut, block * PN_KBLOCK, (v - block * across) * PN_GEMM_PACK_PANELS * 2 * PN_VN,
              (real *)a->p[PN_GEMM_WORK] + i * g.k * cut.npad);
  }
}

/* Phase 0 of a large product: B into the workspace, in panels of two vectors
 * (the last may have one): the panel of columns from j on begins at
 * work + j * K and has K rows.  A unit is PN_GEMM_PACK_DEPTH rows of k by
 * PN_GEMM_PACK_PANELS panels. */
#include "kernels/real/gemm.h"

enum { WIDTH = TILE_PNV * PN_VN, ACROSS = PN_GEMM_PACK_PANELS * WIDTH };

/* Few rows of B at a time across all panels: B is read along its rows.  Panel
 * by panel instead, it took 0.5 ns an element from 1024 x 1024 on. */
static void pack_unit(const gemm_job *g, int64_t k0, int64_t n0, real *work) {
  const int64_t k1 = pn_min64(g->s->k, k0 + PN_GEMM_PACK_DEPTH),
                n1 = pn_min64(g->s->n, n0 + ACROSS);
  const int64_t step = g->s->csb == 1 ? 8 : PN_GEMM_PACK_DEPTH;
  for (int64_t k = k0; k < k1; k += step)
    for (int64_t j = n0, n; j < n1; j += n) {
      const int64_t w = gemm_panel_vectors(n1 - j) * PN_VN;
      n = pn_min64(w, n1 - j);
      PN_FN(gemm_pack_panel)
      (work + j * g->s->k + k * w, w, g->b + k * g->s->rsb + j * g->s->csb, g->s->rsb, g->s->csb,
       pn_min64(step, k1 - k), n);
    }
}

PN_KERNEL(gemm_pack) {
  const pn_gemm_blocks *blocks = &PN_BLOCKS(PN_TYPE, PN_LEVEL);
  pn_gemm_shape s;
  pn_gemm_cut cut;
  pn_gemm_shape_of(&s, a->n);
  pn_gemm_cut_of(&cut, &s, a, blocks);
  const int64_t across = pn_ceil_div(cut.npad, ACROSS);
  const int64_t units = pn_gemm_pack_units(&cut, blocks, s.k);
  for (int64_t u = begin; u < end; u++) {
    const int64_t i = u / units, v = u - i * units, deep = v / across;
    gemm_job g;
    gemm_job_of(&g, &s, a, i);
    pack_unit(&g, deep * PN_GEMM_PACK_DEPTH, (v - deep * across) * ACROSS,
              (real *)a->p[PN_GEMM_WORK] + i * s.k * cut.npad);
  }
}

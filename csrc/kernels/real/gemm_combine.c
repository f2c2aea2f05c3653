/* Phase 2 of a product whose K blocks (or chunks) were computed apart: the
 * partial results, added in index order, then the rest of the formula. */
#include "kernels/real/gemm.h"

PN_INLINE vreal finish(const gemm_job *g, int64_t i, int64_t j, int64_t n, const real *p,
                       int64_t parts, int64_t step) {
  vreal s = v_load_n(p + j, n);
  for (int64_t q = 1; q < parts; q++) s = v_add(s, v_load_n(p + q * step + j, n));
  if (g->alpha != 1) s = v_mul(s, v_set1(g->alpha));
  if (g->accumulate) s = v_add(v_load_n(g->c + i * g->rsc + j, n), s);
  if (g->bias) s = v_add(s, g->bias_stride ? v_load_n(g->bias + j, n) : v_set1(*g->bias));
  return s;
}

void PN_FN(gemm_finish_row)(const gemm_job *g, int64_t i, const real *p, int64_t parts,
                            int64_t step) {
  real *z = g->z + i * g->rsc;
  for (int64_t j = 0; j < g->s->n; j += PN_VN) {
    const int64_t n = pn_min64(PN_VN, g->s->n - j);
    v_store_n(z + j, finish(g, i, j, n, p, parts, step), n);
  }
  if (g->act || g->z != g->c)
    PN_FN(gemm_activate)(g->c + i * g->rsc, z, g->rsc, 1, g->s->n, g->act);
}

PN_KERNEL(gemm_combine) {
  pn_gemm_shape s;
  pn_gemm_cut cut;
  pn_gemm_shape_of(&s, a->n);
  pn_gemm_cut_of(&cut, &s, a, &PN_BLOCKS(PN_TYPE, PN_LEVEL));
  const int64_t rows = pn_gemm_combine_rows(s.m, s.n), units = pn_ceil_div(s.m, rows);
  for (int64_t u = begin; u < end; u++) {
    const int64_t i = u / units, row = (u - i * units) * rows;
    gemm_job g;
    gemm_job_of(&g, &s, a, i);
    const real *p = (const real *)a->p[PN_GEMM_WORK] + i * cut.parts * s.m * s.n;
    for (int64_t r = row; r < pn_min64(row + rows, s.m); r++)
      PN_FN(gemm_finish_row)(&g, r, p + r * s.n, cut.parts, s.m * s.n);
  }
}

/* Products inside kernels that do more than a product: on the calling thread,
 * without memory of their own.  The bits are those of the product operator
 * (kernels/gemm.h). */
#ifndef PN_REAL_INNER_PRODUCT_H
#define PN_REAL_INNER_PRODUCT_H

#include "kernels/real/gemm.h"

/* So many rows read a right side of any size without packing it
 * (pn_gemm_cut_packing). */
enum { INNER_ROWS = 4 * TILE_PMR };

PN_KERNEL(gemm);

/* c (m, n) = [c +] alpha a (m, k) b (k, n) + bias; b's and c's rows are
 * contiguous, a has any strides. */
typedef struct inner_job {
  int64_t m, n, k;
  const real *a, *b, *bias; /* bias: n elements or NULL */
  real *c;
  int64_t rsa, csa, rsb, rsc;
  real alpha;
  bool accumulate;
} inner_job;

/* At most INNER_ROWS rows and one K block: neither packs nor splits. */
PN_INLINE void inner_block(const inner_job *j, int64_t i0, int64_t m, int64_t k0, int64_t k) {
  pn_args g = {0};
  pn_gemm_shape s;
  const real *a = j->a + i0 * j->rsa + k0 * j->csa, *b = j->b + k0 * j->rsb;
  const bool last = k0 + k == j->k;
  g.p[PN_GEMM_A] = (void *)(uintptr_t)a;
  g.p[PN_GEMM_B] = (void *)(uintptr_t)b;
  g.p[PN_GEMM_BIAS] = (void *)(uintptr_t)(last ? j->bias : NULL);
  g.p[PN_GEMM_C] = j->c + i0 * j->rsc;
  g.f[PN_GEMM_ALPHA] = (double)j->alpha;
  g.flags = j->accumulate || k0 > 0 ? PN_GEMM_ACCUMULATE : 0;
  g.dtype = sizeof(real) == 8 ? PN_F64 : PN_F32;
  g.n[PN_GEMM_M] = m;
  g.n[PN_GEMM_N] = j->n;
  g.n[PN_GEMM_K] = k;
  g.n[PN_GEMM_RSA] = j->rsa;
  g.n[PN_GEMM_CSA] = j->csa;
  g.n[PN_GEMM_RSB] = j->rsb;
  g.n[PN_GEMM_RSC] = j->rsc;
  g.n[PN_GEMM_CSB] = g.n[PN_GEMM_BATCH] = g.n[PN_GEMM_BIAS_STRIDE] = 1;
  pn_gemm_shape_of(&s, g.n);
  if (pn_gemm_is_tiny(&s)) {
    PN_FN(gemm)(&g, 0, 1, NULL);
    return;
  }
  real none[1];
  pn_gemm_cut cut;
  pn_gemm_cut_of(&cut, &s, &g, &PN_BLOCKS(PN_TYPE, PN_LEVEL));
  PN_FN(gemm)(&g, 0, pn_gemm_units(&cut), none);
}

/* K blocks are added in order, each after alpha. */
static void inner_product(const inner_job *j) {
  for (int64_t i = 0; i < j->m; i += INNER_ROWS) {
    const int64_t m = pn_min64(INNER_ROWS, j->m - i);
    inner_block(j, i, m, 0, pn_min64(PN_KBLOCK, j->k));
    for (int64_t k = PN_KBLOCK; k < j->k; k += PN_KBLOCK)
      inner_block(j, i, m, k, pn_min64(PN_KBLOCK, j->k - k));
  }
}

#endif

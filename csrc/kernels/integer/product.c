/* Products of integer matrices in the record of gemm.h, alpha a whole number, no
 * activation; they wrap in their own type.  A unit is a row of one matrix. */
#include "kernels/gemm.h"

#include "kernels/integer/item.h"
#include "kernels/kernel.h"
#include "kernels/walk.h"

static void row_times(const pn_args *a, uitem *c, const item *x, const item *y) {
  const int64_t *n = a->n;
  const uitem alpha = (uitem)(int64_t)a->f[PN_GEMM_ALPHA];
  const item *bias = a->p[PN_GEMM_BIAS];
  for (int64_t j = 0; j < n[PN_GEMM_N]; j++) c[j] = 0;
  for (int64_t k = 0; k < n[PN_GEMM_K]; k++) {
    const uitem f = (uitem)x[k * n[PN_GEMM_CSA]];
    const item *row = y + k * n[PN_GEMM_RSB];
    for (int64_t j = 0; j < n[PN_GEMM_N]; j++)
      c[j] = (uitem)(c[j] + f * (uitem)row[j * n[PN_GEMM_CSB]]);
  }
  for (int64_t j = 0; j < n[PN_GEMM_N]; j++)
    c[j] = (uitem)(alpha * c[j] + (bias ? (uitem)bias[j * n[PN_GEMM_BIAS_STRIDE]] : 0));
}

PN_KERNEL(product) {
  const int64_t *n = a->n, rows = n[PN_GEMM_M];
  const pn_gemm_batch *block = a->block;
  for (int64_t u = begin; u < end; u++) {
    const int64_t b = u / rows, i = u - b * rows;
    int64_t at = b * n[PN_GEMM_BSA], bt = b * n[PN_GEMM_BSB];
    if (block) {
      at = pn_walk_offset(block->ndim, block->shape, block->stride_a, b);
      bt = pn_walk_offset(block->ndim, block->shape, block->stride_b, b);
    }
    row_times(a, (uitem *)a->p[PN_GEMM_C] + b * n[PN_GEMM_BSC] + i * n[PN_GEMM_RSC],
              (const item *)a->p[PN_GEMM_A] + at + i * n[PN_GEMM_RSA],
              (const item *)a->p[PN_GEMM_B] + bt);
  }
}

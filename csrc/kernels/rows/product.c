/* Products of integers: a row is a unit. */
#include "kernels/gemm.h"

#include "kernels/table.h"

void pn_plan_product(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const int64_t *n = a->n;
  w->units = n[PN_GEMM_BATCH] * n[PN_GEMM_M];
  w->cost = row->cost * (double)n[PN_GEMM_N] * (double)n[PN_GEMM_K] + 5;
  w->scratch = 0;
}

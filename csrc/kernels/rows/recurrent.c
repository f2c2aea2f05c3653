/* Recurrent layers: a few sequences, over all steps, are a unit. */
#include "kernels/recurrent.h"

#include "kernels/table.h"

extern const pn_level *pn_active; /* the level in use; set by the dispatcher */

void pn_plan_recurrent(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const int64_t *n = a->n, hidden = n[PN_RN_HIDDEN], gates = pn_rn_gates(a->flags) * hidden;
  const double rows = (double)pn_min64(n[PN_RN_BATCH], PN_RN_ROWS) * (double)n[PN_RN_STEPS];
  w->units = hidden ? pn_ceil_div(n[PN_RN_BATCH], PN_RN_ROWS) : 0;
  w->cost = rows * (double)gates * (row->cost + 0.02 * (double)hidden);
  w->scratch = 0;
  if (row->kernel[0] != PN_K_recurrent) return;
  /* the product of one step, for as many rows as are taken together */
  const int64_t together = 4 * pn_active->gemm[a->dtype == PN_F64].mr;
  w->scratch = (size_t)(pn_min64(n[PN_RN_BATCH], together) * gates) * (a->dtype == PN_F64 ? 8 : 4);
}

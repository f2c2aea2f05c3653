/* CTC: a sample is a unit. */
#include "kernels/ctc.h"

#include "kernels/table.h"

void pn_plan_ctc(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const int64_t *n = a->n;
  w->units = n[PN_CTC_N];
  w->cost = row->cost * (double)n[PN_CTC_T] * (double)(n[PN_CTC_STATES] + n[PN_CTC_C] / 4);
  w->scratch = (size_t)pn_ctc_scratch(n[PN_CTC_STATES], n[PN_CTC_C]) * 8;
}

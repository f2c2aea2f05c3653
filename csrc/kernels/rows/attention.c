/* Attention: blocks of query rows, or whole matrices. */
#include "kernels/attention.h"

#include "kernels/table.h"

void pn_plan_attention(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const int64_t *n = a->n, rows = pn_min64(n[PN_AT_L], PN_AT_ROWS), ld = pn_at_row(n[PN_AT_S]);
  const bool back = row->kernel[0] == PN_K_attention_backward;
  const double products = (double)(n[PN_AT_E] + n[PN_AT_EV]) * (back ? 2.5 : 1);
  const double item = (0.02 * products + row->cost) * (double)n[PN_AT_S];
  w->units = n[PN_AT_BATCH] * (back ? 1 : pn_ceil_div(n[PN_AT_L], PN_AT_ROWS));
  w->cost = item * (double)(back ? n[PN_AT_L] : rows) + 50;
  w->scratch = (size_t)(ld * (n[PN_AT_E] + rows + (back ? n[PN_AT_EV] + rows : 0))) *
               (a->dtype == PN_F64 ? 8 : 4);
}

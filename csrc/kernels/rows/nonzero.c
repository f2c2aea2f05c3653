/* nonzero: chunks of elements. */
#include "kernels/nonzero.h"

#include "kernels/table.h"

void pn_plan_nonzero(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  w->units = pn_ceil_div(a->n[PN_NZ_NUMEL], PN_NZ_UNIT);
  w->cost = row->cost * (double)pn_min64(a->n[PN_NZ_NUMEL], PN_NZ_UNIT);
  w->scratch = 0;
}

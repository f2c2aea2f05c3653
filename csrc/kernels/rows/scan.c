/* Scans: a block of lines is a unit. */
#include "kernels/scan.h"

#include "kernels/table.h"

void pn_plan_scan(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const int64_t *n = a->n;
  const int64_t inner = n[PN_SCAN_INNER], outer = n[PN_SCAN_OUTER], axis = n[PN_SCAN_AXIS];
  const int64_t lines =
      inner == 1 ? pn_min64(outer, PN_SCAN_LINES) : pn_min64(inner, PN_SCAN_COLBLOCK);
  w->units =
      inner == 1 ? pn_ceil_div(outer, PN_SCAN_LINES) : outer * pn_ceil_div(inner, PN_SCAN_COLBLOCK);
  if (axis == 0) w->units = 0;
  w->cost = row->cost * (double)(axis * lines);
  w->scratch = 0;
}

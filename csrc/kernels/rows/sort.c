/* Sorting: a unit is a row; two pairs of scratch for every element. */
#include "kernels/sort.h"

#include "kernels/table.h"

static double log2_of(int64_t n) {
  int bits = 1;
  for (; n > 2; n >>= 1) bits++;
  return bits;
}

static size_t pairs(const pn_args *a, int64_t n) {
  bool wide = a->dtype == PN_F64 || a->dtype == PN_I64;
  return (size_t)n * 2 * (wide ? 16 : 8);
}

void pn_plan_sort(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  int64_t n = a->n[PN_SO_LENGTH];
  w->units = n ? a->n[PN_SO_ROWS] : 0;
  w->cost = 5.0 + row->cost * (double)n * pn_min64(10, (int64_t)log2_of(n));
  w->scratch = pairs(a, n);
}

void pn_plan_topk(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  int64_t n = a->n[PN_SO_LENGTH], k = a->n[PN_SO_K];
  pn_plan_sort(row, a, phase, w);
  if (k == 0) w->units = 0;
  if (k >= n / 8) return;
  w->cost = 5.0 + row->cost * (double)n;
  w->scratch = pairs(a, k);
}

void pn_plan_searchsorted(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  int64_t count = a->n[PN_SS_COUNT];
  w->units = a->n[PN_SS_ROWS] * pn_ceil_div(count, PN_SS_UNIT);
  w->cost = row->cost * (double)pn_min64(count, PN_SS_UNIT) * log2_of(a->n[PN_SS_LENGTH]);
  w->scratch = 0;
}

/* The softmax family: one row, or one block of columns, is a unit. */
#include "kernels/softmax.h"

#include "kernels/table.h"

/* Scratch for operands whose elements do not lie side by side. */
static size_t scratch_of(const pn_args *a) {
  const int64_t *n = a->n;
  int64_t inner = n[PN_SM_INNER], side = inner == 1 ? 1 : 2;
  const int64_t *x = n + PN_SM_STRIDE_X, *g = n + PN_SM_STRIDE_G;
  if (x[side] == 1 && (a->p[PN_SM_G] == NULL || g[side] == 1)) return 0;
  return (size_t)(n[PN_SM_AXIS] * pn_min64(inner, PN_SM_COLBLOCK)) * 16;
}

void pn_plan_softmax(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const int64_t *n = a->n;
  int64_t inner = n[PN_SM_INNER], axis = n[PN_SM_AXIS];
  w->units = n[PN_SM_OUTER];
  w->cost = row->cost * (double)axis;
  if (inner != 1) {
    w->units *= pn_ceil_div(inner, PN_SM_COLBLOCK);
    w->cost *= (double)pn_min64(inner, PN_SM_COLBLOCK);
  }
  if (axis == 0) w->units = 0;
  w->scratch = scratch_of(a);
}

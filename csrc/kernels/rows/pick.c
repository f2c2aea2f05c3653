/* Indexing with integer tensors: rows when reading, pieces of x when writing. */
#include "kernels/pick.h"

#include "kernels/table.h"

void pn_plan_index(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const pn_pick_indices *p = a->block;
  w->units = pn_ceil_div(a->n[PN_PO_NUMEL], PN_PO_UNIT);
  w->cost = row->cost * (double)(pn_min64(a->n[PN_PO_NUMEL], PN_PO_UNIT) * p->count);
  w->scratch = 0;
}

void pn_plan_pick(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  int64_t inner = a->n[PN_PK_ROWS] * a->n[PN_PK_COLS];
  w->units = inner ? a->n[PN_PK_OUTER] * a->n[PN_PK_COUNT] : 0;
  w->cost = 1.0 + row->cost * (double)inner;
  w->scratch = 0;
}

void pn_plan_pick_write(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const int64_t *n = a->n;
  w->units = n[PN_PK_COUNT] ? n[PN_PK_OUTER] * n[PN_PK_ROWS] * n[PN_PK_BLOCKS] : 0;
  w->cost =
      (double)n[PN_PK_COUNT] * (1.0 + row->cost * (double)pn_min64(n[PN_PK_COLS], PN_PK_BLOCK));
  w->scratch = 0;
}

void pn_pick_append(pn_pick_dims *d, int64_t size, int64_t x, int64_t y) {
  if (size == 1) return;
  int p = d->ndim - 1;
  if (p >= 0 && d->x[p] == x * size && d->y[p] == y * size) {
    d->shape[p] *= size;
  } else {
    d->shape[++p] = size;
    d->ndim++;
  }
  d->x[p] = x;
  d->y[p] = y;
}

/* Losses: chunks of elements, or rows of classes; then one combining unit. */
#include "kernels/loss.h"

#include "kernels/table.h"

static bool reduces(const pn_args *a) { return (a->flags & PN_LOSS_REDUCTION) != PN_LOSS_NONE; }

void pn_plan_loss(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  int64_t count = a->n[PN_LOSS_COUNT];
  if (phase == 0) {
    int64_t chunk = pn_min64(count, PN_CHUNK);
    w->units = pn_max64(pn_ceil_div(count, PN_CHUNK), reduces(a));
    w->cost = row->cost * (double)chunk;
    w->scratch = row->kernel[0] == PN_K_mse ? 0 : (size_t)chunk * sizeof(double);
  } else {
    w->units = reduces(a) && count > PN_CHUNK;
    w->cost = row->cost * (double)(count / PN_CHUNK);
    w->scratch = 0;
  }
}

void pn_plan_loss_backward(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  int64_t count = a->n[PN_LOSS_COUNT];
  w->units = pn_ceil_div(count, PN_CHUNK);
  w->cost = row->cost * (double)pn_min64(count, PN_CHUNK);
  w->scratch = 0;
}

/* Phase 0 of the loss, and its gradient: rows, or blocks of columns; what is
 * small, or has classes 0, is one unit. */
static void plan_rows(const pn_row *row, const pn_args *a, pn_work *w) {
  const int64_t *n = a->n;
  int64_t inner = n[PN_CE_INNER], classes = n[PN_CE_CLASSES];
  int64_t cols = pn_min64(inner, PN_CE_COLBLOCK);
  w->units = n[PN_CE_OUTER] * (inner == 1 ? 1 : pn_ceil_div(inner, PN_CE_COLBLOCK));
  w->cost = row->cost * (double)(classes * cols);
  w->scratch = n[PN_CE_STRIDE_X + (inner == 1 ? 1 : 2)] == 1 ? 0 : (size_t)(classes * cols) * 8;
}

void pn_plan_cross_entropy(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  bool small = pn_cross_entropy_small(a), combine = reduces(a) && row->phases == 2;
  if (phase == 0) {
    plan_rows(row, a, w);
    if (!small) return;
    w->cost *= (double)w->units;
    w->units = combine || w->units > 0;
  } else {
    w->units = combine && !small;
    w->cost = 0.1 * (double)(a->n[PN_CE_OUTER] * a->n[PN_CE_INNER]);
    w->scratch = 0;
  }
}

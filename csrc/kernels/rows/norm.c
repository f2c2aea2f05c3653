/* Normalisation: a row, a channel, or a block of columns is a unit. */
#include "kernels/norm.h"

#include "kernels/table.h"
#include "pn_contract.h"

static int64_t chunks_of(const pn_args *a) {
  return a->n[PN_NORM_S] == 1 ? pn_ceil_div(a->n[PN_NORM_N], PN_ROWCHUNK) : 1;
}

size_t pn_norm_work(const pn_args *a) {
  int64_t chunks = chunks_of(a);
  size_t item = a->dtype == PN_F64 ? 8 : 4;
  return chunks > 1 ? (size_t)(2 * chunks * a->n[PN_NORM_C]) * item : 0;
}

void pn_plan_group_norm(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const int64_t *n = a->n;
  w->units = n[PN_NORM_N] * n[PN_NORM_GROUPS];
  w->cost = row->cost * (double)(n[PN_NORM_C] / n[PN_NORM_GROUPS] * n[PN_NORM_S]);
}

/* Phases: sums of channels or of blocks of columns and chunks; chunks added. */
void pn_plan_norm_sums(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const int64_t *n = a->n;
  int64_t chunks = chunks_of(a), blocks = pn_ceil_div(n[PN_NORM_C], PN_NORM_COLBLOCK);
  if (phase == 1) {
    w->units = chunks > 1 ? blocks : 0;
    w->cost = (double)(chunks * PN_NORM_COLBLOCK) * 0.2;
  } else if (n[PN_NORM_S] == 1) {
    w->units = blocks * chunks;
    w->cost = row->cost * (double)(pn_min64(n[PN_NORM_N], PN_ROWCHUNK) *
                                   pn_min64(n[PN_NORM_C], PN_NORM_COLBLOCK));
  } else {
    w->units = n[PN_NORM_C];
    w->cost = row->cost * (double)(n[PN_NORM_N] * n[PN_NORM_S]);
  }
}

/* Phases: 1 / sqrt(v + eps) and the running statistics; the samples. */
void pn_plan_batch_norm(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const int64_t *n = a->n;
  if (phase == 0 && row->phases == 2) {
    w->units = 1;
    w->cost = (double)n[PN_NORM_C];
  } else {
    w->units = n[PN_NORM_S] == 1 ? n[PN_NORM_N] : n[PN_NORM_N] * n[PN_NORM_C];
    w->cost = row->cost * (double)(n[PN_NORM_S] == 1 ? n[PN_NORM_C] : n[PN_NORM_S]);
  }
}

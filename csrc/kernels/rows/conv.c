/* Work of the convolutions. */
#include "kernels/conv_plan.h"

extern const pn_level *pn_active; /* the level in use; set by the dispatcher */

static const pn_gemm_blocks *active_blocks(const pn_args *a) {
  return &pn_active->gemm[a->dtype == PN_F64];
}

static size_t item_size(const pn_args *a) { return a->dtype == PN_F64 ? 8 : 4; }

/* Packing takes about 0.4 ns an element whatever the level. */
enum { PACK_COST = 4 };

void pn_plan_conv(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const pn_gemm_blocks *b = active_blocks(a);
  pn_conv_geom g;
  pn_conv_cut c;
  *w = (pn_work){0};
  pn_conv_geom_of(&g, a, 0);
  pn_conv_cut_of(&c, &g, a, b);
  if (a->n[PN_CV_CO] * a->n[PN_CV_GROUPS] * c.panels == 0) return;
  const double k = (double)(a->n[PN_CV_CI] * g.taps);
  if (phase == 0) {
    if (!(a->flags & PN_CV_TRANSPOSED)) return;
    w->units = c.phases * a->n[PN_CV_GROUPS] * a->n[PN_CV_CO];
    w->cost = k;
    return;
  }
  if (pn_conv_is_depthwise(a)) {
    w->units = c.phases * a->n[PN_CV_GROUPS] * a->n[PN_CV_BATCH];
    w->cost = (double)g.positions * (1 + 0.1 * k) + 50;
    w->scratch = (size_t)pn_conv_depthwise_scratch(&g, a) * item_size(a);
    return;
  }
  const double columns = (double)pn_min64(b->nr, a->n[PN_CV_BATCH] * g.positions);
  w->units = c.phases * a->n[PN_CV_GROUPS] * c.blocks * c.panels;
  w->cost = columns * (k * (row->cost * (double)c.rows + 0.1 * PACK_COST) + (double)c.rows) + 50;
  w->scratch = (size_t)pn_conv_scratch(&c, b) * item_size(a);
}

size_t pn_conv_workspace(const pn_args *a) {
  if (!(a->flags & PN_CV_TRANSPOSED)) return 0;
  int64_t items = a->n[PN_CV_GROUPS] * a->n[PN_CV_CO] * a->n[PN_CV_CI];
  for (int d = 0; d < 3; d++) items *= a->n[PN_CV_KERNEL + d];
  return (size_t)items * item_size(a);
}

void pn_plan_conv_weight(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const pn_gemm_blocks *b = active_blocks(a);
  pn_conv_geom g;
  pn_conv_weight_cut c;
  *w = (pn_work){0};
  pn_conv_geom_of(&g, a, 0);
  pn_conv_weight_cut_of(&c, &g, a, b);
  if (pn_conv_sums_planes(a)) {
    if (phase) return;
    w->units = a->n[PN_CV_GROUPS];
    w->cost = (double)(a->n[PN_CV_BATCH] * g.positions) * (1 + 0.1 * (double)g.taps) + 50;
    w->scratch = (size_t)pn_conv_depthwise_scratch(&g, a) * item_size(a);
    return;
  }
  const double outputs = (double)(c.rows * a->n[PN_CV_CO]);
  const double k = (double)(a->n[PN_CV_BATCH] * g.positions) / (double)(c.split ? c.parts : 1);
  if (phase == 0) {
    w->units = a->n[PN_CV_CO] ? a->n[PN_CV_GROUPS] * c.blocks : 0;
    w->cost = k * (row->cost * outputs + 0.1 * PACK_COST * (double)(c.rows + a->n[PN_CV_CO])) + 50;
    w->scratch = (size_t)pn_conv_weight_scratch(&c, a, b) * item_size(a);
  } else if (c.split) {
    w->units = a->n[PN_CV_GROUPS] * a->n[PN_CV_CO];
    w->cost = 0.5 * (double)(c.rows * c.parts);
  }
}

size_t pn_conv_weight_workspace(const pn_args *a) {
  pn_conv_geom g;
  pn_conv_weight_cut c;
  pn_conv_geom_of(&g, a, 0);
  pn_conv_weight_cut_of(&c, &g, a, active_blocks(a));
  if (!c.split) return 0;
  return (size_t)(a->n[PN_CV_GROUPS] * c.parts * c.rows * a->n[PN_CV_CO]) * item_size(a);
}

/* Work of the product family: pack, compute, combine. */
#include "kernels/gemm_plan.h"

extern const pn_level *pn_active; /* the level in use; set by the dispatcher */

static const pn_gemm_blocks *active_blocks(const pn_args *a) {
  return &pn_active->gemm[a->dtype == PN_F64];
}

static size_t item_size(const pn_args *a) { return a->dtype == PN_F64 ? 8 : 4; }

static void plan_compute(const pn_row *row, const pn_args *a, const pn_gemm_cut *c, pn_work *w) {
  const int64_t k = a->n[PN_GEMM_K];
  int64_t scratch =
      pn_gemm_scratch_a(c) + pn_gemm_scratch_b(c, active_blocks(a)) + pn_gemm_scratch_sums(c, a);
  if (c->kind == PN_GEMM_DOT) scratch = 2 * PN_CHUNK;
  w->units = a->n[PN_GEMM_BATCH] * pn_gemm_units(c);
  const double share = c->us > 1 ? (double)c->group / (double)c->parts : 1;
  w->cost = row->cost * (double)c->mb * (double)c->nb * (double)k * share + 20;
  w->scratch = (size_t)scratch * item_size(a);
}

void pn_plan_gemm(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  pn_gemm_shape s;
  pn_gemm_shape_of(&s, a->n);
  *w = (pn_work){0};
  if (pn_gemm_is_tiny(&s)) {
    if (phase != 1 || s.m * s.n == 0) return;
    w->units = a->n[PN_GEMM_BATCH];
    w->cost = row->cost * (double)(s.m * s.n * s.k) + 20;
    return;
  }
  const pn_gemm_blocks *g = active_blocks(a);
  pn_gemm_cut c;
  pn_gemm_cut_of(&c, &s, a, g);
  if (phase == 1) {
    plan_compute(row, a, &c, w);
  } else if (phase == 0 && c.kind == PN_GEMM_SHARED) {
    w->units = pn_gemm_packed_matrices(a) * pn_gemm_pack_units(&c, g, s.k);
    const int64_t width = pn_min64(c.npad, PN_GEMM_PACK_PANELS * g->nr);
    w->cost = 0.3 * (double)(width * PN_GEMM_PACK_DEPTH); /* 0.3 ns an element */
  } else if (phase == 2 && pn_gemm_combines(&c)) {
    const int64_t rows = pn_gemm_combine_rows(s.m, s.n);
    w->units = a->n[PN_GEMM_BATCH] * pn_ceil_div(s.m, rows);
    w->cost = 0.3 * (double)(rows * s.n * c.parts);
  }
}

size_t pn_gemm_workspace(const pn_args *a) {
  pn_gemm_shape s;
  pn_gemm_shape_of(&s, a->n);
  if (pn_gemm_is_tiny(&s)) return 0;
  pn_gemm_cut c;
  pn_gemm_cut_of(&c, &s, a, active_blocks(a));
  int64_t items = 0;
  if (c.kind == PN_GEMM_SHARED) items = pn_gemm_packed_matrices(a) * s.k * c.npad;
  if (pn_gemm_combines(&c)) items = a->n[PN_GEMM_BATCH] * c.parts * s.m * s.n;
  return (size_t)items * item_size(a);
}

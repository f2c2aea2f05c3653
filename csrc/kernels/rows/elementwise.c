/* The plan of elementwise operators, and the walk over records with outer
 * dimensions or long rows (the short ones never come here). */
#include "kernels/ew_walk.h"
#include "kernels/table.h"

void pn_plan_elementwise(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const pn_ew_outer *outer = a->block;
  int64_t rows = a->n[PN_EW_ROWS], cols = a->n[PN_EW_COLS];
  w->units = (outer ? outer->count : 1) * rows * pn_ceil_div(cols, PN_EW_CHUNK);
  w->cost = 1.0 + row->cost * (double)pn_min64(cols, PN_EW_CHUNK);
  w->scratch = 0;
}

static void set_base(const pn_ew_outer *o, pn_ew_walk *w) {
  for (int i = 0; i < w->operands; i++) {
    w->base[i] = 0;
    for (int d = 0; o && d < o->ndim; d++) w->base[i] += w->at[d] * o->stride[i][d];
  }
}

void pn_ew_begin_outer(const pn_args *a, int operands, int64_t begin, int64_t end, pn_ew_walk *w) {
  const pn_ew_outer *o = a->block;
  int64_t chunks = pn_ceil_div(a->n[PN_EW_COLS], PN_EW_CHUNK), rows = a->n[PN_EW_ROWS];
  w->operands = operands;
  w->left = end - begin;
  w->rows = 0;
  if (w->left <= 0) return;
  int64_t index = begin / chunks;
  w->chunk = begin - index * chunks;
  int64_t outer = index / rows;
  w->row = index - outer * rows;
  for (int d = o ? o->ndim - 1 : -1; d >= 0; d--) {
    int64_t q = outer / o->shape[d];
    w->at[d] = outer - q * o->shape[d];
    outer = q;
  }
  set_base(o, w);
  pn_ew_next_outer(a, w);
}

/* One chunk of a long row, or all rows that are left of this outer index. */
bool pn_ew_next_outer(const pn_args *a, pn_ew_walk *w) {
  w->rows = 0;
  if (!w->left) return false;
  const pn_ew_outer *o = a->block;
  int64_t cols = a->n[PN_EW_COLS], rows = a->n[PN_EW_ROWS];
  int64_t chunks = pn_ceil_div(cols, PN_EW_CHUNK), first = w->chunk * PN_EW_CHUNK;
  for (int i = 0; i < w->operands; i++)
    w->offset[i] = w->base[i] + w->row * pn_ew_row_stride(a, i) + first * pn_ew_col_stride(a, i);
  if (chunks > 1) {
    w->rows = 1;
    w->cols = pn_min64(cols - first, PN_EW_CHUNK);
    w->left--;
    w->chunk++;
    if (w->chunk < chunks) return true;
    w->chunk = 0;
    w->row++;
  } else {
    w->rows = pn_min64(rows - w->row, w->left);
    w->cols = cols;
    w->left -= w->rows;
    w->row += w->rows;
  }
  if (w->row < rows || !o) return true;
  w->row = 0;
  for (int d = o->ndim - 1; d >= 0; d--) {
    if (++w->at[d] < o->shape[d]) break;
    w->at[d] = 0;
  }
  set_base(o, w);
  return true;
}

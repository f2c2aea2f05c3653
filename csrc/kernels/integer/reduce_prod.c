/* Products of integers and bools: they wrap in int64. */
#include "kernels/integer/reduce.h"

static uint64_t column_prod(const pn_args *a, const piece *p, int64_t column) {
  uint64_t total = 1;
  const item *x = p->x + column * p->col_stride;
  pn_walk w;
  if (p->count == 0) return 1;
  piece_walk(a, p->start, &w);
  for (int64_t i = 0; i < p->count;) {
    int64_t run = pn_min64(pn_walk_run(&w), p->count - i), stride = pn_walk_stride(&w);
    for (int64_t j = 0; j < run; j++) total *= (uint64_t)x[w.offset + j * stride];
    i += run;
    pn_walk_step(&w, run);
  }
  return total;
}

PN_KERNEL(prod) {
  bool split = a->n[PN_RED_SPLIT];
  uint64_t *out = a->p[split ? PN_RED_WORK : PN_RED_OUT];
  for (int64_t u = begin; u < end; u++) {
    piece p = piece_at(a, u);
    for (int64_t c = 0; c < p.cols; c++)
      out[(split ? p.part : p.output) + c] = column_prod(a, &p, c);
  }
}

PN_KERNEL(prod_combine) {
  int64_t outputs = a->n[PN_RED_OUTPUTS], last = pn_min64(end * PN_RED_COLBLOCK, outputs);
  for (int64_t o = begin * PN_RED_COLBLOCK; o < last; o++) {
    const uint64_t *part = (const uint64_t *)a->p[PN_RED_WORK] + o;
    uint64_t total = 1;
    for (int64_t k = 0; k < a->n[PN_RED_CHUNKS]; k++) total *= part[k * outputs];
    ((uint64_t *)a->p[PN_RED_OUT])[o] = total;
  }
}

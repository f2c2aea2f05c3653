/* Sums of integers and bools: they wrap in int64. */
#include "kernels/integer/reduce.h"

/* Rows whose columns lie side by side are added row by row, else each column
 * along its run. */
static void add_run(uint64_t *total, const piece *p, const item *x, int64_t stride, int64_t run) {
  if (p->cols > 1 && p->col_stride == 1) {
    for (int64_t i = 0; i < run; i++, x += stride)
      for (int64_t c = 0; c < p->cols; c++) total[c] += (uint64_t)x[c];
    return;
  }
  for (int64_t c = 0; c < p->cols; c++) {
    const item *y = x + c * p->col_stride;
    uint64_t sum = 0;
    if (stride == 1)
      for (int64_t i = 0; i < run; i++) sum += (uint64_t)y[i];
    else
      for (int64_t i = 0; i < run; i++) sum += (uint64_t)y[i * stride];
    total[c] += sum;
  }
}

PN_KERNEL(sum) {
  bool split = a->n[PN_RED_SPLIT];
  uint64_t *out = a->p[split ? PN_RED_WORK : PN_RED_OUT];
  for (int64_t u = begin; u < end; u++) {
    piece p = piece_at(a, u);
    uint64_t *total = out + (split ? p.part : p.output);
    for (int64_t c = 0; c < p.cols; c++) total[c] = 0;
    if (p.count == 0) continue;
    pn_walk w;
    piece_walk(a, p.start, &w);
    for (int64_t i = 0; i < p.count;) {
      int64_t run = pn_min64(pn_walk_run(&w), p.count - i);
      add_run(total, &p, p.x + w.offset, pn_walk_stride(&w), run);
      i += run;
      pn_walk_step(&w, run);
    }
  }
}

PN_KERNEL(sum_combine) {
  int64_t outputs = a->n[PN_RED_OUTPUTS], last = pn_min64(end * PN_RED_COLBLOCK, outputs);
  for (int64_t o = begin * PN_RED_COLBLOCK; o < last; o++) {
    const uint64_t *part = (const uint64_t *)a->p[PN_RED_WORK] + o;
    uint64_t total = 0;
    for (int64_t k = 0; k < a->n[PN_RED_CHUNKS]; k++) total += part[k * outputs];
    ((uint64_t *)a->p[PN_RED_OUT])[o] = total;
  }
}

/* max and min of integers and bools, with or without the index of the first. */
#include "kernels/integer/reduce.h"

static inline item joined(bool min, item a, item b) { return (min ? b < a : b > a) ? b : a; }

/* best[c] joined with a run of each column. */
static inline void join_run(bool min, item *best, const piece *p, const item *x, int64_t stride,
                            int64_t run) {
  if (p->cols > 1 && p->col_stride == 1) {
    for (int64_t i = 0; i < run; i++, x += stride)
      for (int64_t c = 0; c < p->cols; c++) best[c] = joined(min, best[c], x[c]);
    return;
  }
  for (int64_t c = 0; c < p->cols; c++) {
    const item *y = x + c * p->col_stride;
    item b = best[c];
    if (stride == 1)
      for (int64_t i = 0; i < run; i++) b = joined(min, b, y[i]);
    else
      for (int64_t i = 0; i < run; i++) b = joined(min, b, y[i * stride]);
    best[c] = b;
  }
}

static void join_piece(const pn_args *a, const piece *p, item *best) {
  bool min = a->flags & PN_RED_MIN;
  pn_walk w;
  piece_walk(a, p->start, &w);
  for (int64_t c = 0; c < p->cols; c++) best[c] = p->x[w.offset + c * p->col_stride];
  for (int64_t i = 0; i < p->count;) {
    int64_t run = pn_min64(pn_walk_run(&w), p->count - i);
    if (min)
      join_run(true, best, p, p->x + w.offset, pn_walk_stride(&w), run);
    else
      join_run(false, best, p, p->x + w.offset, pn_walk_stride(&w), run);
    i += run;
    pn_walk_step(&w, run);
  }
}

/* The first element from `start` on that equals value, which is there. */
static int64_t find(const pn_args *a, const item *x, int64_t start, item value) {
  pn_walk w;
  piece_walk(a, start, &w);
  for (int64_t at = start;;) {
    int64_t run = pn_walk_run(&w), stride = pn_walk_stride(&w);
    for (int64_t i = 0; i < run; i++)
      if (x[w.offset + i * stride] == value) return at + i;
    at += run;
    pn_walk_step(&w, run);
  }
}

static void store(const pn_args *a, int64_t o, const item *x, item best, int64_t start) {
  if (a->p[PN_RED_OUT]) ((item *)a->p[PN_RED_OUT])[o] = best;
  if (a->p[PN_RED_OUT2]) ((int64_t *)a->p[PN_RED_OUT2])[o] = find(a, x, start, best);
}

PN_KERNEL(extreme) {
  for (int64_t u = begin; u < end; u++) {
    item best[PN_RED_COLBLOCK];
    piece p = piece_at(a, u);
    if (a->n[PN_RED_SPLIT]) {
      join_piece(a, &p, (item *)a->p[PN_RED_WORK] + p.part);
      continue;
    }
    join_piece(a, &p, best);
    for (int64_t c = 0; c < p.cols; c++) store(a, p.output + c, p.x + c * p.col_stride, best[c], 0);
  }
}

PN_KERNEL(extreme_combine) {
  bool min = a->flags & PN_RED_MIN;
  const int64_t *n = a->n;
  int64_t outputs = n[PN_RED_OUTPUTS], last = pn_min64(end * PN_RED_COLBLOCK, outputs);
  int64_t size = n[PN_RED_COLS] ? PN_ROWCHUNK : PN_CHUNK;
  for (int64_t o = begin * PN_RED_COLBLOCK; o < last; o++) {
    const item *part = (const item *)a->p[PN_RED_WORK] + o;
    item best = part[0];
    int64_t first = 0;
    for (int64_t k = 1; k < n[PN_RED_CHUNKS]; k++) {
      if (joined(min, best, part[k * outputs]) == best) continue;
      best = part[k * outputs];
      first = k;
    }
    const item *x = (const item *)a->p[PN_RED_IN] +
                    pn_walk_offset((int)n[PN_RED_KEPT], n + PN_RED_SHAPE, n + PN_RED_STRIDE, o);
    store(a, o, x, best, first * size);
  }
}

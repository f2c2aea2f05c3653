/* What the integer reductions share: a piece of work, and its runs.  No order
 * matters to integers, so there is no chunk rule; the division into chunks is
 * that of the record (kernels/reduce.h). */
#ifndef PN_INTEGER_REDUCE_H
#define PN_INTEGER_REDUCE_H

#include "kernels/integer/item.h"
#include "kernels/kernel.h"
#include "kernels/reduce.h"
#include "kernels/walk.h"

/* Elements start..start+count-1 of each of `cols` outputs. */
typedef struct piece {
  const item *x; /* element 0 of the first output */
  int64_t output, cols, col_stride, start, count;
  int64_t part; /* where its partials begin in the workspace */
} piece;

static inline piece piece_at(const pn_args *a, int64_t unit) {
  const int64_t *n = a->n;
  int64_t chunks = n[PN_RED_SPLIT] ? n[PN_RED_CHUNKS] : 1, k = unit % chunks, u = unit / chunks;
  int64_t width = n[PN_RED_COLS] ? n[PN_RED_COLS] : 1;
  int64_t block = n[PN_RED_BLOCK], blocks = pn_ceil_div(width, block), outer = u / blocks;
  int64_t c = (u - outer * blocks) * block;
  int64_t size = n[PN_RED_COLS] ? PN_ROWCHUNK : PN_CHUNK;
  int kept = (int)n[PN_RED_KEPT] - (n[PN_RED_COLS] != 0);
  piece p;
  p.output = outer * width + c;
  p.cols = pn_min64(width - c, block);
  p.col_stride = n[PN_RED_COLS] ? n[PN_RED_STRIDE + kept] : 0;
  p.x = (const item *)a->p[PN_RED_IN] + c * p.col_stride +
        pn_walk_offset(kept, n + PN_RED_SHAPE, n + PN_RED_STRIDE, outer);
  p.start = n[PN_RED_SPLIT] ? k * size : 0;
  p.count = n[PN_RED_SPLIT] ? pn_min64(n[PN_RED_COUNT] - p.start, size) : n[PN_RED_COUNT];
  p.part = k * n[PN_RED_OUTPUTS] + p.output;
  return p;
}

/* Starts at element `start` of an output's sequence. */
static inline void piece_walk(const pn_args *a, int64_t start, pn_walk *w) {
  const int64_t *n = a->n;
  pn_walk_start(w, (int)n[PN_RED_REDUCED], n + PN_RED_SHAPE + n[PN_RED_KEPT],
                n + PN_RED_STRIDE + n[PN_RED_KEPT], start);
}

#endif

/* The loop of the scatter kernels (index.h) for one type `item`. */
#ifndef PN_SCATTER_LINES_H
#define PN_SCATTER_LINES_H

#include "kernels/index_status.h"
#include "kernels/kernel.h"
#include "kernels/walk.h"
#include "simd/compiler.h"

/* Unit u is a block of lines: no two lines meet in one output. */
PN_INLINE void scatter_lines(const pn_args *a, int64_t begin, int64_t end,
                             item (*combine)(item, item)) {
  const int64_t *n = a->n;
  const pn_scatter_lines *l = a->block;
  int last = l->ndim - 1;
  int64_t so = l->stride_out[last], ss = l->stride_src[last], si = l->stride_index[last];
  bool is32 = a->flags & PN_INDEX_32, wrap = a->flags & PN_INDEX_WRAP;
  for (int64_t u = begin; u < end; u++) {
    int64_t o = u / n[PN_SC_BLOCKS], c = (u - o * n[PN_SC_BLOCKS]) * PN_SC_LINES;
    int64_t lines = pn_min64(l->shape[last] - c, PN_SC_LINES);
    item *out = (item *)a->p[PN_IX_OUT] + c * so + pn_walk_offset(last, l->shape, l->stride_out, o);
    const item *src =
        (const item *)a->p[PN_IX_X] + c * ss + pn_walk_offset(last, l->shape, l->stride_src, o);
    int64_t index = c * si + pn_walk_offset(last, l->shape, l->stride_index, o);
    for (int64_t i = 0; i < n[PN_SC_COUNT]; i++) {
      for (int64_t j = 0; j < lines; j++) {
        int64_t at =
            pn_index_load(a->p[PN_IX_INDEX], index + i * n[PN_SC_STRIDE_INDEX] + j * si, is32);
        at = pn_index_check(at, n[PN_SC_EXTENT], wrap, a->p[PN_IX_STATUS]);
        if (at < 0) continue;
        item *to = out + j * so + at * n[PN_SC_STRIDE_OUT];
        *to = combine(*to, src[j * ss + i * n[PN_SC_STRIDE_SRC]]);
      }
    }
  }
}

#endif

/* index_add, scatter_add and scatter_reduce for one item type; the including file
 * defines the type `item` and item_add, item_mul, item_max, item_min of (a, b).  Additions to one
 * output are made one by one in ascending order of the index's position; units share no output, so
 * the bits do not depend on threads, and no atomic is needed. */
#include "kernels/index_status.h"
#include "kernels/kernel.h"
#include "kernels/scatter_lines.h"

static void add_row(item *out, int64_t out_stride, const item *src, int64_t src_stride, int64_t n) {
  if (out_stride == 1 && src_stride == 1)
    for (int64_t i = 0; i < n; i++) out[i] = item_add(out[i], src[i]);
  else
    for (int64_t i = 0; i < n; i++)
      out[i * out_stride] = item_add(out[i * out_stride], src[i * src_stride]);
}

/* Unit u is a block of inner elements of one outer index. */
PN_KERNEL(index_add) {
  const int64_t *n = a->n, *ss = n + PN_IX_STRIDE_X, *so = n + PN_IX_STRIDE_OUT;
  int64_t blocks = pn_ceil_div(n[PN_IX_INNER], PN_IX_COLBLOCK);
  bool is32 = a->flags & PN_INDEX_32, wrap = a->flags & PN_INDEX_WRAP;
  for (int64_t u = begin; u < end; u++) {
    int64_t o = u / blocks, c = (u - o * blocks) * PN_IX_COLBLOCK;
    int64_t cols = pn_min64(n[PN_IX_INNER] - c, PN_IX_COLBLOCK);
    item *out = (item *)a->p[PN_IX_OUT] + o * so[0] + c * so[2];
    const item *src = (const item *)a->p[PN_IX_X] + o * ss[0] + c * ss[2];
    for (int64_t i = 0; i < n[PN_IX_COUNT]; i++) {
      int64_t at = pn_index_load(a->p[PN_IX_INDEX], i * n[PN_IX_STRIDE_INDEX], is32);
      at = pn_index_check(at, n[PN_IX_EXTENT], wrap, a->p[PN_IX_STATUS]);
      if (at >= 0) add_row(out + at * so[1], so[2], src + i * ss[1], ss[2], cols);
    }
  }
}

PN_KERNEL(scatter_add) { scatter_lines(a, begin, end, item_add); }

PN_KERNEL(scatter_reduce) {
  if (a->flags & PN_SCATTER_MAX)
    scatter_lines(a, begin, end, item_max);
  else if (a->flags & PN_SCATTER_MIN)
    scatter_lines(a, begin, end, item_min);
  else
    scatter_lines(a, begin, end, item_mul);
}

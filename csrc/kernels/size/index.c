/* index_select and gather by item size: rows and elements are only moved. */
#include <string.h>

#include "kernels/index_status.h"
#include "kernels/kernel.h"
#include "kernels/size/item.h"
#include "kernels/walk.h"

static void copy_row(item *out, const item *x, int64_t stride, int64_t n) {
  if (n == 1)
    out[0] = x[0];
  else if (stride == 1)
    memcpy(out, x, (size_t)n * sizeof(item));
  else
    for (int64_t i = 0; i < n; i++) out[i] = x[i * stride];
}

/* Unit u is row u % count of outer index u / count. */
PN_KERNEL(index_select) {
  const int64_t *n = a->n, *stride = n + PN_IX_STRIDE_X;
  const item *x = a->p[PN_IX_X];
  int64_t count = n[PN_IX_COUNT], inner = n[PN_IX_INNER], extent = n[PN_IX_EXTENT];
  bool is32 = a->flags & PN_INDEX_32, wrap = a->flags & PN_INDEX_WRAP;
  int64_t o = begin / count, i = begin - o * count;
  item *out = (item *)a->p[PN_IX_OUT] + begin * inner;
  for (int64_t u = begin; u < end; u++, out += inner) {
    int64_t at = pn_index_load(a->p[PN_IX_INDEX], i * n[PN_IX_STRIDE_INDEX], is32);
    at = pn_index_check(at, extent, wrap, a->p[PN_IX_STATUS]);
    if (extent > 0)
      copy_row(out, x + o * stride[0] + pn_max64(at, 0) * stride[1], stride[2], inner);
    else
      memset(out, 0, (size_t)inner * sizeof(item));
    if (++i == count) {
      i = 0;
      o++;
    }
  }
}

/* Unit u is row u: the innermost dimension of index. */
PN_KERNEL(gather) {
  const int64_t *n = a->n, *shape = n + PN_GA_SHAPE;
  int last = (int)n[PN_GA_NDIM] - 1;
  int64_t cols = shape[last], extent = n[PN_GA_EXTENT], axis = n[PN_GA_STRIDE_AXIS];
  int64_t sx = n[PN_GA_STRIDE_X + last], si = n[PN_GA_STRIDE_INDEX + last];
  bool is32 = a->flags & PN_INDEX_32, wrap = a->flags & PN_INDEX_WRAP;
  item *out = (item *)a->p[PN_IX_OUT] + begin * cols;
  for (int64_t u = begin; u < end; u++, out += cols) {
    const item *x =
        (const item *)a->p[PN_IX_X] + pn_walk_offset(last, shape, n + PN_GA_STRIDE_X, u);
    int64_t index = pn_walk_offset(last, shape, n + PN_GA_STRIDE_INDEX, u);
    for (int64_t c = 0; c < cols; c++) {
      int64_t at = pn_index_load(a->p[PN_IX_INDEX], index + c * si, is32);
      at = pn_max64(pn_index_check(at, extent, wrap, a->p[PN_IX_STATUS]), 0);
      out[c] = extent > 0 ? x[c * sx + at * axis] : 0;
    }
  }
}

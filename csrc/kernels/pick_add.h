/* pick_add (pick.h) for one item type; the including file defines `item` and
 * item_add(a, b).  Additions to one element happen one by one in ascending
 * order of the index's position; units share no element. */
#include "kernels/kernel.h"
#include "kernels/pick.h"
#include "kernels/walk.h"

static void pick_add_row(item *x, const item *y, int64_t n, int64_t sx, int64_t sy) {
  if (sx == 1 && sy == 1)
    for (int64_t i = 0; i < n; i++) x[i] = item_add(x[i], y[i]);
  else
    for (int64_t i = 0; i < n; i++) x[i * sx] = item_add(x[i * sx], y[i * sy]);
}

/* Unit: a block of columns of one inner row of one outer index. */
PN_KERNEL(pick_add) {
  const int64_t *n = a->n, *offset = a->p[PN_PK_OFFSET];
  const pn_pick_dims *outer = &((const pn_pick_block *)a->block)->outer;
  const pn_pick_dims *inner = &((const pn_pick_block *)a->block)->inner;
  for (int64_t u = begin; u < end; u++) {
    int64_t line = u / n[PN_PK_BLOCKS], c = (u - line * n[PN_PK_BLOCKS]) * PN_PK_BLOCK;
    int64_t o = line / n[PN_PK_ROWS], r = line - o * n[PN_PK_ROWS];
    int64_t cols = pn_min64(n[PN_PK_COLS] - c, PN_PK_BLOCK);
    item *x = (item *)a->p[PN_PK_X] + c * n[PN_PK_X_COL] +
              pn_walk_offset(outer->ndim, outer->shape, outer->x, o) +
              pn_walk_offset(inner->ndim, inner->shape, inner->x, r);
    const item *y = (const item *)a->p[PN_PK_Y] + c * n[PN_PK_Y_COL] +
                    pn_walk_offset(outer->ndim, outer->shape, outer->y, o) +
                    pn_walk_offset(inner->ndim, inner->shape, inner->y, r);
    for (int64_t i = 0; i < n[PN_PK_COUNT]; i++) {
      if (offset[i] == PN_PICK_BAD) continue;
      pick_add_row(x + offset[i], y + i * n[PN_PK_Y_COUNT], cols, n[PN_PK_X_COL], n[PN_PK_Y_COL]);
    }
  }
}

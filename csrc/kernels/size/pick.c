/* pick and pick_put (pick.h) by item size: elements are only moved. */
#include "kernels/pick.h"

#include <string.h>

#include "kernels/kernel.h"
#include "kernels/size/item.h"
#include "kernels/walk.h"

static void copy_row(item *out, const item *in, int64_t n, int64_t so, int64_t si) {
  if (so == 1 && si == 1)
    memcpy(out, in, (size_t)n * sizeof(item));
  else
    for (int64_t i = 0; i < n; i++) out[i * so] = in[i * si];
}

/* The rows of one picked slice; y is dense. */
static void pick_slice(item *y, const item *x, const pn_args *a, const pn_pick_dims *d) {
  const int64_t *n = a->n;
  pn_walk w;
  pn_walk_start(&w, d->ndim, d->shape, d->x, 0);
  for (int64_t r = 0; r < n[PN_PK_ROWS]; r++, y += n[PN_PK_COLS]) {
    copy_row(y, x + w.offset, n[PN_PK_COLS], 1, n[PN_PK_X_COL]);
    pn_walk_step(&w, 1);
  }
}

/* Unit u is i = u % count of outer index u / count; y is contiguous. */
PN_KERNEL(pick) {
  const int64_t *n = a->n, *offset = a->p[PN_PK_OFFSET];
  const pn_pick_block *b = a->block;
  int64_t count = n[PN_PK_COUNT], slice = n[PN_PK_ROWS] * n[PN_PK_COLS];
  item *y = (item *)a->p[PN_PK_Y] + begin * slice;
  for (int64_t u = begin; u < end;) {
    int64_t o = u / count, i = u - o * count, last = pn_min64(count, i + end - u);
    const item *x =
        (const item *)a->p[PN_PK_X] + pn_walk_offset(b->outer.ndim, b->outer.shape, b->outer.x, o);
    u += last - i;
    for (; i < last; i++, y += slice) {
      if (offset[i] == PN_PICK_BAD)
        memset(y, 0, (size_t)slice * sizeof(item));
      else if (slice == 1)
        *y = x[offset[i]];
      else if (n[PN_PK_ROWS] == 1)
        copy_row(y, x + offset[i], slice, 1, n[PN_PK_X_COL]);
      else
        pick_slice(y, x + offset[i], a, &b->inner);
    }
  }
}

/* Unit: a block of columns of one inner row of one outer index. */
PN_KERNEL(pick_put) {
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
      copy_row(x + offset[i], y + i * n[PN_PK_Y_COUNT], cols, n[PN_PK_X_COL], n[PN_PK_Y_COL]);
    }
  }
}

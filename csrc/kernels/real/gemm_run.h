/* Running tiles over a panel of B: what the drivers of products and of
 * convolutions share. */
#ifndef PN_REAL_GEMM_RUN_H
#define PN_REAL_GEMM_RUN_H

#include "kernels/real/gemm.h"

/* A panel of B: nv vectors (the last of `last` lanes) at p.  Rows ld apart, or
 * columns ld apart (by_columns); step elements from one k to the next. */
typedef struct gemm_columns {
  const real *p;
  int64_t ld, nv, last, step;
  bool by_columns;
} gemm_columns;

/* One tile over k rows of B: the K blocks in order, their sum in registers or
 * in `sum`, so that C is written once. */
static inline void run_blocks(gemm_tile_fn tile, int64_t k, const real *a, int64_t rs, int64_t cs,
                              const gemm_columns *b, const gemm_out *o) {
  real sum[TILE_MR * TILE_NV * PN_VN];
  const real *p = b->p;
  gemm_out last = *o, mid = {.c = sum, .ldc = b->nv * PN_VN, .alpha = 1};
  mid.part = o->part;
  mid.ldp = o->ldp;
  for (; k > PN_KBLOCK; k -= PN_KBLOCK) {
    tile(PN_KBLOCK, a, rs, cs, p, b->ld, b->last, &mid);
    mid.part = sum;
    mid.ldp = mid.ldc;
    a += PN_KBLOCK * cs;
    p += PN_KBLOCK * b->step;
  }
  last.part = sum;
  last.ldp = mid.ldc;
  tile(k, a, rs, cs, p, b->ld, b->last, &last);
}

PN_INLINE const gemm_tile_fn *tiles_for(const gemm_columns *b) {
  if (b->by_columns) return PN_FN(gemm_tiles_columns);
#if PN_LEVEL_IS_AVX512
  if (b->nv == 1 && b->last <= TILE_HALF) return PN_FN(gemm_tiles_half);
#endif
  return PN_FN(gemm_tiles)[b->last < PN_VN][b->nv - 1];
}

/* m rows of A by one panel of B; moves o along. */
PN_INLINE void run_panel(int64_t k, const gemm_rows *a, const gemm_columns *b, int64_t m,
                         gemm_out *o) {
  const gemm_tile_fn *tiles = tiles_for(b);
  const int64_t most = a->panels ? TILE_PMR : gemm_rows_for(b->nv, k);
  for (int64_t i = 0, h; i < m; i += h) {
    h = gemm_next(m - i, most);
    const int64_t cs = a->panels ? h : a->cs;
    if (k <= PN_KBLOCK)
      tiles[h - 1](k, a->p + i * a->step, a->rs, cs, b->p, b->ld, b->last, o);
    else
      run_blocks(tiles[h - 1], k, a->p + i * a->step, a->rs, cs, b, o);
    o->c += h * o->ldc;
    if (o->part) o->part += h * o->ldp;
    if (o->old) o->old += h * o->ldo;
    if (o->row_bias) o->row_bias += h;
  }
}

#endif

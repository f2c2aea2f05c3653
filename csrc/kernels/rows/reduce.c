/* Reductions: the record of a shape, a set of strides and axes, and its work. */
#include "kernels/reduce.h"

#include "kernels/table.h"
#include "pn_contract.h"

enum {
  SPLIT_UNITS = 32,           /* fewer units than this are split over chunks ... */
  SPLIT_ITEMS = 1 << 16,      /* ... of tensors from this size on */
  STRIDED_COLUMNS = 32,       /* columns of one unit that do not lie side by side: they are
                                 copied in tiles, and a tile of fewer columns has longer rows */
  GATHER_BYTES = PN_CHUNK * 8 /* scratch for elements that do not lie side by side */
};

typedef struct dims {
  int ndim;
  int64_t shape[PN_MAX_DIMS], stride[PN_MAX_DIMS];
} dims;

/* Appends an inner dimension, merged into the last one where strides allow. */
static void push(dims *d, int64_t size, int64_t stride) {
  if (size == 1) return;
  if (d->ndim > 0 && d->stride[d->ndim - 1] == stride * size) {
    d->shape[d->ndim - 1] *= size;
    d->stride[d->ndim - 1] = stride;
    return;
  }
  d->shape[d->ndim] = size;
  d->stride[d->ndim++] = stride;
}

static int64_t product(const dims *d) {
  int64_t n = 1;
  for (int i = 0; i < d->ndim; i++) n *= d->shape[i];
  return n;
}

/* Bytes of scratch: 0 where the innermost elements lie side by side. */
static int64_t scratch_of(const dims *kept, const dims *reduced, bool last_kept) {
  if (last_kept) return kept->stride[kept->ndim - 1] == 1 ? 0 : GATHER_BYTES;
  if (reduced->ndim == 0 || (reduced->ndim == 1 && reduced->stride[0] == 1)) return 0;
  return GATHER_BYTES;
}

size_t pn_reduce_record(pn_args *a, int ndim, const int64_t *shape, const int64_t *stride,
                        uint32_t axes) {
  dims kept = {0}, reduced = {0};
  bool last_kept = false;
  for (int i = 0; i < ndim; i++) {
    bool is_reduced = axes >> i & 1;
    push(is_reduced ? &reduced : &kept, shape[i], stride[i]);
    if (shape[i] != 1) last_kept = !is_reduced;
  }
  int64_t *n = a->n;
  int64_t outputs = product(&kept), count = product(&reduced);
  int64_t cols = last_kept ? kept.shape[kept.ndim - 1] : 0;
  int64_t chunk = last_kept ? PN_ROWCHUNK : PN_CHUNK;
  int64_t chunks = pn_ceil_div(count, chunk), units = outputs, items = 1;
  int64_t block = 1, inner = kept.ndim > 0 ? kept.stride[kept.ndim - 1] : 0;
  if (last_kept && outputs > 0) {
    block = inner == 1 ? PN_RED_COLBLOCK : STRIDED_COLUMNS;
    units = outputs / cols * pn_ceil_div(cols, block);
    items = pn_min64(cols, block);
  }
  bool split = units < SPLIT_UNITS && chunks > 1 && outputs > 0 && count >= SPLIT_ITEMS / outputs;
  n[PN_RED_OUTPUTS] = outputs;
  n[PN_RED_COUNT] = count;
  n[PN_RED_COLS] = cols;
  n[PN_RED_CHUNKS] = chunks;
  n[PN_RED_UNITS] = split ? units * chunks : units;
  n[PN_RED_SPLIT] = split;
  n[PN_RED_UNIT_ITEMS] = items * (split ? chunk : count);
  n[PN_RED_KEPT] = kept.ndim;
  n[PN_RED_REDUCED] = reduced.ndim;
  n[PN_RED_SCRATCH] = scratch_of(&kept, &reduced, last_kept);
  n[PN_RED_PLAIN] = units == 1 && chunks == 1 && n[PN_RED_SCRATCH] == 0 && reduced.ndim <= 1;
  n[PN_RED_PLAIN_ROW] = reduced.ndim ? reduced.stride[0] : 0;
  n[PN_RED_BLOCK] = block;
  n[PN_RED_ACROSS] = !last_kept && inner == 1 && reduced.ndim == 1 && reduced.stride[0] != 1;
  for (int i = 0; i < kept.ndim; i++) {
    n[PN_RED_SHAPE + i] = kept.shape[i];
    n[PN_RED_STRIDE + i] = kept.stride[i];
  }
  for (int i = 0; i < reduced.ndim; i++) {
    n[PN_RED_SHAPE + kept.ndim + i] = reduced.shape[i];
    n[PN_RED_STRIDE + kept.ndim + i] = reduced.stride[i];
  }
  return split ? (size_t)(outputs * chunks) * 16 : 0;
}

static void plan_chunks(const pn_row *row, const pn_args *a, pn_work *w) {
  w->units = a->n[PN_RED_UNITS];
  w->cost = row->cost * (double)a->n[PN_RED_UNIT_ITEMS];
  w->scratch = (size_t)a->n[PN_RED_SCRATCH];
}

static void plan_combine(const pn_row *row, const pn_args *a, pn_work *w) {
  const int64_t *n = a->n;
  w->units = n[PN_RED_SPLIT] ? pn_ceil_div(n[PN_RED_OUTPUTS], PN_RED_COLBLOCK) : 0;
  w->cost = row->cost * (double)(n[PN_RED_CHUNKS] * pn_min64(n[PN_RED_OUTPUTS], PN_RED_COLBLOCK));
  w->scratch = (size_t)n[PN_RED_SCRATCH];
}

/* Phases: chunks, combine. */
void pn_plan_reduce(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  if (phase == 0)
    plan_chunks(row, a, w);
  else
    plan_combine(row, a, w);
}

/* Phases: sums of chunks, squares of chunks, combine. */
void pn_plan_var(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  if (phase == 2) {
    plan_combine(row, a, w);
    return;
  }
  plan_chunks(row, a, w);
  if (phase == 1 && !a->n[PN_RED_SPLIT]) w->units = 0;
}

/* What the reduction kernels of the real family share: the elements of one
 * output side by side, and the chunks of one block of columns. */
#ifndef PN_REAL_REDUCE_H
#define PN_REAL_REDUCE_H

#include <string.h>

#include "kernels/real/columns.h"
#include "kernels/real/sum.h"
#include "kernels/reduce.h"
#include "kernels/walk.h"

PN_INLINE const real *reduce_base(const pn_args *a, int64_t output) {
  const int64_t *n = a->n;
  return (const real *)a->p[PN_RED_IN] +
         pn_walk_offset((int)n[PN_RED_KEPT], n + PN_RED_SHAPE, n + PN_RED_STRIDE, output);
}

/* Elements start..start+n-1 of one output's sequence, copied to scratch where
 * they do not lie side by side. */
PN_NOINLINE const real *reduce_gather(const pn_args *a, const real *base, int64_t start, int64_t n,
                                      real *scratch) {
  const int64_t *r = a->n;
  pn_walk w;
  pn_walk_start(&w, (int)r[PN_RED_REDUCED], r + PN_RED_SHAPE + r[PN_RED_KEPT],
                r + PN_RED_STRIDE + r[PN_RED_KEPT], start);
  int64_t stride = pn_walk_stride(&w);
  for (int64_t i = 0; i < n;) {
    int64_t run = pn_min64(pn_walk_run(&w), n - i);
    const real *x = base + w.offset;
    if (stride == 1 && run == n) return x;
    if (stride == 1)
      memcpy(scratch + i, x, (size_t)run * sizeof(real));
    else
      for (int64_t j = 0; j < run; j++) scratch[i + j] = x[j * stride];
    i += run;
    pn_walk_step(&w, run);
  }
  return scratch;
}

/* Chunk `chunk` of an output whose sequence starts at base; *n: its length. */
PN_INLINE const real *reduce_chunk(const pn_args *a, const real *base, int64_t chunk, int64_t *n,
                                   void *scratch) {
  int64_t start = chunk * PN_CHUNK;
  *n = pn_min64(a->n[PN_RED_COUNT] - start, PN_CHUNK);
  if (a->n[PN_RED_SCRATCH] == 0) return base + start;
  return reduce_gather(a, base, start, *n, scratch);
}

/* A block of columns of one output row. */
typedef struct reduce_block {
  const real *x;  /* its first element */
  int64_t output; /* index of its first output */
  int64_t cols;
} reduce_block;

PN_INLINE reduce_block reduce_block_at(const pn_args *a, int64_t unit) {
  const int64_t *n = a->n;
  int64_t width = n[PN_RED_COLS], block = n[PN_RED_BLOCK];
  int64_t blocks = width <= block ? 1 : pn_ceil_div(width, block);
  int64_t outer = blocks == 1 ? unit : unit / blocks, c = (unit - outer * blocks) * block;
  reduce_block b;
  b.output = outer * width + c;
  b.cols = pn_min64(width - c, block);
  int kept = (int)n[PN_RED_KEPT] - 1;
  b.x = (const real *)a->p[PN_RED_IN] + c * n[PN_RED_STRIDE + kept] +
        pn_walk_offset(kept, n + PN_RED_SHAPE, n + PN_RED_STRIDE, outer);
  return b;
}

/* Copies rows whose columns do not lie side by side: tile[i][c] = x[i][c]. */
PN_NOINLINE void reduce_tile(real *tile, const real *x, int64_t row_stride, int64_t col_stride,
                             int64_t rows, int64_t cols) {
  for (int64_t c = 0; c < cols; c++)
    for (int64_t i = 0; i < rows; i++) tile[i * cols + c] = x[i * row_stride + c * col_stride];
}

/* Rows start..start+rows-1 of a block of columns, joined into acc. */
PN_NOINLINE void reduce_columns(columns_fn join, const pn_args *a, const reduce_block *b, real *acc,
                                void *extra, int64_t start, int64_t rows, real *scratch) {
  const int64_t *n = a->n;
  int64_t kept = n[PN_RED_KEPT], col_stride = n[PN_RED_STRIDE + kept - 1];
  if (n[PN_RED_REDUCED] <= 1 && col_stride == 1) {
    int64_t stride = n[PN_RED_REDUCED] ? n[PN_RED_STRIDE + kept] : 0;
    join(acc, true, extra, b->x + start * stride, stride, rows, b->cols);
    return;
  }
  pn_walk w;
  pn_walk_start(&w, (int)n[PN_RED_REDUCED], n + PN_RED_SHAPE + kept, n + PN_RED_STRIDE + kept,
                start);
  int64_t stride = pn_walk_stride(&w), most = col_stride == 1 ? rows : PN_CHUNK / b->cols;
  for (int64_t i = 0; i < rows;) {
    int64_t run = pn_min64(pn_min64(pn_walk_run(&w), rows - i), most);
    const real *x = b->x + w.offset;
    if (col_stride != 1) reduce_tile(scratch, x, stride, col_stride, run, b->cols);
    join(acc, i == 0, extra, col_stride == 1 ? x : scratch, col_stride == 1 ? stride : b->cols, run,
         b->cols);
    i += run;
    pn_walk_step(&w, run);
  }
}

PN_INLINE int64_t reduce_rows_of(const pn_args *a, int64_t chunk) {
  return pn_min64(a->n[PN_RED_COUNT] - chunk * PN_ROWCHUNK, PN_ROWCHUNK);
}

/* total[0..cols) = the sum of all chunks of a block (of values or of squares). */
static inline void reduce_column_sums(columns_fn join, const pn_args *a, const reduce_block *b,
                                      real *total, void *extra, real *scratch) {
  real acc[PN_RED_COLBLOCK];
  int64_t chunks = a->n[PN_RED_CHUNKS];
  if (chunks == 0)
    for (int64_t c = 0; c < b->cols; c++) total[c] = 0;
  for (int64_t k = 0; k < chunks; k++) {
    real *sum = k == 0 ? total : acc;
    reduce_columns(join, a, b, sum, extra, k * PN_ROWCHUNK, reduce_rows_of(a, k), scratch);
    if (k == 0) continue;
    for (int64_t c = 0; c < b->cols; c++) total[c] += acc[c];
  }
}

/* The sum of one output's elements. */
static inline real reduce_row_sum(const pn_args *a, const real *base, void *scratch) {
  int64_t chunks = a->n[PN_RED_CHUNKS], n;
  real total = 0;
  for (int64_t k = 0; k < chunks; k++) {
    const real *x = reduce_chunk(a, base, k, &n, scratch);
    real s = sum_values(x, n);
    total = k == 0 ? s : total + s;
  }
  return total;
}

/* How many outputs from o on, up to end, can be added up across: 1 if not. */
PN_INLINE int64_t reduce_group(const pn_args *a, int64_t o, int64_t end) {
  const int64_t *n = a->n;
  if (!n[PN_RED_ACROSS]) return 1;
  int64_t inner = n[PN_RED_SHAPE + n[PN_RED_KEPT] - 1];
  return pn_min64(pn_min64(end - o, inner - o % inner), PN_RED_GROUP);
}

/* The chunk rule for `cols` outputs side by side, whose elements are rows of x:
 * accumulator and lane s of every output is the sum of rows s, s + SLOTS, ...
 * Reading row by row, 10 times faster than gathering one output at a time. */
PN_NOINLINE void reduce_across(columns_fn join, const pn_args *a, const real *x, int64_t cols,
                               real *mean, real *total, real *slot) {
  enum { SLOTS = PN_VACC * PN_VV };
  int64_t stride = a->n[PN_RED_PLAIN_ROW], count = a->n[PN_RED_COUNT];
  for (int64_t c = 0; c < cols; c++) total[c] = 0;
  for (int64_t start = 0; start < count; start += PN_CHUNK, x += PN_CHUNK * stride) {
    int64_t rows = pn_min64(count - start, PN_CHUNK);
    for (int64_t s = 0; s < SLOTS; s++) {
      int64_t mine = s < rows ? (rows - s + SLOTS - 1) / SLOTS : 0;
      join(slot + s * cols, true, mean, x + s * stride, SLOTS * stride, mine, cols);
    }
    int64_t part = PN_VV * cols;
    for (int64_t i = 0; i < part; i++)
      slot[i] = (slot[i] + slot[part + i]) + (slot[2 * part + i] + slot[3 * part + i]);
    for (part /= 2; part >= cols; part /= 2)
      for (int64_t i = 0; i < part; i++) slot[i] = slot[i] + slot[part + i];
    for (int64_t c = 0; c < cols; c++) total[c] = start == 0 ? slot[c] : total[c] + slot[c];
  }
}

/* First phase of a split sum: unit u is chunk u % chunks of output (or block of
 * columns) u / chunks; partials lie chunk by chunk. */
static inline void reduce_sum_chunks(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  int64_t chunks = a->n[PN_RED_CHUNKS], outputs = a->n[PN_RED_OUTPUTS], n;
  for (int64_t u = begin; u < end; u++) {
    int64_t o = u / chunks, k = u % chunks;
    real *part = (real *)a->p[PN_RED_WORK] + k * outputs;
    if (a->n[PN_RED_COLS]) {
      reduce_block b = reduce_block_at(a, o);
      reduce_columns(columns_sum, a, &b, part + b.output, NULL, k * PN_ROWCHUNK,
                     reduce_rows_of(a, k), scratch);
    } else {
      const real *x = reduce_chunk(a, reduce_base(a, o), k, &n, scratch);
      part[o] = sum_values(x, n);
    }
  }
}

#endif

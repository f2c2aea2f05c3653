/* max and min, with or without the index of the first of them.  The value
 * obeys max(a, b): NaN wins, +0 > -0; the index is that of the first element
 * equal to it (the first NaN), so a zero is found with either sign.  Neither
 * depends on any order, so chunks only divide the work. */
#include <string.h>

#include "kernels/real/reduce.h"

typedef vreal (*pair_fn)(vreal, vreal);

PN_INLINE real extreme_chunk(pair_fn pair, real identity, const real *x, int64_t n) {
  vreal acc[4], start = v_set1(identity);
  for (int k = 0; k < 4; k++) acc[k] = start;
  int64_t i = 0;
  for (; i + 4 * PN_VN <= n; i += 4 * PN_VN)
    for (int k = 0; k < 4; k++) acc[k] = pair(acc[k], v_load(x + i + k * PN_VN));
  for (; i + PN_VN <= n; i += PN_VN) acc[0] = pair(acc[0], v_load(x + i));
  if (i < n) acc[1] = pair(acc[1], v_load_or(x + i, n - i, start));
  vreal s = pair(pair(acc[0], acc[1]), pair(acc[2], acc[3]));
  if (PN_VN > 8) s = pair(s, v_swap(s, 8));
  if (PN_VN > 4) s = pair(s, v_swap(s, 4));
  if (PN_VN > 2) s = pair(s, v_swap(s, 2));
  if (PN_VN > 1) s = pair(s, v_swap(s, 1));
  return v_first(s);
}

PN_NOINLINE real chunk_max(const real *x, int64_t n) {
  return extreme_chunk(v_max, -REAL_INF, x, n);
}
PN_NOINLINE real chunk_min(const real *x, int64_t n) {
  return extreme_chunk(v_min, REAL_INF, x, n);
}

PN_INLINE vreal step_max(vreal acc, vreal x, vreal m) { return v_max(acc, x); }
PN_INLINE vreal step_min(vreal acc, vreal x, vreal m) { return v_min(acc, x); }

PN_NOINLINE void columns_max(real *acc, bool fresh, void *extra, const real *x, int64_t stride,
                             int64_t rows, int64_t cols) {
  column_rows(step_max, -REAL_INF, acc, fresh, NULL, x, stride, rows, cols);
}
PN_NOINLINE void columns_min(real *acc, bool fresh, void *extra, const real *x, int64_t stride,
                             int64_t rows, int64_t cols) {
  column_rows(step_min, REAL_INF, acc, fresh, NULL, x, stride, rows, cols);
}

/* Where in its chunk of rows each column has its extreme: ireal as bits of real. */
typedef struct positions {
  ireal row; /* of the next row */
  real at[PN_RED_COLBLOCK];
} positions;

PN_INLINE vmask beats(bool min, vreal x, vreal best) {
  vmask more = min ? v_lt(x, best) : v_lt(best, x);
  return m_or(more, m_and(v_isnan(x), m_not(v_isnan(best))));
}

/* `regs` registers of columns, n <= PN_VN lanes in the last (only) one. */
PN_INLINE void tile_at(bool min, int regs, int64_t n, real *acc, bool fresh, real *where,
                       ireal first, const real *x, int64_t stride, int64_t rows) {
  vreal best[4], at[4], start = v_set1(min ? REAL_INF : -REAL_INF);
  vint row = i_set1(first), one = i_set1(1);
  for (int j = 0; j < regs; j++) {
    best[j] = fresh ? start : n == PN_VN ? v_load(acc + j * PN_VN) : v_load_n(acc, n);
    at[j] = fresh ? v_set1(0) : n == PN_VN ? v_load(where + j * PN_VN) : v_load_n(where, n);
  }
  for (int64_t i = 0; i < rows; i++, x += stride, row = i_add(row, one))
    for (int j = 0; j < regs; j++) {
      vreal v = n == PN_VN ? v_load(x + j * PN_VN) : v_load_n(x, n);
      at[j] = v_select(beats(min, v, best[j]), v_from_bits(row), at[j]);
      best[j] = min ? v_min(best[j], v) : v_max(best[j], v);
    }
  for (int j = 0; j < regs; j++) {
    v_store_n(acc + j * PN_VN, best[j], n);
    v_store_n(where + j * PN_VN, at[j], n);
  }
}

PN_INLINE void columns_at(bool min, real *acc, bool fresh, positions *p, const real *x,
                          int64_t stride, int64_t rows, int64_t cols) {
  int64_t c = 0;
  for (; c + 4 * PN_VN <= cols; c += 4 * PN_VN)
    tile_at(min, 4, PN_VN, acc + c, fresh, p->at + c, p->row, x + c, stride, rows);
  for (; c < cols; c += PN_VN)
    tile_at(min, 1, pn_min64(cols - c, PN_VN), acc + c, fresh, p->at + c, p->row, x + c, stride,
            rows);
  p->row += (ireal)rows;
}

PN_NOINLINE void columns_argmax(real *acc, bool fresh, void *extra, const real *x, int64_t stride,
                                int64_t rows, int64_t cols) {
  columns_at(false, acc, fresh, extra, x, stride, rows, cols);
}
PN_NOINLINE void columns_argmin(real *acc, bool fresh, void *extra, const real *x, int64_t stride,
                                int64_t rows, int64_t cols) {
  columns_at(true, acc, fresh, extra, x, stride, rows, cols);
}

static real join(bool min, real a, real b) {
  return v_first(min ? v_min(v_set1(a), v_set1(b)) : v_max(v_set1(a), v_set1(b)));
}
PN_INLINE bool better(bool min, real x, real best) {
  return min ? x < best || (x != x && best == best) : x > best || (x != x && best == best);
}

/* The first i with x[i] equal to value, or NaN if value is. */
static int64_t find(const real *x, int64_t n, real value) {
  vreal v = v_set1(value);
  int64_t i = 0;
  if (value != value) {
    while (i + PN_VN <= n && !m_any(v_isnan(v_load(x + i)))) i += PN_VN;
    while (i < n && x[i] == x[i]) i++;
  } else {
    while (i + PN_VN <= n && !m_any(v_eq(v_load(x + i), v))) i += PN_VN;
    while (i < n && x[i] != value) i++;
  }
  return i;
}

static void store(const pn_args *a, int64_t o, real value, int64_t index) {
  real *out = a->p[PN_RED_OUT];
  int64_t *at = a->p[PN_RED_OUT2];
  if (out) out[o] = value;
  if (at) at[o] = index;
}

static void extreme_rows(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  bool min = a->flags & PN_RED_MIN;
  int64_t chunks = a->n[PN_RED_CHUNKS], n;
  for (int64_t o = begin; o < end; o++) {
    const real *base = reduce_base(a, o), *x;
    real best = 0;
    int64_t first = 0, index = 0;
    for (int64_t k = 0; k < chunks; k++) {
      x = reduce_chunk(a, base, k, &n, scratch);
      real v = min ? chunk_min(x, n) : chunk_max(x, n);
      if (k > 0 && better(min, v, best)) first = k;
      best = k == 0 ? v : join(min, best, v);
    }
    if (a->p[PN_RED_OUT2]) {
      x = reduce_chunk(a, base, first, &n, scratch);
      index = first * PN_CHUNK + find(x, n, best);
    }
    store(a, o, best, index);
  }
}

static columns_fn rows_joiner(const pn_args *a) {
  bool min = a->flags & PN_RED_MIN;
  if (a->p[PN_RED_OUT2]) return min ? columns_argmin : columns_argmax;
  return min ? columns_min : columns_max;
}

static void extreme_columns(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  bool min = a->flags & PN_RED_MIN, index = a->p[PN_RED_OUT2];
  for (int64_t u = begin; u < end; u++) {
    reduce_block b = reduce_block_at(a, u);
    real acc[PN_RED_COLBLOCK], best[PN_RED_COLBLOCK];
    int64_t at[PN_RED_COLBLOCK];
    for (int64_t k = 0; k < a->n[PN_RED_CHUNKS]; k++) {
      positions p;
      p.row = 0;
      reduce_columns(rows_joiner(a), a, &b, acc, &p, k * PN_ROWCHUNK, reduce_rows_of(a, k),
                     scratch);
      for (int64_t c = 0; c < b.cols; c++) {
        ireal row = 0;
        if (index) memcpy(&row, p.at + c, sizeof row);
        if (k == 0 || better(min, acc[c], best[c])) at[c] = k * PN_ROWCHUNK + row;
        best[c] = k == 0 ? acc[c] : join(min, best[c], acc[c]);
      }
    }
    for (int64_t c = 0; c < b.cols; c++) store(a, b.output + c, best[c], at[c]);
  }
}

/* Partials of a split reduction: values, then indices, chunk by chunk. */
static real *part_values(const pn_args *a, int64_t chunk) {
  return (real *)a->p[PN_RED_WORK] + chunk * a->n[PN_RED_OUTPUTS];
}
static int64_t *part_indices(const pn_args *a, int64_t chunk) {
  int64_t *after = (int64_t *)a->p[PN_RED_WORK] + a->n[PN_RED_CHUNKS] * a->n[PN_RED_OUTPUTS];
  return after + chunk * a->n[PN_RED_OUTPUTS];
}

static void split_columns(const pn_args *a, int64_t o, int64_t k, void *scratch) {
  bool index = a->p[PN_RED_OUT2];
  reduce_block b = reduce_block_at(a, o);
  positions p;
  p.row = 0;
  reduce_columns(rows_joiner(a), a, &b, part_values(a, k) + b.output, &p, k * PN_ROWCHUNK,
                 reduce_rows_of(a, k), scratch);
  for (int64_t c = 0; index && c < b.cols; c++) {
    ireal row;
    memcpy(&row, p.at + c, sizeof row);
    part_indices(a, k)[b.output + c] = k * PN_ROWCHUNK + row;
  }
}

static void split_row(const pn_args *a, int64_t o, int64_t k, void *scratch) {
  int64_t n;
  const real *x = reduce_chunk(a, reduce_base(a, o), k, &n, scratch);
  real v = a->flags & PN_RED_MIN ? chunk_min(x, n) : chunk_max(x, n);
  part_values(a, k)[o] = v;
  if (a->p[PN_RED_OUT2]) part_indices(a, k)[o] = k * PN_CHUNK + find(x, n, v);
}

static void extreme_split(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  int64_t chunks = a->n[PN_RED_CHUNKS];
  for (int64_t u = begin; u < end; u++) {
    if (a->n[PN_RED_COLS])
      split_columns(a, u / chunks, u % chunks, scratch);
    else
      split_row(a, u / chunks, u % chunks, scratch);
  }
}

PN_KERNEL(extreme) {
  if (a->n[PN_RED_SPLIT])
    extreme_split(a, begin, end, scratch);
  else if (a->n[PN_RED_COLS])
    extreme_columns(a, begin, end, scratch);
  else
    extreme_rows(a, begin, end, scratch);
}

PN_KERNEL(extreme_combine) {
  bool min = a->flags & PN_RED_MIN;
  int64_t last = pn_min64(end * PN_RED_COLBLOCK, a->n[PN_RED_OUTPUTS]);
  for (int64_t o = begin * PN_RED_COLBLOCK; o < last; o++) {
    real best = part_values(a, 0)[o];
    int64_t first = 0;
    for (int64_t k = 1; k < a->n[PN_RED_CHUNKS]; k++) {
      real v = part_values(a, k)[o];
      if (better(min, v, best)) first = k;
      best = join(min, best, v);
    }
    store(a, o, best, a->p[PN_RED_OUT2] ? part_indices(a, first)[o] : 0);
  }
}

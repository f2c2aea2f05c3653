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

PN_NOINLINE real chunk_max(const real *x, int64_t n) { return extreme_chunk(v_max, -REAL_INF, x, n); }
PN_NOINLINE real chunk_min(const real *x, int64_t n) { return extreme_chunk(v_min, REAL_INF, x, n); }

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

PN_INLINE void columns_at(bool min, real *acc, bool fresh, positions *p, const real *x,
                          int64_t stride, int64_t rows, int64_t cols) {
  for (int64_t c = 0; c < cols; c += PN_VN) {
    int64_t n = pn_min64(cols - c, PN_VN);
    vreal best = fresh ? v_set1(min ? REAL_INF : -REAL_INF) : v_load_n(acc + c, n);
    vreal at = fresh ? v_set1(0) : v_load_n(p->at + c, n);
    vint row = i_set1(p->row);
    const real *y = x + c;
    for (int64_t i = 0; i < rows; i++, y += stride, row = i_add(row, i_set1(1))) {
      vreal v = n == PN_VN ? v_load(y) : v_load_n(y, n);
      at = v_select(beats(min, v, best), v_from_bits(row), at);
      best = min ? v_min(best, v) : v_max(best, v);
    }
    v_store_n(acc + c, best, n);
    v_store_n(p->at + c, at, n);
  }
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

static void extreme_columns(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  bool min = a->flags & PN_RED_MIN, index = a->p[PN_RED_OUT2];
  columns_fn join_rows = index ? (min ? columns_argmin : columns_argmax)
                               : (min ? columns_min : columns_max);
  for (int64_t u = begin; u < end; u++) {
    reduce_block b = reduce_block_at(a, u);
    real acc[PN_RED_COLBLOCK], best[PN_RED_COLBLOCK];
    int64_t at[PN_RED_COLBLOCK];
    for (int64_t k = 0; k < a->n[PN_RED_CHUNKS]; k++) {
      positions p;
      p.row = 0;
      reduce_columns(join_rows, a, &b, acc, &p, k * PN_ROWCHUNK, reduce_rows_of(a, k), scratch);
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

static void extreme_split(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  bool min = a->flags & PN_RED_MIN;
  int64_t chunks = a->n[PN_RED_CHUNKS], outputs = a->n[PN_RED_OUTPUTS], n;
  for (int64_t u = begin; u < end; u++) {
    int64_t o = u / chunks, k = u % chunks;
    real *part = (real *)a->p[PN_RED_WORK] + k * outputs;
    if (a->n[PN_RED_COLS]) {
      reduce_block b = reduce_block_at(a, o);
      reduce_columns(min ? columns_min : columns_max, a, &b, part + b.output, NULL,
                     k * PN_ROWCHUNK, reduce_rows_of(a, k), scratch);
    } else {
      const real *x = reduce_chunk(a, reduce_base(a, o), k, &n, scratch);
      part[o] = min ? chunk_min(x, n) : chunk_max(x, n);
    }
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

/* The index needs a second look at one chunk: the first that holds the value. */
static int64_t index_in(const pn_args *a, int64_t o, int64_t chunk, real value, void *scratch) {
  int64_t size = a->n[PN_RED_COLS] ? PN_ROWCHUNK : PN_CHUNK, n;
  const real *base = reduce_base(a, o), *x;
  real column[PN_ROWCHUNK];
  if (a->n[PN_RED_COLS]) {
    n = reduce_rows_of(a, chunk);
    x = reduce_gather(a, base, chunk * PN_ROWCHUNK, n, column);
  } else {
    x = reduce_chunk(a, base, chunk, &n, scratch);
  }
  return chunk * size + find(x, n, value);
}

PN_KERNEL(extreme_combine) {
  bool min = a->flags & PN_RED_MIN;
  int64_t outputs = a->n[PN_RED_OUTPUTS];
  int64_t last = pn_min64(end * PN_RED_COLBLOCK, outputs);
  for (int64_t o = begin * PN_RED_COLBLOCK; o < last; o++) {
    const real *part = (const real *)a->p[PN_RED_WORK] + o;
    real best = part[0];
    int64_t first = 0, index = 0;
    for (int64_t k = 1; k < a->n[PN_RED_CHUNKS]; k++) {
      real v = part[k * outputs];
      if (better(min, v, best)) first = k;
      best = join(min, best, v);
    }
    if (a->p[PN_RED_OUT2]) index = index_in(a, o, first, best, scratch);
    store(a, o, best, index);
  }
}

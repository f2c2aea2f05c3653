/* Maxima and sums of exponentials along an axis: of rows (inner = 1), and of
 * strips of up to PN_VN neighbouring columns (inner > 1).  Shared by softmax
 * and cross-entropy. */
#ifndef PN_REAL_SOFTMAX_H
#define PN_REAL_SOFTMAX_H

#include "kernels/real/sum.h"
#include "simd/vmath.h"

PN_INLINE vreal load_lanes(const real *x, int64_t n) {
  return n == PN_VN ? v_load(x) : v_load_n(x, n);
}
PN_INLINE void store_lanes(real *y, vreal v, int64_t n) {
  if (n == PN_VN)
    v_store(y, v);
  else
    v_store_n(y, v, n);
}

/* Rows whose statistics are made together, for the sake of their logarithms:
 * one v_log for PN_VN rows instead of one for each (64 x 10 cross-entropy in
 * float32: 3.9 ns an element -> 1.6). */
enum { ROW_BLOCK = 64 };
PN_NOINLINE void logarithms(real *x, int64_t n) {
  for (int64_t i = 0; i < n; i += PN_VN)
    store_lanes(x + i, v_log(load_lanes(x + i, pn_min64(n - i, PN_VN))), pn_min64(n - i, PN_VN));
}

PN_INLINE real max_lane(vreal s) {
  if (PN_VN > 8) s = v_max(s, v_swap(s, 8));
  if (PN_VN > 4) s = v_max(s, v_swap(s, 4));
  if (PN_VN > 2) s = v_max(s, v_swap(s, 2));
  if (PN_VN > 1) s = v_max(s, v_swap(s, 1));
  return v_first(s);
}

PN_NOINLINE real row_max(const real *x, int64_t n) {
  vreal none = v_set1(-REAL_INF), a = none, b = none, c = none, d = none;
  int64_t i = 0;
  for (; i + 4 * PN_VN <= n; i += 4 * PN_VN) {
    a = v_max(a, v_load(x + i));
    b = v_max(b, v_load(x + i + PN_VN));
    c = v_max(c, v_load(x + i + 2 * PN_VN));
    d = v_max(d, v_load(x + i + 3 * PN_VN));
  }
  for (; i + PN_VN <= n; i += PN_VN) a = v_max(a, v_load(x + i));
  if (i < n) b = v_max(b, v_load_or(x + i, n - i, none));
  return max_lane(v_max(v_max(a, b), v_max(c, d)));
}

typedef struct shifted {
  const real *x;
  vreal m;
} shifted;

PN_INLINE vreal term_exp(const void *context, int64_t i, int64_t n) {
  const shifted *c = context;
  return v_exp(v_sub(load_lanes(c->x + i, n), c->m));
}

/* The sum of exp(x - m), in the order of reduce.h. */
PN_NOINLINE real row_exp_sum(const real *x, real m, int64_t n) {
  shifted c = {x, v_set1(m)};
  return sum_chunks(term_exp, &c, n);
}

/* A row of at most `parts` virtual vectors in registers: e = exp(x - m), and
 * the sum s of e.  Absent lanes go into exp as -0, not as -inf: a result that
 * underflows costs a multiplication some 100 cycles on avx2. */
PN_INLINE void short_row(int parts, const real *x, int64_t n, vvec *e, real *m, real *s) {
  vvec top = vv_set1(-REAL_INF), sum;
  for (int k = 0; k < parts; k++) {
    e[k] = vv_load_or(x + k * PN_VV, pn_max64(n - k * PN_VV, 0), -REAL_INF);
    top = k == 0 ? e[k] : vv_max(top, e[k]);
  }
  *m = vv_max_lane(top);
  vreal shift = v_set1(*m);
  for (int k = 0; k < parts; k++) {
    vvec term = vv_set1(-(real)0);
    for (int j = 0; j < PN_VREGS; j++) {
      int64_t left = n - k * PN_VV - j * PN_VN;
      if (left <= 0) break;
      vreal d = v_sub(e[k].v[j], shift);
      e[k].v[j] = v_exp(left < PN_VN ? sum_absent(d, left) : d);
      term.v[j] = left < PN_VN ? sum_absent(e[k].v[j], left) : e[k].v[j];
    }
    sum = k == 0 ? term : vv_add(sum, term);
  }
  *s = vv_sum(sum);
}

/* m = max x and s = sum of exp(x - m). */
PN_NOINLINE void row_statistics(const real *x, int64_t n, real *m, real *s) {
  vvec e[2];
  if (n <= PN_VV && PN_VN > 1) {
    short_row(1, x, n, e, m, s);
  } else if (n <= 2 * PN_VV && PN_VN > 1) {
    short_row(2, x, n, e, m, s);
  } else {
    *m = row_max(x, n);
    *s = row_exp_sum(x, *m, n);
  }
}

PN_INLINE vreal strip_max(const real *x, int64_t ld, int64_t rows, int64_t cols) {
  vreal m = v_set1(-REAL_INF);
  for (int64_t i = 0; i < rows; i++) m = v_max(m, load_lanes(x + i * ld, cols));
  return m;
}

/* Column sums of terms: chunks of PN_ROWCHUNK rows, chunk sums in order. */
typedef vreal (*strip_term)(void *context, int64_t row, int64_t cols);
PN_INLINE vreal strip_sum(strip_term term, void *context, int64_t rows, int64_t cols) {
  vreal total = v_set1(0);
  for (int64_t start = 0; start < rows; start += PN_ROWCHUNK) {
    int64_t end = pn_min64(start + PN_ROWCHUNK, rows);
    vreal acc = v_set1(-(real)0);
    for (int64_t i = start; i < end; i++) acc = v_add(acc, term(context, i, cols));
    total = start == 0 ? acc : v_add(total, acc);
  }
  return total;
}

typedef struct strip {
  const real *x;
  int64_t ld;
  vreal m;
} strip;

PN_INLINE vreal strip_exp(void *context, int64_t row, int64_t cols) {
  strip *c = context;
  return v_exp(v_sub(load_lanes(c->x + row * c->ld, cols), c->m));
}
PN_INLINE vreal strip_exp_sum(const real *x, int64_t ld, vreal m, int64_t rows, int64_t cols) {
  strip c = {x, ld, m};
  return strip_sum(strip_exp, &c, rows, cols);
}

/* Rows whose columns do not lie side by side, copied: tile[i * cols + c]. */
PN_NOINLINE const real *side_by_side(real *tile, const real *x, int64_t row_stride,
                                     int64_t col_stride, int64_t rows, int64_t cols) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t c = 0; c < cols; c++) tile[i * cols + c] = x[i * row_stride + c * col_stride];
  return tile;
}

#endif

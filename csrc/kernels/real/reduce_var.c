/* var and mean, two passes: the mean by the order of sum, then the squared
 * deviations by the same order, each operation rounded by itself: the bits are
 * those of the separate sub, mul and sum. */
#include "kernels/real/reduce.h"

typedef struct deviation {
  const real *x;
  vreal mean;
} deviation;

PN_INLINE vreal term_square(const void *context, int64_t i, int64_t n) {
  const deviation *c = context;
  vreal d = v_sub(term_value(c->x, i, n), c->mean);
  return v_mul(d, d);
}

PN_NOINLINE real squares_chunk(const real *x, real mean, int64_t n) {
  deviation c = {x, v_set1(mean)};
  return sum_chunk(term_square, &c, 0, n);
}

PN_INLINE vreal step_square(vreal acc, vreal x, vreal m) {
  vreal d = v_sub(x, m);
  return v_add(acc, v_mul(d, d));
}

PN_NOINLINE void columns_squares(real *acc, bool fresh, void *mean, const real *x, int64_t stride,
                                 int64_t rows, int64_t cols) {
  column_rows(step_square, -(real)0, acc, fresh, mean, x, stride, rows, cols);
}

/* Sums and sums of squares become means and variances. */
static void finish_mean(const pn_args *a, real *mean, int64_t n) {
  real count = (real)a->n[PN_RED_COUNT];
  for (int64_t i = 0; i < n; i++) mean[i] = mean[i] / count;
}
static void finish_var(const pn_args *a, const real *mean, real *squares, int64_t o, int64_t n) {
  double left = (double)a->n[PN_RED_COUNT] - a->f[PN_RED_CORRECTION];
  real divisor = left > 0 ? (real)left : 0, *means = a->p[PN_RED_OUT2];
  for (int64_t i = 0; i < n; i++) squares[i] = squares[i] / divisor;
  for (int64_t i = 0; means && i < n; i++) means[o + i] = mean[i];
}

static real row_squares(const pn_args *a, const real *base, real mean, void *scratch) {
  int64_t chunks = a->n[PN_RED_CHUNKS], n;
  real total = 0;
  for (int64_t k = 0; k < chunks; k++) {
    const real *x = reduce_chunk(a, base, k, &n, scratch);
    real s = squares_chunk(x, mean, n);
    total = k == 0 ? s : total + s;
  }
  return total;
}

static void var_rows(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  real mean[PN_RED_GROUP], *out = a->p[PN_RED_OUT];
  for (int64_t o = begin, g; o < end; o += g) {
    const real *base = reduce_base(a, o);
    g = reduce_group(a, o, end);
    if (g > 1) {
      reduce_across(columns_sum, a, base, g, NULL, mean, scratch);
      finish_mean(a, mean, g);
      reduce_across(columns_squares, a, base, g, mean, out + o, scratch);
    } else {
      mean[0] = reduce_row_sum(a, base, scratch);
      finish_mean(a, mean, 1);
      out[o] = row_squares(a, base, mean[0], scratch);
    }
    finish_var(a, mean, out + o, o, g);
  }
}

static void var_columns(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  real mean[PN_RED_COLBLOCK], *out = a->p[PN_RED_OUT];
  for (int64_t u = begin; u < end; u++) {
    reduce_block b = reduce_block_at(a, u);
    reduce_column_sums(columns_sum, a, &b, mean, NULL, scratch);
    finish_mean(a, mean, b.cols);
    reduce_column_sums(columns_squares, a, &b, out + b.output, mean, scratch);
    finish_var(a, mean, out + b.output, b.output, b.cols);
  }
}

PN_KERNEL(var) {
  if (a->n[PN_RED_SPLIT])
    reduce_sum_chunks(a, begin, end, scratch);
  else if (a->n[PN_RED_COLS])
    var_columns(a, begin, end, scratch);
  else
    var_rows(a, begin, end, scratch);
}

/* The means of outputs o..o+n-1 from the sums of all chunks. */
static void split_mean(const pn_args *a, real *mean, int64_t o, int64_t n) {
  columns_sum(mean, true, NULL, (const real *)a->p[PN_RED_WORK] + o, a->n[PN_RED_OUTPUTS],
              a->n[PN_RED_CHUNKS], n);
  finish_mean(a, mean, n);
}

/* Every unit adds up the means it needs once more: chunks additions beside the
 * PN_CHUNK or PN_ROWCHUNK of its own. */
PN_KERNEL(var_squares) {
  int64_t chunks = a->n[PN_RED_CHUNKS], outputs = a->n[PN_RED_OUTPUTS], n;
  real mean[PN_RED_COLBLOCK];
  for (int64_t u = begin, last = -1; u < end; u++) {
    int64_t o = u / chunks, k = u % chunks;
    real *part = (real *)a->p[PN_RED_WORK] + (chunks + k) * outputs;
    if (a->n[PN_RED_COLS]) {
      reduce_block b = reduce_block_at(a, o);
      if (o != last) split_mean(a, mean, b.output, b.cols);
      reduce_columns(columns_squares, a, &b, part + b.output, mean, k * PN_ROWCHUNK,
                     reduce_rows_of(a, k), scratch);
    } else {
      if (o != last) split_mean(a, mean, o, 1);
      const real *x = reduce_chunk(a, reduce_base(a, o), k, &n, scratch);
      part[o] = squares_chunk(x, mean[0], n);
    }
    last = o;
  }
}

PN_KERNEL(var_combine) {
  int64_t outputs = a->n[PN_RED_OUTPUTS], chunks = a->n[PN_RED_CHUNKS];
  const real *squares = (const real *)a->p[PN_RED_WORK] + chunks * outputs;
  real mean[PN_RED_COLBLOCK], *out = a->p[PN_RED_OUT];
  for (int64_t u = begin; u < end; u++) {
    int64_t o = u * PN_RED_COLBLOCK, n = pn_min64(outputs - o, PN_RED_COLBLOCK);
    split_mean(a, mean, o, n);
    columns_sum(out + o, true, NULL, squares + o, outputs, chunks, n);
    finish_var(a, mean, out + o, o, n);
  }
}

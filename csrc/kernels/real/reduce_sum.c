/* sum and mean: one output per row of elements, or per column. */
#include "kernels/real/reduce.h"

/* mean is the sum divided by the count, one rounding. */
static void finish(const pn_args *a, real *out, int64_t n) {
  if (!(a->flags & PN_RED_MEAN)) return;
  real count = (real)a->n[PN_RED_COUNT];
  for (int64_t i = 0; i < n; i++) out[i] = out[i] / count;
}

static void sum_rows(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  real *out = a->p[PN_RED_OUT];
  for (int64_t o = begin, g; o < end; o += g) {
    const real *base = reduce_base(a, o);
    g = reduce_group(a, o, end);
    if (g > 1)
      reduce_across(columns_sum, a, base, g, NULL, out + o, scratch);
    else
      out[o] = reduce_row_sum(a, base, scratch);
  }
  finish(a, out + begin, end - begin);
}

static void sum_columns(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  real *out = a->p[PN_RED_OUT];
  for (int64_t u = begin; u < end; u++) {
    reduce_block b = reduce_block_at(a, u);
    reduce_column_sums(columns_sum, a, &b, out + b.output, NULL, scratch);
    finish(a, out + b.output, b.cols);
  }
}

/* Small sums are most of what small nets run: 5 ns instead of 15. */
static void sum_plain(const pn_args *a) {
  const real *x = a->p[PN_RED_IN];
  real *out = a->p[PN_RED_OUT];
  int64_t cols = a->n[PN_RED_COLS], count = a->n[PN_RED_COUNT];
  if (cols == 0)
    out[0] = sum_values(x, count);
  else
    columns_sum(out, true, NULL, x, a->n[PN_RED_PLAIN_ROW], count, cols);
  finish(a, out, pn_max64(cols, 1));
}

PN_KERNEL(sum) {
  if (a->n[PN_RED_PLAIN])
    sum_plain(a);
  else if (a->n[PN_RED_SPLIT])
    reduce_sum_chunks(a, begin, end, scratch);
  else if (a->n[PN_RED_COLS])
    sum_columns(a, begin, end, scratch);
  else
    sum_rows(a, begin, end, scratch);
}

PN_KERNEL(sum_combine) {
  int64_t outputs = a->n[PN_RED_OUTPUTS];
  int64_t o = begin * PN_RED_COLBLOCK, last = pn_min64(end * PN_RED_COLBLOCK, outputs);
  real *out = (real *)a->p[PN_RED_OUT] + o;
  columns_sum(out, true, NULL, (const real *)a->p[PN_RED_WORK] + o, outputs, a->n[PN_RED_CHUNKS],
              last - o);
  finish(a, out, last - o);
}

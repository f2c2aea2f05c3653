/* Products of elements, in the order of reduce.h with multiplications in place
 * of additions; absent lanes are 1, which multiplies nothing. */
#include "kernels/real/reduce.h"

PN_INLINE vvec vv_mul(vvec a, vvec b) {
  for (int i = 0; i < PN_VREGS; i++) a.v[i] = v_mul(a.v[i], b.v[i]);
  return a;
}
/* The tree of vv_sum. */
PN_INLINE real vv_prod(vvec a) {
  for (int h = PN_VREGS / 2; h > 0; h /= 2)
    for (int i = 0; i < h; i++) a.v[i] = v_mul(a.v[i], a.v[i + h]);
  vreal s = a.v[0];
  if (PN_VN > 8) s = v_mul(s, v_swap(s, 8));
  if (PN_VN > 4) s = v_mul(s, v_swap(s, 4));
  if (PN_VN > 2) s = v_mul(s, v_swap(s, 2));
  if (PN_VN > 1) s = v_mul(s, v_swap(s, 1));
  return v_first(s);
}

PN_NOINLINE real chunk_prod(const real *x, int64_t n) {
  vvec acc[PN_VACC];
  for (int k = 0; k < PN_VACC; k++) acc[k] = vv_set1(1);
  for (; n >= PN_VACC * PN_VV; n -= PN_VACC * PN_VV, x += PN_VACC * PN_VV)
    for (int k = 0; k < PN_VACC; k++) acc[k] = vv_mul(acc[k], vv_load(x + k * PN_VV));
  for (int k = 0; k < PN_VACC && n > 0; k++, n -= PN_VV, x += PN_VV)
    acc[k] = vv_mul(acc[k], vv_load_or(x, n, 1));
  return vv_prod(vv_mul(vv_mul(acc[0], acc[1]), vv_mul(acc[2], acc[3])));
}

PN_INLINE vreal step_prod(vreal acc, vreal x, vreal m) { return v_mul(acc, x); }

PN_NOINLINE void columns_prod(real *acc, bool fresh, void *extra, const real *x, int64_t stride,
                              int64_t rows, int64_t cols) {
  column_rows(step_prod, 1, acc, fresh, NULL, x, stride, rows, cols);
}

static void prod_rows(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  real *out = a->p[PN_RED_OUT];
  for (int64_t o = begin; o < end; o++) {
    const real *base = reduce_base(a, o);
    real total = 1;
    for (int64_t k = 0, n; k < a->n[PN_RED_CHUNKS]; k++) {
      const real *x = reduce_chunk(a, base, k, &n, scratch);
      total = total * chunk_prod(x, n);
    }
    out[o] = total;
  }
}

static void prod_columns(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  real *out = a->p[PN_RED_OUT], acc[PN_RED_COLBLOCK];
  for (int64_t u = begin; u < end; u++) {
    reduce_block b = reduce_block_at(a, u);
    real *total = out + b.output;
    for (int64_t c = 0; c < b.cols; c++) total[c] = 1;
    for (int64_t k = 0; k < a->n[PN_RED_CHUNKS]; k++) {
      reduce_columns(columns_prod, a, &b, acc, NULL, k * PN_ROWCHUNK, reduce_rows_of(a, k),
                     scratch);
      for (int64_t c = 0; c < b.cols; c++) total[c] = total[c] * acc[c];
    }
  }
}

/* Unit u is chunk u % chunks of output (or block of columns) u / chunks. */
static void prod_chunks(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  int64_t chunks = a->n[PN_RED_CHUNKS], outputs = a->n[PN_RED_OUTPUTS], n;
  for (int64_t u = begin; u < end; u++) {
    int64_t o = u / chunks, k = u % chunks;
    real *part = (real *)a->p[PN_RED_WORK] + k * outputs;
    if (a->n[PN_RED_COLS]) {
      reduce_block b = reduce_block_at(a, o);
      reduce_columns(columns_prod, a, &b, part + b.output, NULL, k * PN_ROWCHUNK,
                     reduce_rows_of(a, k), scratch);
    } else {
      const real *x = reduce_chunk(a, reduce_base(a, o), k, &n, scratch);
      part[o] = chunk_prod(x, n);
    }
  }
}

PN_KERNEL(prod) {
  if (a->n[PN_RED_SPLIT])
    prod_chunks(a, begin, end, scratch);
  else if (a->n[PN_RED_COLS])
    prod_columns(a, begin, end, scratch);
  else
    prod_rows(a, begin, end, scratch);
}

PN_KERNEL(prod_combine) {
  int64_t outputs = a->n[PN_RED_OUTPUTS];
  int64_t o = begin * PN_RED_COLBLOCK, last = pn_min64(end * PN_RED_COLBLOCK, outputs);
  columns_prod((real *)a->p[PN_RED_OUT] + o, true, NULL, (const real *)a->p[PN_RED_WORK] + o,
               outputs, a->n[PN_RED_CHUNKS], last - o);
}

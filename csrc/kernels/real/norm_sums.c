/* The gradients of weight and bias (norm.h). */
#include "kernels/real/columns.h"
#include "kernels/real/norm.h"

/* Mean and 1 / sqrt(v + eps) that belong to sample i and channel c. */
PN_INLINE int64_t statistic(const pn_args *a, int64_t i, int64_t c) {
  int64_t groups = a->n[PN_NORM_GROUPS];
  return groups ? i * groups + c / (a->n[PN_NORM_C] / groups) : c;
}

static void channel_sums(const pn_args *a, int64_t c) {
  const int64_t *n = a->n;
  const real *mean = a->p[PN_NORM_MEAN], *rstd = a->p[PN_NORM_RSTD];
  real *dw = a->p[PN_NORM_DWEIGHT], *db = a->p[PN_NORM_DBIAS], sum = 0, scaled = 0;
  for (int64_t i = 0; i < n[PN_NORM_N]; i++) {
    int64_t at = (i * n[PN_NORM_C] + c) * n[PN_NORM_S], k = statistic(a, i, c);
    const real *g = norm_in(a, PN_NORM_G, at);
    if (db) sum += norm_sum(g, n[PN_NORM_S]);
    if (dw)
      scaled +=
          norm_sum_scaled(g, norm_in(a, PN_NORM_X, at), mean ? mean[k] : 0, rstd[k], n[PN_NORM_S]);
  }
  if (db) db[c] = sum;
  if (dw) dw[c] = scaled;
}

/* One register of columns over `rows` samples.  GROUPS = 0 (per channel): m and
 * r are vectors; 1: one of each per sample; else gathered lane by lane. */

PN_INLINE vreal statistics(const pn_args *a, const real *values, int64_t i, int64_t c, int64_t n) {
  real lane[PN_VN];
  if (!values) return v_set1(0);
  if (a->n[PN_NORM_GROUPS] == 0) return norm_load(values + c, n);
  if (a->n[PN_NORM_GROUPS] == 1) return v_set1(values[i]);
  for (int64_t j = 0; j < PN_VN; j++) lane[j] = values[statistic(a, i, c + (j < n ? j : 0))];
  return v_load(lane);
}

PN_INLINE void column_register(const pn_args *a, int64_t row, int64_t rows, int64_t c, int64_t n,
                               real *dw, real *db) {
  int64_t width = a->n[PN_NORM_C];
  const real *mean = a->p[PN_NORM_MEAN], *rstd = a->p[PN_NORM_RSTD];
  vreal sum = v_set1(-(real)0), scaled = sum;
  for (int64_t i = row; i < row + rows; i++) {
    vreal g = norm_load(norm_in(a, PN_NORM_G, i * width + c), n);
    sum = v_add(sum, g);
    if (!dw) continue;
    vreal x = norm_load(norm_in(a, PN_NORM_X, i * width + c), n);
    vreal h = v_mul(v_sub(x, statistics(a, mean, i, c, n)), statistics(a, rstd, i, c, n));
    scaled = v_add(scaled, v_mul(g, h));
  }
  if (db) norm_store(db + c, sum, n);
  if (dw) norm_store(dw + c, scaled, n);
}

static void column_sums(const pn_args *a, int64_t unit) {
  int64_t width = a->n[PN_NORM_C], samples = a->n[PN_NORM_N];
  int64_t chunks = pn_ceil_div(samples, PN_ROWCHUNK), k = unit % chunks;
  int64_t c = unit / chunks * PN_NORM_COLBLOCK, last = pn_min64(c + PN_NORM_COLBLOCK, width);
  int64_t rows = pn_min64(samples - k * PN_ROWCHUNK, PN_ROWCHUNK);
  real *dw = a->p[PN_NORM_DWEIGHT], *db = a->p[PN_NORM_DBIAS];
  if (chunks > 1) {
    real *work = (real *)a->p[PN_NORM_WORK] + 2 * k * width;
    dw = dw ? work : NULL;
    db = db ? work + width : NULL;
  }
  for (; c + PN_VN <= last; c += PN_VN) column_register(a, k * PN_ROWCHUNK, rows, c, PN_VN, dw, db);
  if (c < last) column_register(a, k * PN_ROWCHUNK, rows, c, last - c, dw, db);
}

PN_KERNEL(norm_sums) {
  for (int64_t u = begin; u < end; u++) {
    if (a->n[PN_NORM_S] == 1)
      column_sums(a, u);
    else
      channel_sums(a, u);
  }
}

PN_KERNEL(norm_sums_combine) {
  int64_t width = a->n[PN_NORM_C], chunks = pn_ceil_div(a->n[PN_NORM_N], PN_ROWCHUNK);
  int64_t c = begin * PN_NORM_COLBLOCK, n = pn_min64(end * PN_NORM_COLBLOCK, width) - c;
  const real *work = a->p[PN_NORM_WORK];
  real *dw = a->p[PN_NORM_DWEIGHT], *db = a->p[PN_NORM_DBIAS];
  if (dw) columns_sum(dw + c, true, NULL, work + c, 2 * width, chunks, n);
  if (db) columns_sum(db + c, true, NULL, work + width + c, 2 * width, chunks, n);
}

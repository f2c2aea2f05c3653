/* Work of pooling, banded maps, im2col and col2im. */
#include "kernels/pool.h"

#include "kernels/table.h"

static int64_t volume(const int64_t *size) { return size[0] * size[1] * size[2]; }

void pn_plan_max_pool(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const int64_t *n = a->n, *dst = n + PN_CV_DST_DIM;
  w->units = volume(dst) ? n[PN_CV_BATCH] * dst[0] : 0;
  double window = (double)volume(n + PN_CV_KERNEL);
  if (a->flags & PN_POOL_ADAPTIVE) window = (double)(volume(n + PN_CV_SRC_DIM) / volume(dst) + 1);
  w->cost = (row->cost * window + 1) * (double)(dst[1] * dst[2]);
  w->scratch = (size_t)dst[2] * 8;
}

void pn_plan_max_pool_backward(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  w->units = a->n[PN_MPB_PLANES];
  w->cost = row->cost * (double)a->n[PN_MPB_OUT] + 0.1 * (double)a->n[PN_MPB_IN];
  w->scratch = 0;
}

void pn_plan_im2col(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  w->units = a->n[PN_CV_BATCH];
  w->cost = row->cost * (double)(volume(a->n + PN_CV_KERNEL) * volume(a->n + PN_CV_DST_DIM)) +
            0.1 * (double)volume(a->n + PN_CV_SRC_DIM);
  w->scratch = 0;
}

void pn_plan_band(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const int64_t *n = a->n;
  const bool rows = n[PN_BAND_INNER] > 1;
  const int64_t outputs = rows ? n[PN_BAND_INNER] : n[PN_BAND_AXIS];
  w->units = outputs ? n[PN_BAND_OUTER] * (rows ? n[PN_BAND_AXIS] : 1) : 0;
  w->cost = (rows ? 0.2 : 1.0) * row->cost * (double)(outputs * n[PN_BAND_MOST]) + 2;
  w->scratch = 0;
}

/* Max pooling with the place of each maximum. */
#include <string.h>

#include "kernels/kernel.h"
#include "kernels/pool.h"
#include "simd/simd.h"

/* Taps [lo, hi) of one dimension that meet the source from position `at` on. */
typedef struct tap_range {
  int64_t lo, hi;
} tap_range;

static tap_range taps(int64_t at, int64_t kernel, int64_t dilation, int64_t size) {
  const int64_t lo = at < 0 ? pn_ceil_div(-at, dilation) : 0;
  const int64_t hi = at < size ? pn_min64(kernel, (size - at - 1) / dilation + 1) : 0;
  return (tap_range){lo, hi};
}

/* best and where of a row of outputs, those elements of x that one tap meets:
 * x[first + o * step]. */
static void take(real *best, ireal *where, const real *x, int64_t first, int64_t step, int64_t lo,
                 int64_t hi) {
  for (int64_t o = lo; o < hi; o++) {
    const int64_t i = first + o * step;
    const real v = x[i];
    const bool better = v > best[o] || v != v;
    best[o] = better ? v : best[o];
    where[o] = better ? (ireal)i : where[o];
  }
}

/* Where nothing is greater than -inf, the first element of the window counts. */
static void start_row(real *best, ireal *where, const int64_t *n, int64_t row) {
  const int64_t width = n[PN_CV_SRC_DIM + 2], stride = n[PN_CV_STRIDE + 2];
  const int64_t pad = n[PN_CV_PAD + 2], dilation = n[PN_CV_DILATION + 2];
  for (int64_t o = 0; o < n[PN_CV_DST_DIM + 2]; o++) {
    int64_t at = o * stride - pad;
    if (at < 0) at += pn_ceil_div(-at, dilation) * dilation;
    best[o] = -REAL_INF;
    where[o] = (ireal)(row * width + pn_min64(at, width - 1));
  }
}

static void pool_row(real *best, ireal *where, const real *x, const int64_t *n, int64_t od,
                     int64_t oh) {
  const int64_t *size = n + PN_CV_SRC_DIM, *kernel = n + PN_CV_KERNEL, *dil = n + PN_CV_DILATION;
  const int64_t z0 = od * n[PN_CV_STRIDE] - n[PN_CV_PAD];
  const int64_t y0 = oh * n[PN_CV_STRIDE + 1] - n[PN_CV_PAD + 1];
  const int64_t stride = n[PN_CV_STRIDE + 2], pad = n[PN_CV_PAD + 2];
  const tap_range kz = taps(z0, kernel[0], dil[0], size[0]);
  const tap_range ky = taps(y0, kernel[1], dil[1], size[1]);
  const int64_t z = pn_min64(z0 + kz.lo * dil[0], size[0] - 1);
  start_row(best, where, n, z * size[1] + pn_min64(y0 + ky.lo * dil[1], size[1] - 1));
  for (int64_t d = kz.lo; d < kz.hi; d++)
    for (int64_t h = ky.lo; h < ky.hi; h++) {
      const int64_t row = ((z0 + d * dil[0]) * size[1] + y0 + h * dil[1]) * size[2];
      for (int64_t w = 0; w < kernel[2]; w++) {
        const int64_t at = w * dil[2] - pad, end = size[2] - at;
        const int64_t lo = at < 0 ? pn_ceil_div(-at, stride) : 0;
        const int64_t hi = end > 0 ? pn_min64(n[PN_CV_DST_DIM + 2], pn_ceil_div(end, stride)) : 0;
        take(best, where, x, row + at, stride, lo, hi);
      }
    }
}

static void adaptive_row(real *best, ireal *where, const real *x, const int64_t *n, int64_t od,
                         int64_t oh) {
  const int64_t *size = n + PN_CV_SRC_DIM, *dst = n + PN_CV_DST_DIM;
  const int64_t z0 = od * size[0] / dst[0], z1 = pn_ceil_div((od + 1) * size[0], dst[0]);
  const int64_t y0 = oh * size[1] / dst[1], y1 = pn_ceil_div((oh + 1) * size[1], dst[1]);
  for (int64_t o = 0; o < dst[2]; o++) {
    const int64_t x0 = o * size[2] / dst[2], x1 = pn_ceil_div((o + 1) * size[2], dst[2]);
    best[o] = -REAL_INF;
    where[o] = (ireal)((z0 * size[1] + y0) * size[2] + x0);
    for (int64_t z = z0; z < z1; z++)
      for (int64_t y = y0; y < y1; y++) {
        const int64_t row = (z * size[1] + y) * size[2];
        for (int64_t i = row + x0; i < row + x1; i++) take(best + o, where + o, x, i, 0, 0, 1);
      }
  }
}

PN_KERNEL(max_pool) {
  const int64_t *n = a->n, *dst = n + PN_CV_DST_DIM, *size = n + PN_CV_SRC_DIM;
  ireal *where = scratch;
  for (int64_t u = begin; u < end; u++) {
    const int64_t plane = u / dst[0], od = u - plane * dst[0];
    const real *x = (const real *)a->p[PN_POOL_SRC] + plane * size[0] * size[1] * size[2];
    for (int64_t oh = 0; oh < dst[1]; oh++) {
      const int64_t at = (u * dst[1] + oh) * dst[2];
      real *best = (real *)a->p[PN_POOL_OUT] + at;
      int64_t *index = (int64_t *)a->p[PN_POOL_INDEX] + at;
      if (a->flags & PN_POOL_ADAPTIVE)
        adaptive_row(best, where, x, n, od, oh);
      else
        pool_row(best, where, x, n, od, oh);
      for (int64_t o = 0; o < dst[2]; o++) index[o] = where[o];
    }
  }
}

PN_KERNEL(max_pool_backward) {
  const int64_t in = a->n[PN_MPB_IN], out = a->n[PN_MPB_OUT];
  for (int64_t u = begin; u < end; u++) {
    real *dx = (real *)a->p[PN_POOL_OUT] + u * in;
    const int64_t *index = (const int64_t *)a->p[PN_POOL_INDEX] + u * out;
    const real *g = (const real *)a->p[PN_POOL_SRC] + u * out;
    memset(dx, 0, (size_t)in * sizeof(real));
    for (int64_t q = 0; q < out; q++)
      if ((uint64_t)index[q] < (uint64_t)in) dx[index[q]] = dx[index[q]] + g[q];
  }
}

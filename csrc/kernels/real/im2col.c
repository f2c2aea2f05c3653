/* im2col (sliding windows as columns) and col2im, its transpose, over planes. */
#include <string.h>

#include "kernels/kernel.h"
#include "kernels/pool.h"
#include "simd/simd.h"

/* What one row of positions and one tap meet: positions [lo, hi) of the columns,
 * elements at + o * stride of the plane. */
typedef struct meeting {
  int64_t lo, hi, at, stride;
} meeting;

static meeting meet(const int64_t *n, int64_t oh, int64_t kh, int64_t kw) {
  const int64_t height = n[PN_CV_SRC_DIM + 1], width = n[PN_CV_SRC_DIM + 2];
  const int64_t stride = n[PN_CV_STRIDE + 2];
  const int64_t y = oh * n[PN_CV_STRIDE + 1] - n[PN_CV_PAD + 1] + kh * n[PN_CV_DILATION + 1];
  const int64_t x = kw * n[PN_CV_DILATION + 2] - n[PN_CV_PAD + 2];
  meeting m = {0, 0, y * width + x, stride};
  if (y < 0 || y >= height || x >= width) return m;
  m.lo = pn_min64(x < 0 ? pn_ceil_div(-x, stride) : 0, n[PN_CV_DST_DIM + 2]);
  m.hi = pn_max64(m.lo, pn_min64(n[PN_CV_DST_DIM + 2], pn_ceil_div(width - x, stride)));
  return m;
}

static void im2col_row(real *out, const real *plane, const meeting *m, int64_t width) {
  for (int64_t o = 0; o < m->lo; o++) out[o] = 0;
  if (m->stride == 1 && m->hi > m->lo)
    memcpy(out + m->lo, plane + m->at + m->lo, (size_t)(m->hi - m->lo) * sizeof(real));
  else
    for (int64_t o = m->lo; o < m->hi; o++) out[o] = plane[m->at + o * m->stride];
  for (int64_t o = m->hi; o < width; o++) out[o] = 0;
}

static void col2im_row(real *plane, const real *columns, const meeting *m) {
  for (int64_t o = m->lo; o < m->hi; o++)
    plane[m->at + o * m->stride] = plane[m->at + o * m->stride] + columns[o];
}

PN_KERNEL(im2col) {
  const int64_t *n = a->n, oh = n[PN_CV_DST_DIM + 1], ow = n[PN_CV_DST_DIM + 2];
  const int64_t kh = n[PN_CV_KERNEL + 1], kw = n[PN_CV_KERNEL + 2];
  for (int64_t u = begin; u < end; u++) {
    const real *plane =
        (const real *)a->p[PN_POOL_SRC] + u * n[PN_CV_SRC_DIM + 1] * n[PN_CV_SRC_DIM + 2];
    real *out = (real *)a->p[PN_POOL_OUT] + u * kh * kw * oh * ow;
    for (int64_t h = 0; h < kh; h++)
      for (int64_t w = 0; w < kw; w++)
        for (int64_t y = 0; y < oh; y++, out += ow) {
          const meeting m = meet(n, y, h, w);
          im2col_row(out, plane, &m, ow);
        }
  }
}

PN_KERNEL(col2im) {
  const int64_t *n = a->n, oh = n[PN_CV_DST_DIM + 1], ow = n[PN_CV_DST_DIM + 2];
  const int64_t kh = n[PN_CV_KERNEL + 1], kw = n[PN_CV_KERNEL + 2];
  const int64_t size = n[PN_CV_SRC_DIM + 1] * n[PN_CV_SRC_DIM + 2];
  for (int64_t u = begin; u < end; u++) {
    real *plane = (real *)a->p[PN_POOL_OUT] + u * size;
    const real *columns = (const real *)a->p[PN_POOL_SRC] + u * kh * kw * oh * ow;
    memset(plane, 0, (size_t)size * sizeof(real));
    for (int64_t h = 0; h < kh; h++)
      for (int64_t w = 0; w < kw; w++)
        for (int64_t y = 0; y < oh; y++, columns += ow) {
          const meeting m = meet(n, y, h, w);
          col2im_row(plane, columns, &m);
        }
  }
}

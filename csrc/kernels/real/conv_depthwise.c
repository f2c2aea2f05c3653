/* Convolution of one channel by one: no product, but rows of the source, padded
 * once, multiplied by a tap at a time.  The sums are those of the product: one
 * accumulator, FMAs in the order of the taps (a row outside the source would add
 * zeros, and is left out).  16 x 64 channels of 28 x 28, 3 x 3: 0.9 ms against
 * 3.0 ms through panels.  The gradient by the weight is a reduction, not a
 * product: image by image, lanes along the rows. */
#include "kernels/real/conv.h"
#include "simd/transpose.h"

enum { VECTORS = 4 };

/* The padded plane: rows of src_step parts, so that neighbouring outputs read
 * neighbouring elements whatever the stride. */
typedef struct padded {
  const pn_conv_geom *g;
  const real *rows;
  int64_t low, columns, pitch, row; /* first position, elements of a part, of its room, of a row */
} padded;

static void pad_plane(padded *p, real *dst, const real *src) {
  const pn_conv_dim *x = &p->g->d[2];
  const int64_t rows = p->g->d[0].size * p->g->d[1].size;
  p->rows = dst;
  p->low = pn_conv_low(x);
  p->columns = pn_conv_columns(x);
  p->pitch = p->columns + PN_CONV_SLACK;
  p->row = p->pitch * x->src_step;
  for (int64_t r = 0; r < rows; r++, src += x->size)
    for (int64_t i = 0; i < x->src_step; i++, dst += p->pitch)
      conv_copy_run(dst, p->pitch, src, p->low + i, p->columns, x->size, x->src_step);
}

/* acc[v] += w[t] * row[t's position ...] for the taps of one row of the kernel. */
PN_INLINE void add_row(vreal *acc, const int nv, const padded *p, const real *row, const real *w) {
  const pn_conv_dim *x = &p->g->d[2];
  int64_t at = x->off0 - p->low;
  for (int64_t t = 0; t < x->taps; t++, at += x->off_step) {
    const int64_t part = x->src_step == 1 ? 0 : at % x->src_step;
    const real *s = row + part * p->pitch + (x->src_step == 1 ? at : at / x->src_step);
    const vreal tap = v_set1(w[t]);
    PN_UNROLL for (int v = 0; v < nv; v++) acc[v] = v_fma(tap, v_load(s + v * PN_VN), acc[v]);
  }
}

/* Outputs j... of one row: nv vectors. */
PN_INLINE void sum_vectors(vreal *acc, const int nv, const padded *p, const real *w, int64_t z0,
                           int64_t y0, int64_t j) {
  const pn_conv_dim *z = &p->g->d[0], *y = &p->g->d[1];
  PN_UNROLL for (int v = 0; v < nv; v++) acc[v] = v_set1(0);
  for (int64_t a = 0; a < z->taps; a++) {
    const int64_t iz = z0 + z->off0 + a * z->off_step;
    for (int64_t b = 0; b < y->taps; b++, w += p->g->d[2].taps) {
      const int64_t iy = y0 + y->off0 + b * y->off_step;
      if ((uint64_t)iz >= (uint64_t)z->size || (uint64_t)iy >= (uint64_t)y->size) continue;
      add_row(acc, nv, p, p->rows + (iz * y->size + iy) * p->row + j, w);
    }
  }
}

static void store_row(real *out, const vreal *acc, int64_t n, int64_t step, const real *bias) {
  real buffer[VECTORS * PN_VN];
  for (int64_t v = 0; v * PN_VN < n; v++) {
    const vreal sum = bias ? v_add(acc[v], v_set1(*bias)) : acc[v];
    if (step == 1)
      v_store_n(out + v * PN_VN, sum, pn_min64(PN_VN, n - v * PN_VN));
    else
      v_store(buffer + v * PN_VN, sum);
  }
  if (step != 1)
    for (int64_t i = 0; i < n; i++) out[i * step] = buffer[i];
}

static void sum_row(real *out, const padded *p, const real *w, const real *bias, int64_t z0,
                    int64_t y0) {
  const pn_conv_dim *x = &p->g->d[2];
  for (int64_t j = 0, n; j < x->count; j += n) {
    vreal acc[VECTORS];
    n = pn_min64(VECTORS * PN_VN, x->count - j);
    if (n > 2 * PN_VN)
      sum_vectors(acc, VECTORS, p, w, z0, y0, j);
    else if (n > PN_VN)
      sum_vectors(acc, 2, p, w, z0, y0, j);
    else
      sum_vectors(acc, 1, p, w, z0, y0, j);
    store_row(out + j * x->out_step, acc, n, x->out_step, bias);
  }
}

void PN_FN(conv_depthwise)(const pn_conv_geom *g, const pn_args *a, const real *src, const real *w,
                           const real *bias, real *out, real *scratch) {
  const pn_conv_dim *z = &g->d[0], *y = &g->d[1], *x = &g->d[2];
  const bool merged = x->count == g->positions && g->dense;
  const int64_t oh = merged ? 1 : a->n[PN_CV_DST_DIM + 1];
  const int64_t ow = merged ? x->count : a->n[PN_CV_DST_DIM + 2];
  padded p = {.g = g};
  pad_plane(&p, scratch, src);
  for (int64_t i = 0; i < z->count; i++)
    for (int64_t j = 0; j < y->count; j++) {
      real *row = out + ((z->first + i * z->out_step) * oh + y->first + j * y->out_step) * ow;
      sum_row(row + x->first, &p, w, bias, i * z->src_step, j * y->src_step);
    }
}

/* The sum over one image of grad times what tap t meets: lane j of a virtual
 * vector takes positions j, j + PN_VV, ... of every row, the rows in order, then
 * the lanes by the fixed tree. */
static real sum_tap(const padded *p, const real *grad, int64_t a, int64_t b, int64_t at) {
  const pn_conv_dim *z = &p->g->d[0], *y = &p->g->d[1], *x = &p->g->d[2];
  const int64_t part = at % x->src_step, first = at / x->src_step;
  vvec sum = vv_set1(0);
  for (int64_t i = 0; i < z->count; i++)
    for (int64_t j = 0; j < y->count; j++, grad += x->count) {
      const int64_t iz = i * z->src_step + z->off0 + a * z->off_step;
      const int64_t iy = j * y->src_step + y->off0 + b * y->off_step;
      if ((uint64_t)iz >= (uint64_t)z->size || (uint64_t)iy >= (uint64_t)y->size) continue;
      const real *row = p->rows + (iz * y->size + iy) * p->row + part * p->pitch + first;
      for (int64_t v = 0; v < x->count; v += PN_VV) {
        const vvec g = vv_load_or(grad + v, x->count - v, 0);
        const vvec s = vv_load_or(row + v, x->count - v, 0);
        for (int r = 0; r < PN_VREGS; r++) sum.v[r] = v_fma(g.v[r], s.v[r], sum.v[r]);
      }
    }
  return vv_sum(sum);
}

void PN_FN(conv_depthwise_weight)(const pn_conv_geom *g, const pn_args *a, int64_t group,
                                  real *scratch) {
  const pn_conv_dim *z = &g->d[0], *y = &g->d[1], *x = &g->d[2];
  const int64_t groups = a->n[PN_CV_GROUPS];
  const int64_t plane = z->size * y->size * x->size;
  padded p = {.g = g};
  for (int64_t image = 0; image < a->n[PN_CV_BATCH]; image++) {
    const int64_t at = image * groups + group;
    const real *grad = (const real *)a->p[PN_CV_WEIGHT] + at * g->positions;
    real *out = (real *)a->p[PN_CV_OUT] + group * g->taps;
    pad_plane(&p, scratch, (const real *)a->p[PN_CV_SRC] + at * plane);
    for (int64_t i = 0; i < z->taps; i++)
      for (int64_t j = 0; j < y->taps; j++)
        for (int64_t k = 0; k < x->taps; k++, out++) {
          const real sum = sum_tap(&p, grad, i, j, x->off0 - p.low + k * x->off_step);
          *out = image ? *out + sum : sum;
        }
  }
}

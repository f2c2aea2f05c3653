/* The operands of a convolution in the order in which tiles read them: weights
 * of a transposed one (phase 0), rows of the source. */
#include "kernels/real/conv.h"

/* One row per unit: (phase, group, row) of A, k over (channel of src, tap). */
PN_KERNEL(conv_pack) {
  const int64_t *n = a->n;
  const int64_t groups = n[PN_CV_GROUPS], ci = n[PN_CV_CI], co = n[PN_CV_CO];
  const int64_t kh = n[PN_CV_KERNEL + 1], kw = n[PN_CV_KERNEL + 2];
  const int64_t volume = n[PN_CV_KERNEL] * kh * kw;
  for (int64_t u = begin; u < end; u++) {
    const int64_t phase = u / (groups * co), row = u - phase * groups * co;
    const int64_t group = row / co, m = row - group * co;
    pn_conv_geom g;
    pn_conv_geom_of(&g, a, phase);
    real *out = (real *)a->p[PN_CV_WORK] + groups * co * ci * pn_conv_taps_before(a, phase) +
                row * ci * g.taps;
    for (int64_t c = 0; c < ci; c++) {
      const real *w = (const real *)a->p[PN_CV_WEIGHT] + ((group * ci + c) * co + m) * volume;
      for (int64_t d = 0; d < g.d[0].taps; d++)
        for (int64_t h = 0; h < g.d[1].taps; h++)
          for (int64_t v = 0; v < g.d[2].taps; v++)
            *out++ =
                w[((g.d[0].tap0 + d * g.d[0].tap_step) * kh + g.d[1].tap0 + h * g.d[1].tap_step) *
                      kw +
                  g.d[2].tap0 + v * g.d[2].tap_step];
    }
  }
}

int64_t PN_FN(conv_runs)(conv_run *runs, const pn_conv_geom *g, const pn_args *a, int64_t j0,
                         int64_t j1) {
  const int64_t ow = a->n[PN_CV_DST_DIM + 2], oh = a->n[PN_CV_DST_DIM + 1];
  const pn_conv_dim *z = &g->d[0], *y = &g->d[1], *x = &g->d[2];
  const bool merged = g->d[2].count == g->positions;
  int64_t image = j0 / g->positions, q = j0 - image * g->positions, count = 0;
  int64_t qx = q % x->count, qy = q / x->count % y->count, qz = q / x->count / y->count;
  for (int64_t j = j0; j < j1; count++) {
    conv_run *r = &runs[count];
    r->col = j - j0;
    r->len = pn_min64(x->count - qx, j1 - j);
    r->image = image;
    r->at[0] = qz * z->src_step;
    r->at[1] = qy * y->src_step;
    r->at[2] = qx * x->src_step;
    r->target = merged && g->dense
                    ? qx
                    : ((z->first + qz * z->out_step) * oh + y->first + qy * y->out_step) * ow +
                          x->first + qx * x->out_step;
    j += r->len;
    qx = 0;
    if (++qy < y->count) continue;
    qy = 0;
    if (++qz < z->count) continue;
    qz = 0;
    image++;
  }
  return count;
}

/* `count` rows of the panel: one channel, offsets z and y, count taps from x on. */
static void pack_taps(real *dst, int64_t ld, const pn_conv_geom *g, const conv_source *s,
                      const conv_run *runs, int64_t nruns, const real *channel,
                      const int64_t *offset, int64_t count) {
  const int64_t depth = g->d[0].size, height = g->d[1].size, width = g->d[2].size;
  const int64_t step = g->d[2].src_step, next = g->d[2].off_step;
  for (int64_t i = 0; i < nruns; i++) {
    const conv_run *r = &runs[i];
    const int64_t z = r->at[0] + offset[0], y = r->at[1] + offset[1], room = ld - r->col;
    real *to = dst + r->col;
    if ((uint64_t)z >= (uint64_t)depth || (uint64_t)y >= (uint64_t)height) {
      for (int64_t t = 0; t < count; t++, to += ld)
        for (int64_t j = 0; j < r->len; j += PN_VN) conv_store(to + j, v_set1(0), room - j);
      continue;
    }
    const real *row = channel + r->image * s->image + (z * height + y) * width;
    int64_t x = r->at[2] + offset[2];
    for (int64_t t = 0; t < count; t++, to += ld, x += next)
      conv_copy_run(to, room, row, x, r->len, width, step);
  }
}

void PN_FN(conv_pack_rows)(real *dst, int64_t ld, const pn_conv_geom *g, const conv_source *s,
                           const conv_run *runs, int64_t nruns, int64_t k0, int64_t rows) {
  int64_t t[3], offset[3], c = k0 / g->taps, rest = k0 - c * g->taps;
  for (int d = 2; d >= 0; d--) {
    t[d] = rest % g->d[d].taps;
    rest /= g->d[d].taps;
    offset[d] = g->d[d].off0 + t[d] * g->d[d].off_step;
  }
  const real *channel = s->src + c * s->channel;
  for (int64_t i = 0, count; i < rows; i += count) {
    count = pn_min64(g->d[2].taps - t[2], rows - i);
    pack_taps(dst + i * ld, ld, g, s, runs, nruns, channel, offset, count);
    t[2] = 0;
    offset[2] = g->d[2].off0;
    int d = 1;
    for (; d >= 0; d--) {
      offset[d] += g->d[d].off_step;
      if (++t[d] < g->d[d].taps) break;
      t[d] = 0;
      offset[d] = g->d[d].off0;
    }
    if (d < 0) channel += s->channel;
  }
}

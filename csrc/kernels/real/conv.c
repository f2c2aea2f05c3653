/* Convolution, also transposed: a panel of columns at a time (conv_plan.h). */
#include "kernels/real/conv.h"

enum { WIDTH = TILE_PNV * PN_VN };

/* One unit: rows [m0, m1) of one group and phase, columns [j0, j1). */
typedef struct conv_unit {
  const pn_conv_geom *g;
  conv_source source;
  const real *a; /* row m0 */
  real *out;     /* of row m0 in image 0 */
  const real *bias;
  int64_t m, k, j0, j1, out_channel, out_image;
} conv_unit;

static void scatter(const conv_unit *u, const conv_run *runs, int64_t nruns, const real *sums) {
  const int64_t step = u->g->d[2].out_step;
  for (int64_t r = 0; r < nruns; r++) {
    real *out = u->out + runs[r].image * u->out_image + runs[r].target;
    const real *s = sums + runs[r].col;
    const int64_t len = runs[r].len;
    for (int64_t m = 0; m < u->m; m++, out += u->out_channel, s += WIDTH)
      for (int64_t j = 0; j < len; j++) out[j * step] = s[j];
  }
}

/* The result goes straight to out where the columns follow one another there,
 * else through the sums. */
static void run_unit(const conv_unit *u, const pn_args *a, real *scratch) {
  const pn_conv_geom *g = u->g;
  conv_run runs[WIDTH];
  const int64_t nruns = PN_FN(conv_runs)(runs, g, a, u->j0, u->j1), w = u->j1 - u->j0;
  const conv_run *first = &runs[0], *end = &runs[nruns - 1];
  const bool straight = g->dense && first->image == end->image;
  const bool as_it_lies = nruns == 1 && g->taps == 1 && g->d[2].src_step == 1 &&
                          first->at[2] + g->d[2].off0 >= 0 &&
                          first->at[2] + g->d[2].off0 + w <= g->d[2].size && g->d[0].size == 1 &&
                          g->d[1].size == 1 && g->d[0].off0 == 0 && g->d[1].off0 == 0;
  real *sums = scratch + PN_KBLOCK * WIDTH + PN_CONV_SLACK;
  real *c = straight ? u->out + first->image * u->out_image + first->target : sums;
  const int64_t ldc = straight ? u->out_channel : WIDTH;
  gemm_columns b = {.nv = (w + PN_VN - 1) / PN_VN};
  b.last = w - (b.nv - 1) * PN_VN;
  b.ld = b.step = as_it_lies ? u->source.channel : b.nv * PN_VN;
  int64_t k0 = 0;
  do {
    const int64_t kc = pn_min64(PN_KBLOCK, u->k - k0);
    const bool done = k0 + kc == u->k;
    if (as_it_lies) {
      b.p = u->source.src + k0 * u->source.channel + first->image * u->source.image + first->at[2] +
            g->d[2].off0;
    } else {
      b.p = scratch;
      if (kc) PN_FN(conv_pack_rows)(scratch, b.ld, g, &u->source, runs, nruns, k0, kc);
    }
    gemm_out o = {.c = c, .ldc = ldc, .part = k0 ? c : NULL, .ldp = ldc, .alpha = 1};
    o.row_bias = done ? u->bias : NULL;
    const gemm_rows rows = {u->a + k0, u->k, u->k, 1, false};
    run_panel(kc, &rows, &b, u->m, &o);
    k0 += kc;
  } while (k0 < u->k);
  if (!straight) scatter(u, runs, nruns, sums);
}

/* Weights of row m of a group in this phase: as they lie, or packed. */
static const real *weights(const pn_args *a, int64_t phase, int64_t row, int64_t k) {
  if (!(a->flags & PN_CV_TRANSPOSED)) return (const real *)a->p[PN_CV_WEIGHT] + row * k;
  const int64_t all = a->n[PN_CV_GROUPS] * a->n[PN_CV_CO] * a->n[PN_CV_CI];
  return (const real *)a->p[PN_CV_WORK] + all * pn_conv_taps_before(a, phase) + row * k;
}

static void run_depthwise(const pn_args *a, int64_t begin, int64_t end, real *scratch) {
  const int64_t *n = a->n, planes = n[PN_CV_BATCH] * n[PN_CV_GROUPS];
  const int64_t from = n[PN_CV_SRC_DIM] * n[PN_CV_SRC_DIM + 1] * n[PN_CV_SRC_DIM + 2];
  const int64_t to = n[PN_CV_DST_DIM] * n[PN_CV_DST_DIM + 1] * n[PN_CV_DST_DIM + 2];
  const real *bias = a->p[PN_CV_BIAS];
  pn_conv_geom g;
  for (int64_t u = begin, at = -1; u < end; u++) {
    const int64_t phase = u / planes, plane = u - phase * planes;
    const int64_t group = plane % n[PN_CV_GROUPS];
    if (phase != at) pn_conv_geom_of(&g, a, phase), at = phase;
    if (g.positions == 0) continue;
    PN_FN(conv_depthwise)
    (&g, a, (const real *)a->p[PN_CV_SRC] + plane * from, weights(a, phase, group, g.taps),
     bias ? bias + group : NULL, (real *)a->p[PN_CV_OUT] + plane * to, scratch);
  }
}

PN_KERNEL(conv) {
  if (pn_conv_is_depthwise(a)) {
    run_depthwise(a, begin, end, scratch);
    return;
  }
  const int64_t *n = a->n, groups = n[PN_CV_GROUPS];
  pn_conv_geom g;
  pn_conv_cut cut;
  pn_conv_geom_of(&g, a, 0);
  pn_conv_cut_of(&cut, &g, a, &PN_BLOCKS(PN_TYPE, PN_LEVEL));
  const int64_t plane = n[PN_CV_SRC_DIM] * n[PN_CV_SRC_DIM + 1] * n[PN_CV_SRC_DIM + 2];
  conv_unit u = {.g = &g, .source = {.image = groups * n[PN_CV_CI] * plane, .channel = plane}};
  u.out_channel = n[PN_CV_DST_DIM] * n[PN_CV_DST_DIM + 1] * n[PN_CV_DST_DIM + 2];
  u.out_image = groups * n[PN_CV_CO] * u.out_channel;
  int64_t at = 0;
  for (int64_t i = begin; i < end; i++) {
    const int64_t panel = i % cut.panels, block = i / cut.panels % cut.blocks;
    const int64_t group = i / cut.panels / cut.blocks % groups;
    const int64_t phase = i / cut.panels / cut.blocks / groups;
    if (phase != at) pn_conv_geom_of(&g, a, phase), at = phase;
    u.j0 = panel * WIDTH;
    u.j1 = pn_min64(u.j0 + WIDTH, n[PN_CV_BATCH] * g.positions);
    if (u.j0 >= u.j1) continue;
    const int64_t row = group * n[PN_CV_CO] + block * cut.rows;
    u.k = n[PN_CV_CI] * g.taps;
    u.m = pn_min64(cut.rows, n[PN_CV_CO] - block * cut.rows);
    u.a = weights(a, phase, row, u.k);
    u.out = (real *)a->p[PN_CV_OUT] + row * u.out_channel;
    u.bias = a->p[PN_CV_BIAS] ? (const real *)a->p[PN_CV_BIAS] + row : NULL;
    u.source.src = (const real *)a->p[PN_CV_SRC] + group * n[PN_CV_CI] * plane;
    run_unit(&u, a, scratch);
  }
}

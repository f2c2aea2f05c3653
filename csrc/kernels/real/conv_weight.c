/* The gradient of a convolution by its weight: a product of rows (channel, tap)
 * by columns (channel of grad), k over (image, position), K block by K block. */
#include "kernels/real/conv.h"

#include <string.h>

enum { WIDTH = TILE_PNV * PN_VN, LD = PN_KBLOCK + PN_CONV_PAD };

typedef struct weight_unit {
  const pn_conv_geom *g;
  conv_source source;
  const real *grad; /* the group's first channel of image 0 */
  int64_t grad_image, co;
  int64_t row0, rows; /* (channel, tap) */
} weight_unit;

/* dst (kc x w) = grad at positions [j0, j0 + kc) of channels [c0, c0 + n). */
static void pack_grad(real *dst, int64_t w, const weight_unit *u, int64_t c0, int64_t n, int64_t j0,
                      int64_t kc) {
  const int64_t positions = u->g->positions;
  for (int64_t j = j0, part; j < j0 + kc; j += part) {
    const int64_t image = j / positions, q = j - image * positions;
    part = pn_min64(positions - q, j0 + kc - j);
    PN_FN(gemm_pack_panel)
    (dst + (j - j0) * w, w, u->grad + image * u->grad_image + c0 * positions + q, 1, positions,
     part, n);
  }
}

/* sums (rows x co) = [sums +] the product over positions [j0, j0 + kc). */
static void run_part(const weight_unit *u, const pn_args *a, int64_t j0, int64_t kc, real *sums,
                     bool add, real *scratch) {
  conv_run runs[PN_KBLOCK];
  real *panel = scratch + u->rows * LD + PN_CONV_SLACK;
  const int64_t nruns = PN_FN(conv_runs)(runs, u->g, a, j0, j0 + kc);
  PN_FN(conv_pack_rows)(scratch, LD, u->g, &u->source, runs, nruns, u->row0, u->rows);
  const gemm_rows rows = {scratch, LD, LD, 1, false};
  for (int64_t c = 0, w; c < u->co; c += w) {
    gemm_columns b = {.p = panel, .nv = gemm_panel_vectors(u->co - c)};
    b.ld = b.step = b.nv * PN_VN;
    w = pn_min64(b.ld, u->co - c);
    b.last = w - (b.nv - 1) * PN_VN;
    pack_grad(panel, b.ld, u, c, w, j0, kc);
    gemm_out o = {.c = sums + c, .ldc = u->co, .alpha = 1};
    if (add) o.part = sums + c, o.ldp = u->co;
    run_panel(kc, &rows, &b, u->rows, &o);
  }
}

/* out[channel of grad][row0 + r] = sums[r][channel of grad] */
static void store(const weight_unit *u, real *out, int64_t all, const real *sums) {
  for (int64_t c = 0; c < u->co; c++)
    for (int64_t r = 0; r < u->rows; r++) out[c * all + u->row0 + r] = sums[r * u->co + c];
}

static void unit_of(weight_unit *u, const pn_conv_geom *g, const pn_args *a, int64_t group) {
  const int64_t *n = a->n;
  const int64_t plane = n[PN_CV_SRC_DIM] * n[PN_CV_SRC_DIM + 1] * n[PN_CV_SRC_DIM + 2];
  u->g = g;
  u->co = n[PN_CV_CO];
  u->source.channel = plane;
  u->source.image = n[PN_CV_GROUPS] * n[PN_CV_CI] * plane;
  u->source.src = (const real *)a->p[PN_CV_SRC] + group * n[PN_CV_CI] * plane;
  u->grad_image = n[PN_CV_GROUPS] * u->co * g->positions;
  u->grad = (const real *)a->p[PN_CV_WEIGHT] + group * u->co * g->positions;
}

PN_KERNEL(conv_weight) {
  const int64_t *n = a->n;
  pn_conv_geom g;
  pn_conv_weight_cut cut;
  weight_unit u;
  pn_conv_geom_of(&g, a, 0);
  if (pn_conv_sums_planes(a)) {
    for (int64_t i = begin; i < end; i++) PN_FN(conv_depthwise_weight)(&g, a, i, scratch);
    return;
  }
  pn_conv_weight_cut_of(&cut, &g, a, &PN_BLOCKS(PN_TYPE, PN_LEVEL));
  const int64_t all = n[PN_CV_CI] * g.taps, columns = n[PN_CV_BATCH] * g.positions;
  real *s = scratch, *sums = s + cut.rows * LD + PN_CONV_SLACK + PN_KBLOCK * WIDTH;
  for (int64_t i = begin; i < end; i++) {
    const int64_t group = i / cut.blocks, block = i - group * cut.blocks;
    unit_of(&u, &g, a, group);
    u.row0 = cut.split ? 0 : block * cut.rows;
    u.rows = pn_min64(cut.rows, all - u.row0);
    if (cut.split) {
      const int64_t j = block * PN_KBLOCK;
      run_part(&u, a, j, pn_min64(PN_KBLOCK, columns - j),
               (real *)a->p[PN_CV_WORK] + i * all * u.co, false, s);
      continue;
    }
    if (columns == 0) memset(sums, 0, (size_t)(u.rows * u.co) * sizeof(real));
    for (int64_t j = 0; j < columns; j += PN_KBLOCK)
      run_part(&u, a, j, pn_min64(PN_KBLOCK, columns - j), sums, j > 0, s);
    store(&u, (real *)a->p[PN_CV_OUT] + group * u.co * all, all, sums);
  }
}

/* Unit: one channel of grad; the partial products added in order. */
PN_KERNEL(conv_weight_combine) {
  pn_conv_geom g;
  pn_conv_weight_cut cut;
  pn_conv_geom_of(&g, a, 0);
  pn_conv_weight_cut_of(&cut, &g, a, &PN_BLOCKS(PN_TYPE, PN_LEVEL));
  const int64_t co = a->n[PN_CV_CO], all = cut.rows;
  for (int64_t i = begin; i < end; i++) {
    const int64_t group = i / co, c = i - group * co;
    const real *part = (const real *)a->p[PN_CV_WORK] + group * cut.parts * all * co + c;
    real *out = (real *)a->p[PN_CV_OUT] + i * all;
    for (int64_t r = 0; r < all; r++) {
      real sum = part[r * co];
      for (int64_t p = 1; p < cut.parts; p++) sum = sum + part[p * all * co + r * co];
      out[r] = sum;
    }
  }
}

/* How a convolution is cut, for the plan and the kernels alike.
 *
 * Output positions of one residue modulo the stride (a phase; a convolution
 * that is not transposed has one) meet the same taps, at source positions that
 * move along with them:
 *   output position   first + q * out_step,               q = 0..count-1
 *   tap t             kernel index tap0 + t * tap_step,   t = 0..taps-1
 *   source position   q * src_step + off0 + t * off_step
 * so each phase is a product of its own:  out (CO x columns) = A (CO x k) B (k x
 * columns), where a column is (image, position).  B is made a panel at a time in
 * a unit's scratch, never as a whole. */
#ifndef PN_CONV_PLAN_H
#define PN_CONV_PLAN_H

#include "kernels/conv.h"
#include "kernels/table.h"
#include "pn_contract.h"

enum {
  PN_CONV_ENOUGH = 16,     /* units to aim at by splitting rows, */
  PN_CONV_ROWS = 64,       /* which pack their panel again: not below this many */
  PN_CONV_BLOCK = 192,     /* conv_weight: rows (channel, tap) of one unit */
  PN_CONV_PLANE = 1 << 20, /* a plane of conv_depthwise has fewer elements */
  PN_CONV_SPLIT = 16384    /* conv_weight: outputs up to which blocks of k are units */
};
enum { PN_CONV_SLACK = 32, PN_CONV_PAD = 16 }; /* a copied run may spill one vector */

typedef struct pn_conv_dim {
  int64_t size; /* of the source */
  int64_t count, first, out_step, src_step;
  int64_t taps, tap0, tap_step, off0, off_step;
} pn_conv_dim;

static inline int64_t pn_conv_phases_of(const pn_args *a, int d) {
  if (!(a->flags & PN_CV_TRANSPOSED)) return 1;
  return pn_min64(a->n[PN_CV_STRIDE + d], a->n[PN_CV_DST_DIM + d]);
}

static inline void pn_conv_dim_of(pn_conv_dim *c, const pn_args *a, int d, int64_t phase) {
  const int64_t *n = a->n;
  const int64_t stride = n[PN_CV_STRIDE + d], pad = n[PN_CV_PAD + d], dil = n[PN_CV_DILATION + d];
  const int64_t kernel = n[PN_CV_KERNEL + d];
  *c = (pn_conv_dim){
      n[PN_CV_SRC_DIM + d], n[PN_CV_DST_DIM + d], 0, 1, stride, kernel, 0, 1, -pad, dil};
  if (!(a->flags & PN_CV_TRANSPOSED)) return;
  /* Taps k with k * dilation = phase + pad (mod stride): every tap_step-th. */
  int64_t g = dil, r = stride;
  while (r) {
    const int64_t t = g % r;
    g = r;
    r = t;
  }
  c->count = (c->count - phase + stride - 1) / stride;
  c->first = phase;
  c->out_step = stride;
  c->src_step = 1;
  c->tap_step = stride / g;
  c->off_step = -(dil / g);
  while (c->tap0 < pn_min64(kernel, c->tap_step) && (phase + pad - c->tap0 * dil) % stride)
    c->tap0++;
  c->taps = c->tap0 < pn_min64(kernel, c->tap_step)
                ? (kernel - c->tap0 + c->tap_step - 1) / c->tap_step
                : 0;
  c->off0 = c->taps ? (phase + pad - c->tap0 * dil) / stride : 0;
}

/* One phase of all dimensions. */
typedef struct pn_conv_geom {
  pn_conv_dim d[3];
  int64_t positions; /* of one image */
  int64_t taps;
  bool dense; /* position q lies at q: no phases */
} pn_conv_geom;

/* One tap that reads position q at position q: the dimensions are one. */
static inline void pn_conv_merge(pn_conv_geom *g) {
  for (int d = 0; d < 3; d++)
    if (g->d[d].src_step != 1 || g->d[d].off0 != 0 || g->d[d].size != g->d[d].count) return;
  if (g->taps != 1 || !g->dense) return;
  for (int d = 0; d < 2; d++) g->d[d].size = g->d[d].count = 1;
  g->d[2].size = g->d[2].count = g->positions;
}

static inline void pn_conv_geom_of(pn_conv_geom *g, const pn_args *a, int64_t phase) {
  g->positions = g->taps = 1;
  g->dense = true;
  for (int d = 2; d >= 0; d--) {
    const int64_t phases = pn_conv_phases_of(a, d);
    pn_conv_dim_of(&g->d[d], a, d, phases ? phase % phases : 0);
    phase /= pn_max64(phases, 1);
    g->positions *= g->d[d].count;
    g->taps *= g->d[d].taps;
    g->dense = g->dense && g->d[d].out_step == 1;
  }
  pn_conv_merge(g);
}

static inline int64_t pn_conv_phases(const pn_args *a) {
  return pn_conv_phases_of(a, 0) * pn_conv_phases_of(a, 1) * pn_conv_phases_of(a, 2);
}

/* Kernel elements whose weights are packed before those of this phase. */
static inline int64_t pn_conv_taps_before(const pn_args *a, int64_t phase) {
  int64_t before = 0, inner = 1;
  for (int d = 2; d >= 0; d--) {
    const int64_t phases = pn_conv_phases_of(a, d), mine = phase % phases;
    pn_conv_dim c;
    int64_t sum = 0;
    for (int64_t p = 0; p < mine; p++) {
      pn_conv_dim_of(&c, a, d, p);
      sum += c.taps;
    }
    pn_conv_dim_of(&c, a, d, mine);
    before = sum * inner + c.taps * before;
    inner *= a->n[PN_CV_KERNEL + d];
    phase /= phases;
  }
  return before;
}

/* One channel by one (conv_depthwise.c): the units are (phase, image, group).
 * The source positions of a row run from `low`, in src_step parts of `columns`. */
static inline int64_t pn_conv_low(const pn_conv_dim *x) {
  return pn_min64(x->off0, x->off0 + pn_max64(x->taps - 1, 0) * x->off_step);
}
static inline int64_t pn_conv_columns(const pn_conv_dim *x) {
  const int64_t reach = pn_max64(x->taps - 1, 0) * (x->off_step < 0 ? -x->off_step : x->off_step);
  return reach / x->src_step + 1 + x->count;
}
/* For all phases: the first one has the most positions. */
static inline int64_t pn_conv_depthwise_scratch(const pn_conv_geom *g, const pn_args *a) {
  const int64_t reach = a->n[PN_CV_KERNEL + 2] * a->n[PN_CV_DILATION + 2];
  const int64_t row = (reach + 1 + g->d[2].count + PN_CONV_SLACK) * g->d[2].src_step;
  return g->d[0].size * g->d[1].size * row + PN_CONV_SLACK;
}
static inline bool pn_conv_is_depthwise(const pn_args *a) {
  const int64_t *n = a->n;
  if (n[PN_CV_CI] != 1 || n[PN_CV_CO] != 1) return false;
  int64_t taps = 1;
  double room = 1;
  for (int d = 0; d < 3; d++) {
    taps *= n[PN_CV_KERNEL + d];
    room *= (double)n[PN_CV_SRC_DIM + d];
    if (n[PN_CV_KERNEL + d] > PN_KBLOCK || n[PN_CV_STRIDE + d] > 8) return false;
  }
  const double reach = (double)n[PN_CV_KERNEL + 2] * (double)n[PN_CV_DILATION + 2];
  return taps <= PN_KBLOCK && room < PN_CONV_PLANE && reach < PN_KBLOCK;
}

/* conv_weight of one channel by one: the units are the groups. */
static inline bool pn_conv_sums_planes(const pn_args *a) {
  return pn_conv_is_depthwise(a) && a->n[PN_CV_BATCH] > 0;
}

/* Units of conv: (phase, group, rows, panel), the panel innermost.  Phase 0 has
 * the most positions; what a later one lacks is an empty unit. */
typedef struct pn_conv_cut {
  int64_t phases, rows, blocks, panels; /* rows of one unit, blocks of rows */
} pn_conv_cut;

static inline void pn_conv_cut_of(pn_conv_cut *c, const pn_conv_geom *g, const pn_args *a,
                                  const pn_gemm_blocks *b) {
  const int64_t m = a->n[PN_CV_CO];
  c->phases = pn_conv_phases(a);
  c->panels = pn_ceil_div(a->n[PN_CV_BATCH] * g->positions, b->nr);
  const int64_t units = pn_max64(1, c->phases * a->n[PN_CV_GROUPS] * c->panels);
  const int64_t split = pn_max64(1, pn_min64(pn_ceil_div(PN_CONV_ENOUGH, units), m / PN_CONV_ROWS));
  c->rows = pn_max64(1, pn_ceil_div(pn_ceil_div(m, split), b->mr) * b->mr);
  c->blocks = pn_ceil_div(m, c->rows);
}

/* Units of conv_weight: (group, block of rows), or, where the outputs are few
 * and k is long, (group, block of k) with the partial products in the workspace
 * and a combining phase that adds them in order. */
typedef struct pn_conv_weight_cut {
  int64_t rows, blocks, parts; /* parts: K blocks */
  bool split;
} pn_conv_weight_cut;

static inline void pn_conv_weight_cut_of(pn_conv_weight_cut *c, const pn_conv_geom *g,
                                         const pn_args *a, const pn_gemm_blocks *b) {
  const int64_t *n = a->n, rows = n[PN_CV_CI] * g->taps;
  c->parts = pn_ceil_div(n[PN_CV_BATCH] * g->positions, PN_KBLOCK);
  const int64_t outputs = rows * n[PN_CV_CO];
  c->split = !pn_conv_sums_planes(a) && outputs > 0 && outputs <= PN_CONV_SPLIT && c->parts >= 4 &&
             (double)outputs * (double)c->parts * (double)n[PN_CV_GROUPS] < 4e6;
  const int64_t even = pn_ceil_div(rows, pn_max64(1, pn_ceil_div(rows, PN_CONV_BLOCK)));
  c->rows = c->split ? rows : pn_max64(1, pn_ceil_div(even, b->mr) * b->mr);
  c->blocks = c->split ? c->parts : pn_ceil_div(rows, c->rows);
}

/* Elements of scratch: one K block of packed rows of width w, the sums. */
static inline int64_t pn_conv_scratch(const pn_conv_cut *c, const pn_gemm_blocks *b) {
  return PN_KBLOCK * (int64_t)b->nr + PN_CONV_SLACK + c->rows * b->nr;
}
static inline int64_t pn_conv_weight_scratch(const pn_conv_weight_cut *c, const pn_args *a,
                                             const pn_gemm_blocks *b) {
  const int64_t packed = c->rows * (PN_KBLOCK + PN_CONV_PAD) + PN_CONV_SLACK;
  return packed + PN_KBLOCK * (int64_t)b->nr + (c->split ? 0 : c->rows * a->n[PN_CV_CO]);
}

#endif

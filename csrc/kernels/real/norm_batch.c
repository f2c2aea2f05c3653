/* batch_norm and its gradient by x (norm.h). */
#include "kernels/real/norm.h"

/* running += factor (value - running), as running (1 - factor) + factor value. */
PN_INLINE void move(real *running, real value, double factor) {
  if (!running) return;
  real kept = *running * (real)(1 - factor), added = value * (real)factor;
  *running = kept + added;
}

/* Phase 1. */
PN_KERNEL(batch_norm) {
  const int64_t *n = a->n;
  const real *mean = a->p[PN_NORM_MEAN], *var = a->p[PN_NORM_VAR];
  const int64_t *count = a->p[PN_NORM_COUNT];
  real *rstd = a->p[PN_NORM_RSTD];
  real *rm = a->p[PN_NORM_RUNNING_MEAN], *rv = a->p[PN_NORM_RUNNING_VAR];
  double factor = count ? 1 / (double)*count : a->f[PN_NORM_FACTOR];
  double items = (double)(n[PN_NORM_N] * n[PN_NORM_S]);
  real unbiased = (real)(items / (items - 1));
  for (int64_t c = 0; c < n[PN_NORM_C]; c++) {
    rstd[c] = norm_root(var[c], a->f[PN_NORM_EPS]);
    if (!(a->flags & PN_NORM_BATCH)) continue;
    move(rm ? rm + c : NULL, mean[c], factor);
    move(rv ? rv + c : NULL, var[c] * unbiased, factor);
  }
}

/* One sample of S = 1: statistics, weight and bias one per element. */
typedef struct sample {
  real *y;
  const real *x, *m, *r, *w, *b;
} sample;
PN_INLINE void apply_sample(const void *context, int64_t i, int64_t n) {
  const sample *c = context;
  vreal h = v_mul(v_sub(norm_load(c->x + i, n), norm_load(c->m + i, n)), norm_load(c->r + i, n));
  if (c->w && c->b)
    h = v_fma(h, norm_load(c->w + i, n), norm_load(c->b + i, n));
  else if (c->w)
    h = v_mul(h, norm_load(c->w + i, n));
  else if (c->b)
    h = v_add(h, norm_load(c->b + i, n));
  norm_store(c->y + i, h, n);
}

PN_KERNEL(batch_norm_apply) {
  const int64_t *n = a->n;
  int64_t width = n[PN_NORM_C], s = n[PN_NORM_S];
  const real *mean = a->p[PN_NORM_MEAN], *rstd = a->p[PN_NORM_RSTD];
  for (int64_t u = begin; u < end; u++) {
    if (s == 1) {
      sample c = {
          (real *)a->p[PN_NORM_OUT] + u * width, norm_in(a, PN_NORM_X, u * width), mean, rstd,
          norm_in(a, PN_NORM_WEIGHT, 0),         norm_in(a, PN_NORM_BIAS, 0)};
      norm_loop(apply_sample, &c, width);
      continue;
    }
    int64_t k = u % width;
    norm_channel c;
    c.m = v_set1(mean[k]);
    c.r = v_set1(rstd[k]);
    norm_channel_affine(&c, norm_in(a, PN_NORM_WEIGHT, k), norm_in(a, PN_NORM_BIAS, k));
    c.y = (real *)a->p[PN_NORM_OUT] + u * s;
    c.x = norm_in(a, PN_NORM_X, u * s);
    norm_loop(norm_apply_channel, &c, s);
  }
}

/* ---- backward -------------------------------------------------------------------- */
PN_INLINE vreal gradient(bool batch, vreal g, vreal x, vreal m, vreal r, vreal scale, vreal u,
                         vreal uh) {
  if (!batch) return v_mul(g, scale);
  return v_mul(v_fnma(v_mul(v_sub(x, m), r), uh, v_sub(g, u)), scale);
}

typedef struct channel {
  real *dx;
  const real *g, *x;
  bool batch;
  vreal m, r, scale, u, uh; /* scale = r w; u, uh: the means of g and g h */
} channel;
PN_INLINE void channel_dx(const void *context, int64_t i, int64_t n) {
  const channel *c = context;
  vreal x = c->batch ? norm_load(c->x + i, n) : c->m;
  vreal d = gradient(c->batch, norm_load(c->g + i, n), x, c->m, c->r, c->scale, c->u, c->uh);
  norm_store(c->dx + i, d, n);
}

typedef struct sample_gradient {
  real *dx;
  const real *g, *x, *m, *r, *w, *dw, *db;
  bool batch;
  vreal items;
} sample_gradient;
PN_INLINE void sample_dx(const void *context, int64_t i, int64_t n) {
  const sample_gradient *c = context;
  vreal r = norm_load(c->r + i, n), scale = c->w ? v_mul(r, norm_load(c->w + i, n)) : r;
  vreal g = norm_load(c->g + i, n), m = r, u = r, uh = r, x = r;
  if (c->batch) {
    m = norm_load(c->m + i, n);
    x = norm_load(c->x + i, n);
    u = v_div(norm_load(c->db + i, n), c->items);
    uh = v_div(norm_load(c->dw + i, n), c->items);
  }
  norm_store(c->dx + i, gradient(c->batch, g, x, m, r, scale, u, uh), n);
}

PN_KERNEL(batch_norm_backward) {
  const int64_t *n = a->n;
  int64_t width = n[PN_NORM_C], s = n[PN_NORM_S];
  bool batch = a->flags & PN_NORM_BATCH;
  const real *mean = a->p[PN_NORM_MEAN], *rstd = a->p[PN_NORM_RSTD], *w = a->p[PN_NORM_WEIGHT];
  const real *dw = a->p[PN_NORM_DWEIGHT], *db = a->p[PN_NORM_DBIAS];
  real items = (real)(n[PN_NORM_N] * s);
  for (int64_t u = begin; u < end; u++) {
    real *dx = (real *)a->p[PN_NORM_OUT] + u * (s == 1 ? width : s);
    const real *g = norm_in(a, PN_NORM_G, u * (s == 1 ? width : s));
    const real *x = norm_in(a, PN_NORM_X, u * (s == 1 ? width : s));
    if (s == 1) {
      sample_gradient c = {dx, g, x, mean, rstd, w, dw, db, batch, v_set1(items)};
      norm_loop(sample_dx, &c, width);
      continue;
    }
    int64_t k = u % width;
    channel c = {.dx = dx, .g = g, .x = x, .batch = batch};
    c.m = v_set1(mean[k]);
    c.r = v_set1(rstd[k]);
    c.scale = v_set1(w ? rstd[k] * w[k] : rstd[k]);
    c.u = v_set1(batch ? db[k] / items : 0);
    c.uh = v_set1(batch ? dw[k] / items : 0);
    norm_loop(channel_dx, &c, s);
  }
}

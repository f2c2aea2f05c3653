/* layer_norm, rms_norm, group_norm (norm.h): a row is a sample's group, read
 * three times while it is in the cache: mean, squares, result. */
#include "kernels/real/norm.h"

typedef struct deviation {
  const real *x;
  vreal mean;
} deviation;
PN_INLINE vreal term_square(const void *context, int64_t i, int64_t n) {
  const deviation *c = context;
  vreal d = v_sub(term_value(c->x, i, n), c->mean);
  return v_mul(d, d);
}
PN_NOINLINE real row_squares(const real *x, real mean, int64_t n) {
  deviation c = {x, v_set1(mean)};
  return sum_chunks(term_square, &c, n);
}

/* A row of whole channels of s elements, from channel `first` on. */
static void apply_channels(const pn_args *a, real *y, const real *x, real m, real r, int64_t first,
                           int64_t channels, int64_t s) {
  norm_channel c;
  c.m = v_set1(m);
  c.r = v_set1(r);
  for (int64_t k = 0; k < channels; k++) {
    norm_channel_affine(&c, norm_in(a, PN_NORM_WEIGHT, first + k),
                        norm_in(a, PN_NORM_BIAS, first + k));
    c.y = y + k * s;
    c.x = x + k * s;
    norm_loop(norm_apply_channel, &c, s);
  }
}

PN_KERNEL(group_norm) {
  const int64_t *n = a->n;
  int64_t groups = n[PN_NORM_GROUPS], channels = n[PN_NORM_C] / groups, s = n[PN_NORM_S];
  int64_t length = channels * s;
  real *mean = a->p[PN_NORM_MEAN], *rstd = a->p[PN_NORM_RSTD];
  for (int64_t u = begin; u < end; u++) {
    const real *x = (const real *)a->p[PN_NORM_X] + u * length;
    real *y = (real *)a->p[PN_NORM_OUT] + u * length;
    int64_t first = u % groups * channels;
    real m = a->flags & PN_NORM_RMS ? 0 : norm_sum(x, length) / (real)length;
    real r = norm_root(row_squares(x, m, length) / (real)length, a->f[PN_NORM_EPS]);
    if (mean) mean[u] = m;
    rstd[u] = r;
    if (s == 1) {
      norm_elements c = {
          y,         x,        norm_in(a, PN_NORM_WEIGHT, first), norm_in(a, PN_NORM_BIAS, first),
          v_set1(m), v_set1(r)};
      norm_loop(norm_apply_elements, &c, length);
    } else {
      apply_channels(a, y, x, m, r, first, channels, s);
    }
  }
}

/* ---- backward -------------------------------------------------------------------- */
typedef struct row_gradient {
  real *dx;
  const real *g, *x, *w;  /* w: one per element, or NULL */
  vreal m, r, one, u, uh; /* one: the weight of all; u, uh: the means of u and u h */
} row_gradient;

PN_INLINE vreal row_u(const row_gradient *c, int64_t i, int64_t n) {
  vreal g = norm_load(c->g + i, n);
  return c->w ? v_mul(g, norm_load(c->w + i, n)) : v_mul(g, c->one);
}
PN_INLINE vreal row_h(const row_gradient *c, int64_t i, int64_t n) {
  return v_mul(v_sub(norm_load(c->x + i, n), c->m), c->r);
}
PN_INLINE vreal term_u(const void *context, int64_t i, int64_t n) { return row_u(context, i, n); }
PN_INLINE vreal term_uh(const void *context, int64_t i, int64_t n) {
  return v_mul(row_u(context, i, n), row_h(context, i, n));
}
PN_INLINE void lanes_dx(const void *context, int64_t i, int64_t n) {
  const row_gradient *c = context;
  vreal d = v_sub(row_u(c, i, n), c->u);
  norm_store(c->dx + i, v_mul(v_fnma(row_h(c, i, n), c->uh, d), c->r), n);
}

static void element_row(const pn_args *a, row_gradient *c, int64_t first, int64_t length) {
  c->w = norm_in(a, PN_NORM_WEIGHT, first);
  real u = a->flags & PN_NORM_RMS ? 0 : sum_chunks(term_u, c, length);
  real uh = sum_chunks(term_uh, c, length);
  c->u = v_set1(u / (real)length);
  c->uh = v_set1(uh / (real)length);
  norm_loop(lanes_dx, c, length);
}

static void channel_row(const pn_args *a, row_gradient *c, int64_t first, int64_t channels,
                        int64_t s) {
  const real *w = norm_in(a, PN_NORM_WEIGHT, first);
  real u = 0, uh = 0, m = v_first(c->m), r = v_first(c->r), length = (real)(channels * s);
  for (int64_t k = 0; k < channels; k++) {
    real scale = w ? w[k] : 1;
    u += norm_sum(c->g + k * s, s) * scale;
    uh += norm_sum_scaled(c->g + k * s, c->x + k * s, m, r, s) * scale;
  }
  row_gradient part = *c;
  part.w = NULL;
  part.u = v_set1(u / length);
  part.uh = v_set1(uh / length);
  for (int64_t k = 0; k < channels; k++, part.g += s, part.x += s, part.dx += s) {
    part.one = v_set1(w ? w[k] : 1);
    norm_loop(lanes_dx, &part, s);
  }
}

PN_KERNEL(group_norm_backward) {
  const int64_t *n = a->n;
  int64_t groups = n[PN_NORM_GROUPS], channels = n[PN_NORM_C] / groups, s = n[PN_NORM_S];
  int64_t length = channels * s;
  const real *mean = a->p[PN_NORM_MEAN], *rstd = a->p[PN_NORM_RSTD];
  for (int64_t u = begin; u < end; u++) {
    row_gradient c;
    c.dx = (real *)a->p[PN_NORM_OUT] + u * length;
    c.g = norm_in(a, PN_NORM_G, u * length);
    c.x = norm_in(a, PN_NORM_X, u * length);
    c.w = NULL;
    c.m = v_set1(mean ? mean[u] : 0);
    c.r = v_set1(rstd[u]);
    c.one = v_set1(1);
    c.u = c.uh = v_set1(0);
    if (s == 1)
      element_row(a, &c, u % groups * channels, length);
    else
      channel_row(a, &c, u % groups * channels, channels, s);
  }
}

/* What the optimisers' kernels share: the walk over segments, the gradient with
 * its decay, running means, and the powers of bias corrections. */
#ifndef PN_REAL_OPTIM_H
#define PN_REAL_OPTIM_H

#include "kernels/kernel.h"
#include "kernels/optim.h"
#include "simd/simd.h"

/* Elements start..start+n-1 of one segment. */
typedef void (*optim_update)(const pn_optim_segment *s, int64_t start, int64_t n);

/* Units count the chunks of all segments, one after another; neighbouring
 * chunks of one segment go into one call, which works out its scalars once. */
PN_INLINE void optim_units(const pn_args *a, int64_t begin, int64_t end, optim_update update) {
  const pn_optim_segment *seg = a->block;
  int64_t low = 0, high = begin == 0 ? 1 : a->n[PN_OPT_SEGMENTS];
  while (high - low > 1) {
    int64_t mid = (low + high) / 2;
    if (seg[mid].unit <= begin)
      low = mid;
    else
      high = mid;
  }
  seg += low;
  for (int64_t u = begin; u < end; seg++) {
    int64_t start = (u - seg->unit) * PN_OPT_CHUNK;
    int64_t n = pn_min64(seg->n - start, (end - u) * PN_OPT_CHUNK);
    if (n <= 0) continue;
    update(seg, start, n);
    u += pn_ceil_div(n, PN_OPT_CHUNK);
  }
}

/* Lanes i..i+n-1; n = PN_VN is a constant to the compiler. */
typedef void (*optim_lanes)(const void *context, int64_t i, int64_t n);
PN_INLINE void optim_loop(optim_lanes lanes, const void *context, int64_t n) {
  int64_t i = 0;
  for (; i + PN_VN <= n; i += PN_VN) lanes(context, i, PN_VN);
  if (i < n) lanes(context, i, n - i);
}
PN_INLINE vreal optim_load(const real *p, int64_t n) {
  return n == PN_VN ? v_load(p) : v_load_n(p, n);
}
PN_INLINE void optim_store(real *p, vreal v, int64_t n) {
  if (n == PN_VN)
    v_store(p, v);
  else
    v_store_n(p, v, n);
}

PN_INLINE vreal optim_scalar(double x) { return v_set1((real)x); }
PN_INLINE real *optim_buffer(const pn_optim_segment *s, int which, int64_t start) {
  return s->buffer[which] ? (real *)s->buffer[which] + start : NULL;
}

/* Parameter and gradient: g is negated when maximizing; the decay is added to
 * it, or (decoupled) has scaled the parameter before. */
typedef struct optim_pair {
  real *p;
  const real *g;
  vreal decay, keep; /* weight decay; 1 - lr * weight decay */
  bool maximize, decays, scales;
} optim_pair;

PN_INLINE optim_pair optim_pair_of(const pn_optim_segment *s, int64_t start, bool decoupled) {
  const double *o = s->options;
  optim_pair c;
  c.p = (real *)s->param + start;
  c.g = (const real *)s->grad + start;
  c.maximize = o[PN_OPT_MAXIMIZE] != 0;
  c.decays = o[PN_OPT_DECAY] != 0 && !decoupled;
  c.scales = o[PN_OPT_DECAY] != 0 && decoupled;
  c.decay = optim_scalar(o[PN_OPT_DECAY]);
  c.keep = optim_scalar(1 - o[PN_OPT_LR] * o[PN_OPT_DECAY]);
  return c;
}
PN_INLINE vreal optim_param(const optim_pair *c, int64_t i, int64_t n) {
  vreal p = optim_load(c->p + i, n);
  return c->scales ? v_mul(p, c->keep) : p;
}
PN_INLINE vreal optim_grad(const optim_pair *c, vreal p, int64_t i, int64_t n) {
  vreal g = optim_load(c->g + i, n);
  if (c->maximize) g = v_neg(g);
  return c->decays ? v_add(g, v_mul(c->decay, p)) : g;
}

/* Running mean m + (1 - beta)(x - m), computed from the nearer end as
 * torch.lerp does. */
typedef struct optim_mean {
  vreal weight, rest;
  bool near;
} optim_mean;
PN_INLINE optim_mean optim_mean_of(double beta) {
  optim_mean c = {optim_scalar(1 - beta), optim_scalar(1 - (1 - beta)), 1 - beta < 0.5};
  return c;
}
PN_INLINE vreal optim_lerp(const optim_mean *c, vreal m, vreal x) {
  vreal d = v_sub(x, m);
  return c->near ? v_add(m, v_mul(c->weight, d)) : v_sub(x, v_mul(c->rest, d));
}

/* Running mean of squares: beta v + (1 - beta) x x. */
typedef struct optim_square {
  vreal beta, weight;
} optim_square;
PN_INLINE optim_square optim_square_of(double beta) {
  optim_square c = {optim_scalar(beta), optim_scalar(1 - beta)};
  return c;
}
PN_INLINE vreal optim_squares(const optim_square *c, vreal v, vreal x) {
  return v_add(v_mul(v, c->beta), v_mul(v_mul(c->weight, x), x));
}

/* base^n by squaring, n a whole number >= 0: multiplications only, the same on
 * every machine.  The error grows as n, and base^n matters to 1 - base^n only
 * while n (1 - base) is small: below 1e-13 relative to the correction. */
static inline double optim_power(double base, double n) {
  double result = 1;
  for (int64_t k = n < 9e15 ? (int64_t)n : (int64_t)9e15; k > 0; k >>= 1) {
    if (k & 1) result = result * base;
    base = base * base;
  }
  return result;
}

#endif

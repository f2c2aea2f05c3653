/* What the kernels of normalisation share. */
#ifndef PN_REAL_NORM_H
#define PN_REAL_NORM_H

#include "kernels/norm.h"
#include "kernels/real/sum.h"

/* n <= PN_VN lanes; n = PN_VN is a constant to the compiler. */
PN_INLINE vreal norm_load(const real *p, int64_t n) {
  return n == PN_VN ? v_load(p) : v_load_n(p, n);
}
PN_INLINE void norm_store(real *p, vreal v, int64_t n) {
  if (n == PN_VN)
    v_store(p, v);
  else
    v_store_n(p, v, n);
}

typedef void (*norm_lanes)(const void *context, int64_t i, int64_t n);
PN_INLINE void norm_loop(norm_lanes lanes, const void *context, int64_t n) {
  int64_t i = 0;
  for (; i + PN_VN <= n; i += PN_VN) lanes(context, i, PN_VN);
  if (i < n) lanes(context, i, n - i);
}

PN_INLINE const real *norm_in(const pn_args *a, int slot, int64_t offset) {
  return a->p[slot] ? (const real *)a->p[slot] + offset : NULL;
}
PN_INLINE real norm_root(real v, double eps) {
  return v_first(v_div(v_set1(1), v_sqrt(v_add(v_set1(v), v_set1((real)eps)))));
}

/* y = (x - m) r w + b: w and b one per element, or NULL. */
typedef struct norm_elements {
  real *y;
  const real *x, *w, *b;
  vreal m, r;
} norm_elements;
PN_INLINE void norm_apply_elements(const void *context, int64_t i, int64_t n) {
  const norm_elements *c = context;
  vreal h = v_mul(v_sub(norm_load(c->x + i, n), c->m), c->r);
  if (c->w && c->b)
    h = v_fma(h, norm_load(c->w + i, n), norm_load(c->b + i, n));
  else if (c->w)
    h = v_mul(h, norm_load(c->w + i, n));
  else if (c->b)
    h = v_add(h, norm_load(c->b + i, n));
  norm_store(c->y + i, h, n);
}

/* The same with one w and one b: the S elements of a channel. */
typedef struct norm_channel {
  real *y;
  const real *x;
  vreal m, r, w, b;
  bool affine, shifts;
} norm_channel;
PN_INLINE void norm_apply_channel(const void *context, int64_t i, int64_t n) {
  const norm_channel *c = context;
  vreal h = v_mul(v_sub(norm_load(c->x + i, n), c->m), c->r);
  if (c->affine && c->shifts)
    h = v_fma(h, c->w, c->b);
  else if (c->affine)
    h = v_mul(h, c->w);
  else if (c->shifts)
    h = v_add(h, c->b);
  norm_store(c->y + i, h, n);
}
PN_INLINE void norm_channel_affine(norm_channel *c, const real *w, const real *b) {
  c->affine = w != NULL;
  c->shifts = b != NULL;
  c->w = v_set1(w ? *w : 1);
  c->b = v_set1(b ? *b : 0);
}

/* The sum of g, and of g (x - m) r, over n elements. */
typedef struct norm_pair {
  const real *g, *x;
  vreal m, r;
} norm_pair;
PN_INLINE vreal norm_term_scaled(const void *context, int64_t i, int64_t n) {
  const norm_pair *c = context;
  vreal h = v_mul(v_sub(norm_load(c->x + i, n), c->m), c->r);
  return v_mul(norm_load(c->g + i, n), h);
}
PN_NOINLINE real norm_sum(const real *g, int64_t n) { return sum_chunks(term_value, g, n); }
PN_NOINLINE real norm_sum_scaled(const real *g, const real *x, real m, real r, int64_t n) {
  norm_pair c = {g, x, v_set1(m), v_set1(r)};
  return sum_chunks(norm_term_scaled, &c, n);
}

#endif

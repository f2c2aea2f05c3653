/* Adam (Kingma and Ba 2015), AdamW (Loshchilov and Hutter 2019), AMSGrad, and
 * Adamax, at step t = 1, 2, ...:
 *   m = lerp(m, g, 1 - beta1)
 *   v = beta2 v + (1 - beta2) g g
 *   w = amsgrad ? (largest = max(largest, v)) : v
 *   p = p - lr / (1 - beta1^t) * m / (sqrt(w) / sqrt(1 - beta2^t) + eps)
 * Adamax: u = max(beta2 u, |g| + eps), p = p - lr / (1 - beta1^t) * m / u.
 * AdamW's decay scales the parameter first.  One pass: 16 bytes read and 12
 * written per float32. */
#include "kernels/real/optim.h"

typedef struct adam {
  optim_pair pair;
  real *m, *v, *largest;
  optim_mean mean;
  optim_square square;
  vreal rate, root, eps; /* lr / (1 - beta1^t), sqrt(1 - beta2^t) */
} adam;

PN_INLINE adam adam_of(const pn_optim_segment *seg, int64_t start) {
  const double *o = seg->options;
  double t = seg->progress[PN_OPT_STEP] + 1;
  adam c;
  c.pair = optim_pair_of(seg, start, o[PN_ADAM_DECOUPLED] != 0);
  c.m = optim_buffer(seg, PN_ADAM_MEAN, start);
  c.v = optim_buffer(seg, PN_ADAM_SQUARE, start);
  c.largest = optim_buffer(seg, PN_ADAM_LARGEST, start);
  c.mean = optim_mean_of(o[PN_ADAM_BETA1]);
  c.square = optim_square_of(o[PN_ADAM_BETA2]);
  c.rate = optim_scalar(o[PN_OPT_LR] / (1 - optim_power(o[PN_ADAM_BETA1], t)));
  c.root = optim_scalar(__builtin_sqrt(1 - optim_power(o[PN_ADAM_BETA2], t)));
  c.eps = optim_scalar(o[PN_ADAM_EPS]);
  return c;
}

PN_INLINE void step(const adam *c, bool amsgrad, int64_t i, int64_t n) {
  vreal p = optim_param(&c->pair, i, n), g = optim_grad(&c->pair, p, i, n);
  vreal m = optim_lerp(&c->mean, optim_load(c->m + i, n), g);
  vreal v = optim_squares(&c->square, optim_load(c->v + i, n), g);
  optim_store(c->m + i, m, n);
  optim_store(c->v + i, v, n);
  if (amsgrad) {
    v = v_max(optim_load(c->largest + i, n), v);
    optim_store(c->largest + i, v, n);
  }
  vreal d = v_add(v_div(v_sqrt(v), c->root), c->eps);
  optim_store(c->pair.p + i, v_sub(p, v_mul(c->rate, v_div(m, d))), n);
}
PN_INLINE void lanes_adam(const void *context, int64_t i, int64_t n) { step(context, false, i, n); }
PN_INLINE void lanes_amsgrad(const void *context, int64_t i, int64_t n) {
  step(context, true, i, n);
}

static void update_adam(const pn_optim_segment *seg, int64_t start, int64_t n) {
  adam c = adam_of(seg, start);
  if (c.largest)
    optim_loop(lanes_amsgrad, &c, n);
  else
    optim_loop(lanes_adam, &c, n);
}
PN_KERNEL(adam) { optim_units(a, begin, end, update_adam); }

PN_INLINE void lanes_adamax(const void *context, int64_t i, int64_t n) {
  const adam *c = context;
  vreal p = optim_param(&c->pair, i, n), g = optim_grad(&c->pair, p, i, n);
  vreal m = optim_lerp(&c->mean, optim_load(c->m + i, n), g);
  vreal u = v_mul(optim_load(c->v + i, n), c->square.beta);
  u = v_max(u, v_add(v_abs(g), c->eps));
  optim_store(c->m + i, m, n);
  optim_store(c->v + i, u, n);
  optim_store(c->pair.p + i, v_sub(p, v_mul(c->rate, v_div(m, u))), n);
}
static void update_adamax(const pn_optim_segment *seg, int64_t start, int64_t n) {
  adam c = adam_of(seg, start);
  optim_loop(lanes_adamax, &c, n);
}
PN_KERNEL(adamax) { optim_units(a, begin, end, update_adamax); }

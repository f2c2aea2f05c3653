/* RMSprop (Hinton's lecture 6), Adagrad (Duchi et al. 2011), Adadelta (Zeiler
 * 2012), at step t = 1, 2, ...:
 *   RMSprop   v = alpha v + (1 - alpha) g g
 *             centered:  a = lerp(a, g, 1 - alpha), d = sqrt(v - a a) + eps
 *             else:      d = sqrt(v) + eps
 *             momentum:  b = momentum b + g / d,  p = p - lr b
 *             else:      p = p - lr (g / d)
 *   Adagrad   s = s + g g,  p = p - lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps)
 *   Adadelta  v = rho v + (1 - rho) g g
 *             d = sqrt(u + eps) / sqrt(v + eps) g
 *             u = rho u + (1 - rho) d d,  p = p - lr d */
#include "kernels/real/optim.h"

typedef struct rms {
  optim_pair pair;
  real *v, *u, *a; /* squares; RMSprop: momentum buffer, mean; Adadelta: squared updates */
  optim_mean mean;
  optim_square square;
  vreal rate, eps, momentum;
} rms;

PN_INLINE rms rms_of(const pn_optim_segment *seg, int64_t start, double beta, double eps) {
  rms c;
  c.pair = optim_pair_of(seg, start, false);
  c.v = optim_buffer(seg, 0, start);
  c.u = optim_buffer(seg, 1, start);
  c.a = optim_buffer(seg, 2, start);
  c.mean = optim_mean_of(beta);
  c.square = optim_square_of(beta);
  c.rate = optim_scalar(seg->options[PN_OPT_LR]);
  c.eps = optim_scalar(eps);
  return c;
}

PN_INLINE void lanes_rmsprop(const void *context, int64_t i, int64_t n) {
  const rms *c = context;
  vreal p = optim_param(&c->pair, i, n), g = optim_grad(&c->pair, p, i, n);
  vreal v = optim_squares(&c->square, optim_load(c->v + i, n), g);
  optim_store(c->v + i, v, n);
  if (c->a) {
    vreal mean = optim_lerp(&c->mean, optim_load(c->a + i, n), g);
    optim_store(c->a + i, mean, n);
    v = v_sub(v, v_mul(mean, mean));
  }
  vreal d = v_div(g, v_add(v_sqrt(v), c->eps));
  if (c->u) {
    d = v_add(v_mul(c->momentum, optim_load(c->u + i, n)), d);
    optim_store(c->u + i, d, n);
  }
  optim_store(c->pair.p + i, v_sub(p, v_mul(c->rate, d)), n);
}
static void update_rmsprop(const pn_optim_segment *seg, int64_t start, int64_t n) {
  const double *o = seg->options;
  rms c = rms_of(seg, start, o[PN_RMSPROP_ALPHA], o[PN_RMSPROP_EPS]);
  c.momentum = optim_scalar(o[PN_RMSPROP_MOMENTUM]);
  optim_loop(lanes_rmsprop, &c, n);
}
PN_KERNEL(rmsprop) { optim_units(a, begin, end, update_rmsprop); }

PN_INLINE void lanes_adagrad(const void *context, int64_t i, int64_t n) {
  const rms *c = context;
  vreal p = optim_param(&c->pair, i, n), g = optim_grad(&c->pair, p, i, n);
  vreal s = v_add(optim_load(c->v + i, n), v_mul(g, g));
  optim_store(c->v + i, s, n);
  vreal d = v_div(g, v_add(v_sqrt(s), c->eps));
  optim_store(c->pair.p + i, v_sub(p, v_mul(c->rate, d)), n);
}
static void update_adagrad(const pn_optim_segment *seg, int64_t start, int64_t n) {
  const double *o = seg->options;
  rms c = rms_of(seg, start, 0, o[PN_ADAGRAD_EPS]);
  double done = seg->progress[PN_OPT_STEP];
  c.rate = optim_scalar(o[PN_OPT_LR] / (1 + done * o[PN_ADAGRAD_LR_DECAY]));
  optim_loop(lanes_adagrad, &c, n);
}
PN_KERNEL(adagrad) { optim_units(a, begin, end, update_adagrad); }

PN_INLINE void lanes_adadelta(const void *context, int64_t i, int64_t n) {
  const rms *c = context;
  vreal p = optim_param(&c->pair, i, n), g = optim_grad(&c->pair, p, i, n);
  vreal v = optim_squares(&c->square, optim_load(c->v + i, n), g), u = optim_load(c->u + i, n);
  vreal d = v_div(v_sqrt(v_add(u, c->eps)), v_sqrt(v_add(v, c->eps)));
  d = v_mul(d, g);
  optim_store(c->v + i, v, n);
  optim_store(c->u + i, optim_squares(&c->square, u, d), n);
  optim_store(c->pair.p + i, v_sub(p, v_mul(c->rate, d)), n);
}
static void update_adadelta(const pn_optim_segment *seg, int64_t start, int64_t n) {
  const double *o = seg->options;
  rms c = rms_of(seg, start, o[PN_ADADELTA_RHO], o[PN_ADADELTA_EPS]);
  optim_loop(lanes_adadelta, &c, n);
}
PN_KERNEL(adadelta) { optim_units(a, begin, end, update_adadelta); }

/* NAdam (Dozat 2016) and RAdam (Liu et al. 2020), at step t = 1, 2, ...:
 *   m = lerp(m, g, 1 - beta1)
 *   v = beta2 v + (1 - beta2) g g
 * NAdam, with mu(t) = beta1 (1 - 0.96^(t momentum_decay) / 2) and P the product
 * of mu(1) ... mu(t):
 *   d = sqrt(v / (1 - beta2^t)) + eps
 *   p = p - lr (1 - mu(t)) / (1 - P) g / d - lr mu(t + 1) / (1 - P mu(t + 1)) m / d
 * RAdam, with rho = 2 / (1 - beta2) - 1, r = rho - 2 t beta2^t / (1 - beta2^t):
 *   r > 5:  p = p - lr m / (1 - beta1^t) R / (sqrt(v) + eps),
 *           R = sqrt((r-4)(r-2) rho / ((rho-4)(rho-2) r)) sqrt(1 - beta2^t)
 *   else:   p = p - lr m / (1 - beta1^t) */
#include "kernels/real/optim.h"

/* 0.96^x, x >= 0: whole steps by squaring, the rest of x by its series. */
static double nadam_power(double x) {
  double whole = (double)(x < 9e15 ? (int64_t)x : (int64_t)9e15);
  double y = (x - whole) * -0.040821994520255166, series = 1; /* log 0.96 */
  for (int k = 10; k > 0; k--) series = 1 + series * y / k;
  return optim_power(0.96, whole) * series;
}
static double nadam_mu(const double *o, double t) {
  return o[PN_ADAM_BETA1] * (1 - 0.5 * nadam_power(t * o[PN_NADAM_MOMENTUM_DECAY]));
}

typedef struct nadam {
  optim_pair pair;
  real *m, *v;
  optim_mean mean;
  optim_square square;
  vreal correction, eps, rate_g, rate_m;
  bool adapts; /* RAdam: r > 5 */
} nadam;

PN_INLINE nadam nadam_of(const pn_optim_segment *seg, int64_t start) {
  const double *o = seg->options;
  nadam c;
  c.pair = optim_pair_of(seg, start, o[PN_ADAM_DECOUPLED] != 0);
  c.m = optim_buffer(seg, PN_ADAM_MEAN, start);
  c.v = optim_buffer(seg, PN_ADAM_SQUARE, start);
  c.mean = optim_mean_of(o[PN_ADAM_BETA1]);
  c.square = optim_square_of(o[PN_ADAM_BETA2]);
  c.eps = optim_scalar(o[PN_ADAM_EPS]);
  return c;
}

PN_INLINE void lanes_nadam(const void *context, int64_t i, int64_t n) {
  const nadam *c = context;
  vreal p = optim_param(&c->pair, i, n), g = optim_grad(&c->pair, p, i, n);
  vreal m = optim_lerp(&c->mean, optim_load(c->m + i, n), g);
  vreal v = optim_squares(&c->square, optim_load(c->v + i, n), g);
  optim_store(c->m + i, m, n);
  optim_store(c->v + i, v, n);
  vreal d = v_add(v_sqrt(v_div(v, c->correction)), c->eps);
  p = v_sub(p, v_mul(c->rate_g, v_div(g, d)));
  optim_store(c->pair.p + i, v_sub(p, v_mul(c->rate_m, v_div(m, d))), n);
}
static void update_nadam(const pn_optim_segment *seg, int64_t start, int64_t n) {
  const double *o = seg->options;
  double t = seg->progress[PN_OPT_STEP] + 1, mu = nadam_mu(o, t), next = nadam_mu(o, t + 1);
  double product = seg->progress[PN_OPT_PRODUCT] * mu;
  nadam c = nadam_of(seg, start);
  c.correction = optim_scalar(1 - optim_power(o[PN_ADAM_BETA2], t));
  c.rate_g = optim_scalar(o[PN_OPT_LR] * (1 - mu) / (1 - product));
  c.rate_m = optim_scalar(o[PN_OPT_LR] * next / (1 - product * next));
  optim_loop(lanes_nadam, &c, n);
}
PN_KERNEL(nadam) { optim_units(a, begin, end, update_nadam); }

PN_KERNEL(nadam_finish) {
  const pn_optim_segment *seg = a->block;
  for (int64_t i = 0; i < a->n[PN_OPT_SEGMENTS]; i++) {
    double *progress = seg[i].progress;
    progress[PN_OPT_STEP] += 1;
    progress[PN_OPT_PRODUCT] *= nadam_mu(seg[i].options, progress[PN_OPT_STEP]);
  }
}

PN_INLINE void lanes_radam(const void *context, int64_t i, int64_t n) {
  const nadam *c = context;
  vreal p = optim_param(&c->pair, i, n), g = optim_grad(&c->pair, p, i, n);
  vreal m = optim_lerp(&c->mean, optim_load(c->m + i, n), g);
  vreal v = optim_squares(&c->square, optim_load(c->v + i, n), g);
  optim_store(c->m + i, m, n);
  optim_store(c->v + i, v, n);
  vreal d = v_mul(c->rate_m, m);
  if (c->adapts) d = v_mul(d, v_div(c->correction, v_add(v_sqrt(v), c->eps)));
  optim_store(c->pair.p + i, v_sub(p, d), n);
}
static void update_radam(const pn_optim_segment *seg, int64_t start, int64_t n) {
  const double *o = seg->options;
  double t = seg->progress[PN_OPT_STEP] + 1, power = optim_power(o[PN_ADAM_BETA2], t);
  double rho = 2 / (1 - o[PN_ADAM_BETA2]) - 1, r = rho - 2 * t * power / (1 - power);
  nadam c = nadam_of(seg, start);
  c.adapts = r > 5;
  double rectified = (r - 4) * (r - 2) * rho / ((rho - 4) * (rho - 2) * r);
  c.correction = optim_scalar(c.adapts ? __builtin_sqrt(rectified) * __builtin_sqrt(1 - power) : 0);
  c.rate_m = optim_scalar(o[PN_OPT_LR] / (1 - optim_power(o[PN_ADAM_BETA1], t)));
  optim_loop(lanes_radam, &c, n);
}
PN_KERNEL(radam) { optim_units(a, begin, end, update_radam); }

/* SGD, PyTorch's formula and order:
 *   d = maximize ? -g : g
 *   d = d + weight_decay * p                              when weight_decay != 0
 *   b = first ? d : momentum * b + (1 - dampening) * d    when momentum != 0
 *   d = nesterov ? d + momentum * b : b                   when momentum != 0
 *   p = p - lr * d */
#include "kernels/real/optim.h"

typedef struct sgd {
  optim_pair pair;
  real *b;
  vreal lr, momentum, keep; /* keep = 1 - dampening */
  bool nesterov, first;
} sgd;

PN_INLINE void descend(const sgd *s, bool momentum, int64_t i, int64_t n) {
  vreal p = optim_load(s->pair.p + i, n), d = optim_grad(&s->pair, p, i, n), b = d;
  if (momentum) {
    if (!s->first) {
      b = optim_load(s->b + i, n);
      b = v_add(v_mul(s->momentum, b), v_mul(s->keep, d));
    }
    optim_store(s->b + i, b, n);
    d = s->nesterov ? v_add(d, v_mul(s->momentum, b)) : b;
  }
  optim_store(s->pair.p + i, v_sub(p, v_mul(s->lr, d)), n);
}
PN_INLINE void lanes_momentum(const void *context, int64_t i, int64_t n) {
  descend(context, true, i, n);
}
PN_INLINE void lanes_decay(const void *context, int64_t i, int64_t n) {
  descend(context, false, i, n);
}

/* Plain SGD: p -= lr * g. */
PN_INLINE void plain(real *p, const real *g, real rate, int64_t n) {
  if (n == 1) {
    p[0] = p[0] - rate * g[0];
    return;
  }
  vreal lr = v_set1(rate);
  int64_t i = 0;
  for (; i + PN_VN <= n; i += PN_VN) v_store(p + i, v_sub(v_load(p + i), v_mul(lr, v_load(g + i))));
  if (i == n) return;
  n -= i;
  v_store_n(p + i, v_sub(v_load_n(p + i, n), v_mul(lr, v_load_n(g + i, n))), n);
}

PN_NOINLINE void general(const pn_optim_segment *seg, int64_t start, int64_t n) {
  const double *o = seg->options;
  sgd s;
  s.pair = optim_pair_of(seg, start, false);
  s.b = optim_buffer(seg, PN_SGD_BUFFER, start);
  s.lr = optim_scalar(o[PN_OPT_LR]);
  s.momentum = optim_scalar(o[PN_SGD_MOMENTUM]);
  s.keep = optim_scalar(1 - o[PN_SGD_DAMPENING]);
  s.nesterov = o[PN_SGD_NESTEROV] != 0;
  s.first = s.b && seg->progress[PN_OPT_STEP] == 0;
  if (s.b && o[PN_SGD_MOMENTUM] != 0)
    optim_loop(lanes_momentum, &s, n);
  else
    optim_loop(lanes_decay, &s, n);
}

PN_INLINE void update(const pn_optim_segment *seg, int64_t start, int64_t n) {
  const double *o = seg->options;
  if (!seg->buffer[PN_SGD_BUFFER] && o[PN_OPT_DECAY] == 0 && o[PN_OPT_MAXIMIZE] == 0)
    plain((real *)seg->param + start, (const real *)seg->grad + start, (real)o[PN_OPT_LR], n);
  else
    general(seg, start, n);
}

PN_KERNEL(sgd) { optim_units(a, begin, end, update); }

/* After the last chunk of every algorithm but NAdam. */
PN_KERNEL(optim_finish) {
  const pn_optim_segment *seg = a->block;
  for (int64_t i = 0; i < a->n[PN_OPT_SEGMENTS]; i++)
    if (seg[i].progress) seg[i].progress[PN_OPT_STEP] += 1;
}

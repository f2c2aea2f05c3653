/* SGD with momentum, Nesterov, weight decay (optim.h).  No FMA: every operation
 * is rounded by itself, so a step has the bits of NumPy's and of the separate
 * operators. */
#include "kernels/kernel.h"
#include "kernels/optim.h"
#include "simd/simd.h"

typedef struct step {
  vreal lr, momentum, keep, decay; /* keep = 1 - dampening */
  bool maximize, decays, nesterov, first;
} step;

/* Reads n lanes of p, g and (with momentum) b; writes p and b. */
PN_INLINE vreal descend(const step *s, bool momentum, vreal p, vreal g, vreal *b) {
  vreal d = s->maximize ? v_neg(g) : g;
  if (s->decays) d = v_add(d, v_mul(s->decay, p));
  if (momentum) {
    *b = s->first ? d : v_add(v_mul(s->momentum, *b), v_mul(s->keep, d));
    d = s->nesterov ? v_add(d, v_mul(s->momentum, *b)) : *b;
  }
  return v_sub(p, v_mul(s->lr, d));
}

PN_INLINE void segment(const step *s, bool momentum, real *p, const real *g, real *b, int64_t n) {
  vreal v = v_set1(0);
  int64_t i = 0;
  for (; i + PN_VN <= n; i += PN_VN) {
    if (momentum && !s->first) v = v_load(b + i);
    v_store(p + i, descend(s, momentum, v_load(p + i), v_load(g + i), &v));
    if (momentum) v_store(b + i, v);
  }
  if (i == n) return;
  n -= i;
  if (momentum && !s->first) v = v_load_n(b + i, n);
  v_store_n(p + i, descend(s, momentum, v_load_n(p + i, n), v_load_n(g + i, n), &v), n);
  if (momentum) v_store_n(b + i, v, n);
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

static void general(const pn_sgd_segment *seg, int64_t start, int64_t n) {
  const pn_sgd_scalars *c = seg->scalars;
  real *p = (real *)seg->param + start;
  const real *g = (const real *)seg->grad + start;
  bool momentum = seg->momentum && c->momentum != 0;
  step s;
  s.lr = v_set1((real)c->lr);
  s.momentum = v_set1((real)c->momentum);
  s.keep = v_set1((real)(1 - c->dampening));
  s.decay = v_set1((real)c->weight_decay);
  s.maximize = c->maximize;
  s.decays = c->weight_decay != 0;
  s.nesterov = c->nesterov;
  s.first = momentum && *seg->first;
  if (momentum)
    segment(&s, true, p, g, (real *)seg->momentum + start, n);
  else
    segment(&s, false, p, g, NULL, n);
}

PN_INLINE void elements(const pn_sgd_segment *seg, int64_t start, int64_t n) {
  const pn_sgd_scalars *c = seg->scalars;
  if ((!seg->momentum || c->momentum == 0) && c->weight_decay == 0 && !c->maximize)
    plain((real *)seg->param + start, (const real *)seg->grad + start, (real)c->lr, n);
  else
    general(seg, start, n);
}

/* Units count the chunks of all segments, one after another. */
PN_KERNEL(sgd) {
  const pn_sgd_segment *seg = a->block;
  int64_t low = 0, high = begin == 0 ? 1 : a->n[PN_SGD_SEGMENTS];
  while (high - low > 1) {
    int64_t mid = (low + high) / 2;
    if (seg[mid].unit <= begin)
      low = mid;
    else
      high = mid;
  }
  seg += low;
  for (int64_t u = begin; u < end; seg++) {
    int64_t start = (u - seg->unit) * PN_SGD_CHUNK;
    int64_t n = pn_min64(seg->n - start, (end - u) * PN_SGD_CHUNK);
    if (n <= 0) continue;
    elements(seg, start, n);
    u += pn_ceil_div(n, PN_SGD_CHUNK);
  }
}

PN_KERNEL(sgd_finish) {
  const pn_sgd_segment *seg = a->block;
  for (int64_t i = 0; i < a->n[PN_SGD_SEGMENTS]; i++)
    if (seg[i].momentum && seg[i].scalars->momentum != 0) *seg[i].first = 0;
}

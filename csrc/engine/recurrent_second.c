/* A recurrent layer as a composition of operators, step by step: what its
 * second derivative is made of. */
#include "engine/movement.h"
#include "engine/recurrent.h"
#include "engine/second.h"

/* Columns [k w, (k + 1) w) of t (owned by the caller). */
static pn_tensor *part(pn_tensor *t, int k, int64_t w) {
  return t ? pn_slice(t, 1, k * w, (k + 1) * w, 1) : NULL;
}

typedef struct state {
  pn_tensor *h, *c;
} state;

/* One step of the rows that take part in it: x = x W_ih^T + b_ih and a = h
 * W_hh^T + b_hh, both owned by the caller. */
static state cell(uint32_t mode, pn_tensor *x, pn_tensor *a, pn_tensor *h, pn_tensor *c,
                  int64_t w) {
  state next = {NULL, NULL};
  if (mode == PN_RN_GRU) {
    pn_tensor *r = pn_use1(pn_sigmoid, pn_use2(pn_add, part(x, 0, w), part(a, 0, w)));
    pn_tensor *z = pn_use1(pn_sigmoid, pn_use2(pn_add, part(x, 1, w), part(a, 1, w)));
    pn_tensor *ra = pn_use2(pn_mul, r, part(a, 2, w));
    pn_tensor *n = pn_use1(pn_tanh, pn_use2(pn_add, part(x, 2, w), ra));
    pn_tensor *d = pn_use2(pn_sub, pn_ref(h), pn_ref(n));
    next.h = pn_use2(pn_add, pn_use2(pn_mul, d, z), n);
    return next;
  }
  pn_tensor *sum = x && a ? pn_add(x, a) : NULL;
  if (mode != PN_RN_LSTM) {
    next.h = pn_use1(mode == PN_RN_RELU ? pn_relu : pn_tanh, sum);
    return next;
  }
  pn_tensor *i = pn_use1(pn_sigmoid, part(sum, 0, w)), *f = pn_use1(pn_sigmoid, part(sum, 1, w));
  pn_tensor *g = pn_use1(pn_tanh, part(sum, 2, w)), *o = pn_use1(pn_sigmoid, part(sum, 3, w));
  next.c = pn_use2(pn_add, pn_use2(pn_mul, f, pn_ref(c)), pn_use2(pn_mul, i, g));
  next.h = pn_use2(pn_mul, o, pn_use1(pn_tanh, pn_ref(next.c)));
  pn_release(sum);
  return next;
}

/* Rows [0, b) from `top` (owned), the others from all (owned). */
static pn_tensor *replace(pn_tensor *all, pn_tensor *top, int64_t b, int64_t batch) {
  if (b == batch || !all || !top) {
    pn_release(all);
    return top;
  }
  pn_tensor *rest = pn_slice(all, 0, b, batch, 1), *both[] = {top, rest};
  pn_tensor *r = rest ? pn_cat(2, both, 0) : NULL;
  pn_release(all);
  pn_release(top);
  pn_release(rest);
  return r;
}

static pn_status add_root(pn_roots *r, pn_tensor *out, pn_tensor *g) {
  r->out[r->count] = out;
  r->g[r->count++] = g;
  return out && g ? PN_OK : pn_last_status();
}

/* Step t, whose rows begin at `at` in xg = x W_ih^T + b_ih. */
static pn_status one_step(const rn_spec *s, int64_t t, int64_t at, pn_tensor *xg, pn_tensor **v,
                          state *all, pn_roots *roots) {
  const int64_t b = rn_rows(s, t);
  pn_tensor **in = v + RN_OUTPUTS;
  pn_tensor *x = pn_slice(xg, 0, at, at + b, 1), *h = pn_slice(all->h, 0, 0, b, 1);
  pn_tensor *c = all->c ? pn_slice(all->c, 0, 0, b, 1) : NULL;
  pn_tensor *a = h ? pn_linear(h, in[RN_WHH], in[RN_BHH]) : NULL;
  state next = {NULL, NULL};
  if (x && a && (c || !all->c)) next = cell(s->flags & PN_RN_MODE, x, a, h, c, s->hidden);
  pn_status r = next.h ? PN_OK : pn_last_status();
  if (!r && v[RN_Y]) r = add_root(roots, pn_ref(next.h), pn_slice(v[RN_Y], 0, at, at + b, 1));
  all->h = replace(all->h, next.h, b, s->batch);
  if (all->c) all->c = replace(all->c, next.c, b, s->batch);
  pn_release(x);
  pn_release(h);
  pn_release(c);
  pn_release(a);
  return r || (all->h && (all->c || !in[RN_C0])) ? r : pn_last_status();
}

static pn_status compose(const void *context, pn_tensor **v, pn_roots *roots) {
  const rn_spec *s = context;
  const bool back = s->flags & PN_RN_REVERSED;
  pn_tensor **in = v + RN_OUTPUTS;
  state all = {pn_ref(in[RN_H0]), pn_ref(in[RN_C0])};
  pn_tensor *xg = pn_linear(in[RN_X], in[RN_WIH], in[RN_BIH]);
  pn_status r = xg ? PN_OK : pn_last_status();
  int64_t at = back ? in[RN_X]->shape[0] : 0;
  for (int64_t i = 0; i < s->steps && !r; i++) {
    const int64_t t = back ? s->steps - 1 - i : i;
    if (back) at -= rn_rows(s, t);
    r = one_step(s, t, at, xg, v, &all, roots);
    if (!back) at += rn_rows(s, t);
  }
  if (!r && v[RN_HN]) r = add_root(roots, pn_ref(all.h), pn_ref(v[RN_HN]));
  if (!r && v[RN_CN]) r = add_root(roots, pn_ref(all.c), pn_ref(v[RN_CN]));
  pn_release(xg);
  pn_release(all.h);
  pn_release(all.c);
  return r;
}

pn_status pn_recurrent_second(const rn_spec *s, pn_tensor **g, pn_tensor **in, pn_tensor **h,
                              const bool *want, pn_tensor **gin) {
  pn_tensor *v[RN_OUTPUTS + RN_INPUTS];
  memcpy(v, g, RN_OUTPUTS * sizeof *v);
  memcpy(v + RN_OUTPUTS, in, RN_INPUTS * sizeof *v);
  const pn_second p = {compose, s, RN_OUTPUTS, RN_INPUTS, (int)s->steps + 2};
  return pn_second_derivative(&p, v, h, want, gin);
}

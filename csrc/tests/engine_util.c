#include "tests/engine_util.h"

static double unit(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) / 9007199254740992.0;
}

static pn_tensor *filled(int dtype, int ndim, const int64_t *shape, uint64_t seed, bool positive) {
  pn_tensor *d = pn_empty(PN_F64, ndim, shape);
  uint64_t state = seed * 77 + 1;
  for (int64_t i = 0; d && i < d->numel; i++) {
    double u = 0.1 + 0.8 * unit(&state);
    if (!positive && unit(&state) < 0.5) u = -u;
    ((double *)d->data)[i] = u;
  }
  pn_tensor *c = d ? pn_cast(d, dtype) : NULL;
  pn_release(d);
  return c;
}
pn_tensor *tu_random(int dtype, int ndim, const int64_t *shape, uint64_t seed) {
  return filled(dtype, ndim, shape, seed, false);
}
pn_tensor *tu_positive(int dtype, int ndim, const int64_t *shape, uint64_t seed) {
  return filled(dtype, ndim, shape, seed, true);
}

double tu_at(const pn_tensor *t, int64_t i) {
  return t->dtype == PN_F64 ? ((double *)t->data)[i] : (double)((float *)t->data)[i];
}

uint64_t tu_hash(const pn_tensor *t, uint64_t h) {
  const unsigned char *p = t->data;
  size_t bytes = (size_t)t->numel * pn_itemsize(t->dtype);
  for (size_t i = 0; i < bytes; i++) h = (h ^ p[i]) * 0x100000001b3u;
  return h;
}

pn_tensor *tu_scalar(op_fn fn, pn_tensor **in) {
  pn_tensor *y = fn(in);
  if (!y) return NULL;
  pn_tensor *w = tu_random(y->dtype, y->ndim, y->shape, 99);
  pn_tensor *p = w ? pn_mul(y, w) : NULL;
  pn_tensor *s = p ? pn_sum(p, 0, false, -1) : NULL;
  pn_release(y);
  pn_release(w);
  pn_release(p);
  return s;
}

static double value(op_fn fn, pn_tensor **in) {
  pn_tensor *s = tu_scalar(fn, in);
  double v = s ? tu_at(s, 0) : NAN;
  pn_release(s);
  return v;
}

/* |analytic - numeric| for every element of every input. */
static void compare(const char *name, op_fn fn, int nin, pn_tensor **in, pn_tensor **grads) {
  const double eps = 1e-6;
  bool was = pn_set_grad_enabled(false);
  for (int k = 0; k < nin; k++) {
    if (!grads[k]) continue;
    pn_tensor *g = pn_contiguous(grads[k]);
    for (int64_t i = 0; g && i < in[k]->numel; i++) {
      double *x = (double *)in[k]->data + i, x0 = *x;
      *x = x0 + eps;
      double up = value(fn, in);
      *x = x0 - eps;
      double down = value(fn, in);
      *x = x0;
      double numeric = (up - down) / (2 * eps), analytic = tu_at(g, i);
      CHECK_MSG(fabs(analytic - numeric) <= 1e-5 + 1e-4 * fabs(numeric),
                "%s: input %d element %lld: %.9g, numerically %.9g", name, k, (long long)i,
                analytic, numeric);
    }
    pn_release(g);
  }
  pn_set_grad_enabled(was);
}

void tu_gradcheck(const char *name, op_fn fn, int nin, pn_tensor **in) {
  pn_tensor *grads[8] = {NULL};
  for (int k = 0; k < nin; k++) pn_set_requires_grad(in[k], true);
  pn_tensor *s = tu_scalar(fn, in);
  CHECK_MSG(s != NULL, "%s: %s", name, pn_last_message());
  if (!s) return;
  pn_status st = pn_backward(1, &s, NULL, false, false, nin, in, grads);
  CHECK_MSG(st == PN_OK, "%s: %s", name, pn_last_message());
  if (st == PN_OK) compare(name, fn, nin, in, grads);
  for (int k = 0; k < nin; k++) pn_release(grads[k]);
  pn_release(s);
}

/* sum over inputs of sum(grad_k * v_k), as a function of the inputs */
static op_fn inner_fn;
static int inner_nin;
static pn_tensor *gradient_sum(pn_tensor **in) {
  bool was = pn_set_grad_enabled(true);
  pn_tensor *grads[8] = {NULL}, *total = NULL, *s = tu_scalar(inner_fn, in);
  pn_status st = s ? pn_backward(1, &s, NULL, false, true, inner_nin, in, grads) : PN_VALUE_ERROR;
  pn_release(s);
  pn_set_grad_enabled(was);
  for (int k = 0; k < inner_nin && st == PN_OK; k++) {
    if (!grads[k]) continue;
    pn_tensor *v = tu_random(PN_F64, grads[k]->ndim, grads[k]->shape, (uint64_t)(7 + k));
    pn_tensor *p = pn_mul(grads[k], v), *q = p ? pn_sum(p, 0, false, -1) : NULL;
    pn_release(v);
    pn_release(p);
    if (total) {
      pn_tensor *t = pn_add(total, q);
      pn_release(total);
      pn_release(q);
      total = t;
    } else {
      total = q;
    }
  }
  for (int k = 0; k < inner_nin; k++) pn_release(grads[k]);
  return total;
}

void tu_gradgradcheck(const char *name, op_fn fn, int nin, pn_tensor **in) {
  inner_fn = fn;
  inner_nin = nin;
  for (int k = 0; k < nin; k++) pn_set_requires_grad(in[k], true);
  pn_tensor *s = gradient_sum(in);
  CHECK_MSG(s != NULL, "%s: %s", name, pn_last_message());
  bool curved = s && pn_requires_grad(s); /* else the function is linear */
  pn_release(s);
  if (curved) tu_gradcheck(name, gradient_sum, nin, in);
}

/* What the elementwise losses share (loss.h): loops over elements and chunks, the
 * sum, and the gradient.  A loss reduced to a scalar is summed in the order of
 * reduce.h and has the bits of the separate operators. */
#ifndef PN_REAL_LOSS_H
#define PN_REAL_LOSS_H

#include "kernels/loss.h"
#include "kernels/real/sum.h"

/* The loss of one pair; c is the loss's constant. */
typedef vreal (*loss_fn)(vreal x, vreal y, vreal c);

PN_INLINE void loss_values(loss_fn f, real *out, const real *x, const real *y, int64_t n, real c) {
  vreal k = v_set1(c);
  int64_t i = 0;
  for (; i + PN_VN <= n; i += PN_VN) v_store(out + i, f(v_load(x + i), v_load(y + i), k));
  if (i < n) v_store_n(out + i, f(v_load_n(x + i, n - i), v_load_n(y + i, n - i), k), n - i);
}
typedef void (*values_fn)(real *out, const real *x, const real *y, int64_t n, real c);

/* The sum of one chunk of losses: values, then sum_values, in L1.  The functions
 * inlined at every place of a sum would be 10 KB of code for a logarithm. */
typedef real (*chunk_fn)(const real *x, const real *y, int64_t n, real *scratch, real c);

static inline void loss_finish(const pn_args *a, real total) {
  bool mean = (a->flags & PN_LOSS_REDUCTION) == PN_LOSS_MEAN;
  *(real *)a->p[PN_LOSS_OUT] = mean ? total / (real)a->n[PN_LOSS_COUNT] : total;
}

PN_INLINE void loss_run(values_fn all, chunk_fn chunk, const pn_args *a, int64_t begin, int64_t end,
                        real *scratch) {
  const real *x = a->p[PN_LOSS_X], *y = a->p[PN_LOSS_Y], c = (real)a->f[PN_LOSS_CONSTANT];
  int64_t count = a->n[PN_LOSS_COUNT];
  if ((a->flags & PN_LOSS_REDUCTION) == PN_LOSS_NONE) {
    int64_t i = begin * PN_CHUNK, last = pn_min64(end * PN_CHUNK, count);
    all((real *)a->p[PN_LOSS_OUT] + i, x + i, y + i, last - i, c);
    return;
  }
  if (count <= PN_CHUNK) {
    loss_finish(a, count > 0 ? chunk(x, y, count, scratch, c) : 0);
    return;
  }
  for (int64_t k = begin; k < end; k++) {
    int64_t i = k * PN_CHUNK, n = pn_min64(count - i, PN_CHUNK);
    ((real *)a->p[PN_LOSS_WORK])[k] = chunk(x + i, y + i, n, scratch, c);
  }
}

/* dx of one pair, whose share of the upstream gradient is s. */
typedef vreal (*gradient_fn)(vreal x, vreal y, vreal s, vreal c);

PN_INLINE void loss_gradient(gradient_fn f, const pn_args *a, int64_t begin, int64_t end) {
  int64_t i = begin * PN_CHUNK, last = pn_min64(end * PN_CHUNK, a->n[PN_LOSS_COUNT]);
  const real *x = a->p[PN_LOSS_X], *y = a->p[PN_LOSS_Y], *g = a->p[PN_LOSS_G];
  real *dx = a->p[PN_LOSS_OUT];
  uint32_t reduction = a->flags & PN_LOSS_REDUCTION;
  bool each = reduction == PN_LOSS_NONE;
  vreal s = v_set1(0), c = v_set1((real)a->f[PN_LOSS_CONSTANT]);
  if (reduction == PN_LOSS_SUM) s = v_set1(g[0]);
  if (reduction == PN_LOSS_MEAN) s = v_set1(g[0] / (real)a->n[PN_LOSS_COUNT]);
  for (; i + PN_VN <= last; i += PN_VN)
    v_store(dx + i, f(v_load(x + i), v_load(y + i), each ? v_load(g + i) : s, c));
  int64_t n = last - i;
  if (n <= 0) return;
  if (each) s = v_load_n(g + i, n);
  v_store_n(dx + i, f(v_load_n(x + i, n), v_load_n(y + i, n), s, c), n);
}

#endif

/* What the recurrent kernels share: the walk over steps, loads and stores. */
#ifndef PN_REAL_RECURRENT_H
#define PN_REAL_RECURRENT_H

#include "kernels/real/inner_product.h"
#include "kernels/recurrent.h"
#include "simd/vmath.h"

PN_INLINE vreal rn_load(const real *x, int64_t n) {
  return n == PN_VN ? v_load(x) : v_load_n(x, n);
}
PN_INLINE void rn_store(real *y, vreal v, int64_t n) {
  if (n == PN_VN)
    v_store(y, v);
  else
    v_store_n(y, v, n);
}

/* The steps of a record in order: t, its rows, where they begin. */
typedef struct rn_walk {
  const int64_t *sizes; /* or NULL: batch rows in every step */
  int64_t batch, steps, t, rows, at;
  bool up; /* towards greater t */
} rn_walk;

PN_INLINE int64_t rn_size(const rn_walk *w, int64_t t) { return w->sizes ? w->sizes[t] : w->batch; }

/* Before the first step; rn_next() leads to it. */
static void rn_begin(rn_walk *w, const pn_args *a, bool up) {
  *w = (rn_walk){a->block, a->n[PN_RN_BATCH], a->n[PN_RN_STEPS], -1, 0, 0, up};
  if (up) return;
  w->t = w->steps;
  if (w->sizes)
    for (int64_t t = 0; t < w->steps; t++) w->at += w->sizes[t];
  else
    w->at = w->steps * w->batch;
}

static bool rn_next(rn_walk *w) {
  w->t += w->up ? 1 : -1;
  if (w->t < 0 || w->t >= w->steps) return false;
  const int64_t rows = rn_size(w, w->t);
  if (w->up)
    w->at += w->rows;
  else
    w->at -= rows;
  w->rows = rows;
  return true;
}

#endif

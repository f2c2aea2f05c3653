/* What the recurrent kernels share: the walk over steps, and the product of a
 * step. */
#ifndef PN_REAL_RECURRENT_H
#define PN_REAL_RECURRENT_H

#include "kernels/real/gemm.h"
#include "kernels/recurrent.h"
#include "simd/vmath.h"

/* Sequences that a thread takes through all steps together: as many rows as the
 * product reads its right side for without packing it (pn_gemm_cut_packing). */
enum { RN_TOGETHER = 4 * TILE_PMR };

PN_KERNEL(gemm);

PN_INLINE vreal rn_load(const real *x, int64_t n) {
  return n == PN_VN ? v_load(x) : v_load_n(x, n);
}
PN_INLINE void rn_store(real *y, vreal v, int64_t n) {
  if (n == PN_VN)
    v_store(y, v);
  else
    v_store_n(y, v, n);
}

/* c (m, n) = [c +] a (m, k) b (k, n) + bias, all by rows, m <= RN_TOGETHER: the
 * product neither packs nor splits, and needs no memory. */
static void rn_product(int64_t m, int64_t n, int64_t k, const real *a, const real *b,
                       const real *bias, real *c, bool accumulate) {
  pn_args g = {0};
  pn_gemm_shape s;
  pn_gemm_cut cut;
  g.p[PN_GEMM_A] = (void *)(uintptr_t)a;
  g.p[PN_GEMM_B] = (void *)(uintptr_t)b;
  g.p[PN_GEMM_BIAS] = (void *)(uintptr_t)bias;
  g.p[PN_GEMM_C] = c;
  g.f[PN_GEMM_ALPHA] = 1;
  g.flags = accumulate ? PN_GEMM_ACCUMULATE : 0;
  g.dtype = sizeof(real) == 8 ? PN_F64 : PN_F32;
  g.n[PN_GEMM_M] = m;
  g.n[PN_GEMM_N] = g.n[PN_GEMM_RSB] = g.n[PN_GEMM_RSC] = n;
  g.n[PN_GEMM_K] = g.n[PN_GEMM_RSA] = k;
  g.n[PN_GEMM_CSA] = g.n[PN_GEMM_CSB] = g.n[PN_GEMM_BATCH] = g.n[PN_GEMM_BIAS_STRIDE] = 1;
  pn_gemm_shape_of(&s, g.n);
  if (pn_gemm_is_tiny(&s)) {
    PN_FN(gemm)(&g, 0, 1, NULL);
    return;
  }
  real none[1];
  pn_gemm_cut_of(&cut, &s, &g, &PN_BLOCKS(PN_TYPE, PN_LEVEL));
  PN_FN(gemm)(&g, 0, pn_gemm_units(&cut), none);
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

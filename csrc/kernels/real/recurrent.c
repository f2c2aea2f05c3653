/* recurrent: one direction of one layer, all steps (recurrent.h). */
#include <string.h>

#include "kernels/real/recurrent.h"

/* One row of one step. */
typedef struct rn_row {
  real *gates, *h, *c, *y, *aux;
  const real *a; /* h W_hh^T + b_hh */
  int64_t hidden;
} rn_row;

PN_INLINE vreal gate(const rn_row *r, int64_t k, int64_t n) {
  return v_add(rn_load(r->gates + k, n), rn_load(r->a + k, n));
}

PN_INLINE void plain_lanes(const rn_row *r, int64_t j, int64_t n, bool relu) {
  vreal x = gate(r, j, n), h = relu ? v_max(x, v_set1(0)) : v_tanh(x);
  rn_store(r->gates + j, h, n);
  rn_store(r->h + j, h, n);
  rn_store(r->y + j, h, n);
}
PN_INLINE void tanh_lanes(const rn_row *r, int64_t j, int64_t n) { plain_lanes(r, j, n, false); }
PN_INLINE void relu_lanes(const rn_row *r, int64_t j, int64_t n) { plain_lanes(r, j, n, true); }

PN_INLINE void lstm_lanes(const rn_row *r, int64_t j, int64_t n) {
  const int64_t w = r->hidden;
  vreal i = v_sigmoid(gate(r, j, n)), f = v_sigmoid(gate(r, w + j, n));
  vreal g = v_tanh(gate(r, 2 * w + j, n)), o = v_sigmoid(gate(r, 3 * w + j, n));
  vreal c = v_add(v_mul(f, rn_load(r->c + j, n)), v_mul(i, g));
  vreal h = v_mul(o, v_tanh(c));
  rn_store(r->gates + j, i, n);
  rn_store(r->gates + w + j, f, n);
  rn_store(r->gates + 2 * w + j, g, n);
  rn_store(r->gates + 3 * w + j, o, n);
  rn_store(r->c + j, c, n);
  rn_store(r->aux + j, c, n);
  rn_store(r->h + j, h, n);
  rn_store(r->y + j, h, n);
}

PN_INLINE void gru_lanes(const rn_row *r, int64_t j, int64_t n) {
  const int64_t w = r->hidden;
  vreal reset = v_sigmoid(gate(r, j, n)), z = v_sigmoid(gate(r, w + j, n));
  vreal an = rn_load(r->a + 2 * w + j, n), h = rn_load(r->h + j, n);
  vreal fresh = v_tanh(v_add(rn_load(r->gates + 2 * w + j, n), v_mul(reset, an)));
  h = v_add(v_mul(v_sub(h, fresh), z), fresh);
  rn_store(r->gates + j, reset, n);
  rn_store(r->gates + w + j, z, n);
  rn_store(r->gates + 2 * w + j, fresh, n);
  rn_store(r->aux + j, an, n);
  rn_store(r->h + j, h, n);
  rn_store(r->y + j, h, n);
}

typedef void (*lanes_fn)(const rn_row *r, int64_t j, int64_t n);
PN_INLINE void each_lane(lanes_fn lanes, const rn_row *r) {
  int64_t j = 0;
  for (; j + PN_VN <= r->hidden; j += PN_VN) lanes(r, j, PN_VN);
  if (j < r->hidden) lanes(r, j, r->hidden - j);
}
PN_NOINLINE void tanh_row(const rn_row *r) { each_lane(tanh_lanes, r); }
PN_NOINLINE void relu_row(const rn_row *r) { each_lane(relu_lanes, r); }
PN_NOINLINE void lstm_row(const rn_row *r) { each_lane(lstm_lanes, r); }
PN_NOINLINE void gru_row(const rn_row *r) { each_lane(gru_lanes, r); }

static void (*const row_of[])(const rn_row *) = {tanh_row, relu_row, lstm_row, gru_row};

/* Sequences [r0, r1). */
static void forward(const pn_args *a, int64_t r0, int64_t r1, real *product) {
  const int64_t w = a->n[PN_RN_HIDDEN], gw = pn_rn_gates(a->flags) * w;
  real *h = a->p[PN_RN_H], *c = a->p[PN_RN_C], *y = a->p[PN_RN_Y], *aux = a->p[PN_RN_AUX];
  rn_walk k;
  rn_begin(&k, a, !(a->flags & PN_RN_REVERSED));
  while (rn_next(&k)) {
    const int64_t rows = pn_min64(r1, k.rows) - r0;
    if (rows <= 0) continue;
    inner_product(&(inner_job){rows, gw, w, h + r0 * w, a->p[PN_RN_W], a->p[PN_RN_BIAS], product, w,
                               1, gw, gw, 1, false});
    for (int64_t i = 0; i < rows; i++) {
      const int64_t s = r0 + i, at = k.at + s;
      rn_row r = {(real *)a->p[PN_RN_GATES] + at * gw,
                  h + s * w,
                  NULL,
                  y + at * w,
                  NULL,
                  product + i * gw,
                  w};
      if (c) r.c = c + s * w;
      if (aux) r.aux = aux + at * w;
      row_of[a->flags & PN_RN_MODE](&r);
    }
  }
}

PN_KERNEL(recurrent) {
  const int64_t batch = a->n[PN_RN_BATCH], last = pn_min64(end * PN_RN_ROWS, batch);
  for (int64_t r = begin * PN_RN_ROWS; r < last; r += INNER_ROWS)
    forward(a, r, pn_min64(r + INNER_ROWS, last), scratch);
}

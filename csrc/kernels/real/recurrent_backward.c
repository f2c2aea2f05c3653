/* recurrent_backward: the steps in reverse, carrying the gradients of h and c
 * (recurrent.h).  Every operation is rounded by itself. */
#include <string.h>

#include "kernels/real/recurrent.h"

/* One row of one step; dh is the gradient of h', then what goes to h beside the
 * product. */
typedef struct rb_row {
  real *dx, *da, *dh, *dc;
  const real *gates, *aux, *y, *h, *c, *gy; /* h, c: before the step */
  int64_t hidden;
} rb_row;

PN_INLINE vreal arriving(const rb_row *r, int64_t j, int64_t n) {
  vreal d = rn_load(r->dh + j, n);
  return r->gy ? v_add(d, rn_load(r->gy + j, n)) : d;
}
/* d (y (1 - y)) and d (1 - y y), as the separate operators have them */
PN_INLINE vreal through_sigmoid(vreal d, vreal y) {
  return v_mul(d, v_mul(y, v_sub(v_set1(1), y)));
}
PN_INLINE vreal through_tanh(vreal d, vreal y) { return v_mul(d, v_fnma(y, y, v_set1(1))); }

PN_INLINE void tanh_lanes(const rb_row *r, int64_t j, int64_t n) {
  rn_store(r->dx + j, through_tanh(arriving(r, j, n), rn_load(r->gates + j, n)), n);
}
PN_INLINE void relu_lanes(const rb_row *r, int64_t j, int64_t n) {
  vreal d = arriving(r, j, n), y = rn_load(r->gates + j, n);
  rn_store(r->dx + j, v_select(v_lt(v_set1(0), y), d, v_set1(0)), n);
}

PN_INLINE void lstm_lanes(const rb_row *r, int64_t j, int64_t n) {
  const int64_t w = r->hidden;
  vreal i = rn_load(r->gates + j, n), f = rn_load(r->gates + w + j, n);
  vreal g = rn_load(r->gates + 2 * w + j, n), o = rn_load(r->gates + 3 * w + j, n);
  vreal tc = v_tanh(rn_load(r->aux + j, n)), dh = arriving(r, j, n);
  vreal dc = v_add(rn_load(r->dc + j, n), through_tanh(v_mul(dh, o), tc));
  rn_store(r->dx + j, through_sigmoid(v_mul(dc, g), i), n);
  rn_store(r->dx + w + j, through_sigmoid(v_mul(dc, rn_load(r->c + j, n)), f), n);
  rn_store(r->dx + 2 * w + j, through_tanh(v_mul(dc, i), g), n);
  rn_store(r->dx + 3 * w + j, through_sigmoid(v_mul(dh, tc), o), n);
  rn_store(r->dc + j, v_mul(dc, f), n);
}

PN_INLINE void gru_lanes(const rb_row *r, int64_t j, int64_t n) {
  const int64_t w = r->hidden;
  vreal reset = rn_load(r->gates + j, n), z = rn_load(r->gates + w + j, n);
  vreal fresh = rn_load(r->gates + 2 * w + j, n), dh = arriving(r, j, n);
  vreal dz = v_mul(dh, v_sub(rn_load(r->h + j, n), fresh)), through = v_mul(dh, z);
  vreal dn = through_tanh(v_sub(dh, through), fresh);
  vreal dr = through_sigmoid(v_mul(dn, rn_load(r->aux + j, n)), reset);
  dz = through_sigmoid(dz, z);
  rn_store(r->dx + j, dr, n);
  rn_store(r->dx + w + j, dz, n);
  rn_store(r->dx + 2 * w + j, dn, n);
  rn_store(r->da + j, dr, n);
  rn_store(r->da + w + j, dz, n);
  rn_store(r->da + 2 * w + j, v_mul(dn, reset), n);
  rn_store(r->dh + j, through, n);
}

typedef void (*lanes_fn)(const rb_row *r, int64_t j, int64_t n);
PN_INLINE void each_lane(lanes_fn lanes, const rb_row *r) {
  int64_t j = 0;
  for (; j + PN_VN <= r->hidden; j += PN_VN) lanes(r, j, PN_VN);
  if (j < r->hidden) lanes(r, j, r->hidden - j);
}
PN_NOINLINE void tanh_row(const rb_row *r) { each_lane(tanh_lanes, r); }
PN_NOINLINE void relu_row(const rb_row *r) { each_lane(relu_lanes, r); }
PN_NOINLINE void lstm_row(const rb_row *r) { each_lane(lstm_lanes, r); }
PN_NOINLINE void gru_row(const rb_row *r) { each_lane(gru_lanes, r); }

static void (*const row_of[])(const rb_row *) = {tanh_row, relu_row, lstm_row, gru_row};

/* Row s (of the batch) before the step: of `all` where the step before this one
 * in time has that row, else of the first state. */
PN_INLINE const real *before(const real *all, const real *first, const int64_t *earlier, int64_t s,
                             int64_t w) {
  return s < earlier[1] ? all + (earlier[0] + s) * w : first + s * w;
}

/* The step that came before step k.t in the forward walk: where it begins, and
 * its rows. */
static void earlier_step(const rn_walk *k, int64_t *earlier) {
  const int64_t t = k->up ? k->t + 1 : k->t - 1;
  earlier[0] = earlier[1] = 0;
  if (t < 0 || t >= k->steps) return;
  earlier[1] = rn_size(k, t);
  earlier[0] = k->up ? k->at + k->rows : k->at - earlier[1];
}

static void step(const pn_args *a, const rn_walk *k, int64_t r0, int64_t rows) {
  const int64_t w = a->n[PN_RN_HIDDEN], gw = pn_rn_gates(a->flags) * w;
  const real *gy = a->p[PN_RB_GY], *aux = a->p[PN_RB_AUX], *c0 = a->p[PN_RB_C0];
  real *hprev = a->p[PN_RB_HPREV], *dh = a->p[PN_RB_DH], *dc = a->p[PN_RB_DC];
  const bool gru = (a->flags & PN_RN_MODE) == PN_RN_GRU;
  real *da = gru ? a->p[PN_RB_DA] : a->p[PN_RB_DX];
  int64_t earlier[2];
  earlier_step(k, earlier);
  for (int64_t i = 0; i < rows; i++) {
    const int64_t s = r0 + i, at = k->at + s;
    rb_row r = {.hidden = w};
    r.dx = (real *)a->p[PN_RB_DX] + at * gw;
    r.da = da + at * gw;
    r.dh = dh + s * w;
    r.gates = (const real *)a->p[PN_RB_GATES] + at * gw;
    r.h = before(a->p[PN_RB_Y], a->p[PN_RB_H0], earlier, s, w);
    if (dc) r.dc = dc + s * w;
    if (aux) r.aux = aux + at * w;
    if (c0) r.c = before(aux, c0, earlier, s, w);
    if (gy) r.gy = gy + at * w;
    memcpy(hprev + at * w, r.h, (size_t)w * sizeof(real));
    row_of[a->flags & PN_RN_MODE](&r);
  }
  inner_product(&(inner_job){rows, w, gw, da + (k->at + r0) * gw, a->p[PN_RB_W], NULL, dh + r0 * w,
                             gw, 1, w, w, 1, gru});
}

PN_KERNEL(recurrent_backward) {
  const int64_t batch = a->n[PN_RN_BATCH], last = pn_min64(end * PN_RN_ROWS, batch);
  for (int64_t r = begin * PN_RN_ROWS; r < last; r += INNER_ROWS) {
    const int64_t to = pn_min64(r + INNER_ROWS, last);
    rn_walk k;
    rn_begin(&k, a, (a->flags & PN_RN_REVERSED) != 0);
    while (rn_next(&k))
      if (pn_min64(to, k.rows) > r) step(a, &k, r, pn_min64(to, k.rows) - r);
  }
}

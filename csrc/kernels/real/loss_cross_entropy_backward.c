/* The gradient of cross-entropy with respect to the logits (loss.h):
 * dx[c] = p[c] * q - (c == t ? q : 0) with p = exp((x - m) - log(s)): the bits
 * of log_softmax_backward on the gradient of the negative log-likelihood. */
#include "kernels/real/cross_entropy.h"

typedef struct upstream {
  const real *g, *class_weight;
  real total;
  bool each, mean;
} upstream;

static upstream upstream_of(const pn_args *a) {
  uint32_t reduction = a->flags & PN_LOSS_REDUCTION;
  upstream s;
  s.g = a->p[PN_CE_G];
  s.class_weight = a->p[PN_CE_WEIGHT];
  s.each = reduction == PN_LOSS_NONE;
  s.mean = reduction == PN_LOSS_MEAN;
  s.total = s.mean ? *(const real *)a->p[PN_CE_TOTAL] : 1;
  return s;
}

/* q of a row: the upstream gradient times the weight of its target t. */
static real scale(const upstream *s, int64_t row, int64_t t) {
  real q = s->each ? s->g[row] : s->mean ? s->g[0] / s->total : s->g[0];
  return s->class_weight ? q * s->class_weight[t] : q;
}

PN_INLINE vreal weighed(vreal x, vreal m, vreal log_sum, vreal q) {
  return v_mul(v_exp(v_sub(v_sub(x, m), log_sum)), q);
}

/* Lane t of a vector less q (t outside of it: none). */
PN_INLINE vreal less_target(vreal d, vreal q, int64_t t) {
  return v_sub(d, v_select(v_eq(v_load(lane_index), v_set1((real)t)), q, v_set1(0)));
}

static void row_gradient(real *dx, const real *x, real max, real log_sum, real scale, int64_t t,
                         int64_t n) {
  vreal m = v_set1(max), s = v_set1(log_sum), q = v_set1(scale);
  int64_t i = 0;
  for (; i + PN_VN <= n; i += PN_VN)
    v_store(dx + i, less_target(weighed(v_load(x + i), m, s, q), q, t - i));
  if (i < n)
    v_store_n(dx + i, less_target(weighed(v_load_n(x + i, n - i), m, s, q), q, t - i), n - i);
}

static void single_row(const pn_args *a, const upstream *s, real *dx, const real *x, int64_t row) {
  int64_t classes = a->n[PN_CE_CLASSES], t = target_of(a, row);
  if (t < 0) {
    for (int64_t c = 0; c < classes; c++) dx[c] = 0;
    return;
  }
  const real *max = a->p[PN_CE_STATS], *log_sum = max + a->n[PN_CE_OUTER] * a->n[PN_CE_INNER];
  row_gradient(dx, x, max[row], log_sum[row], scale(s, row, t), t, classes);
}

/* n <= PN_VN neighbouring rows; classes are `ld` (x) and `inner` (dx) apart. */
static void strip_rows(const pn_args *a, const upstream *s, real *dx, const real *x, int64_t ld,
                       int64_t row, int64_t n) {
  int64_t classes = a->n[PN_CE_CLASSES], inner = a->n[PN_CE_INNER], t[16];
  const real *max = a->p[PN_CE_STATS], *log_sum = max + a->n[PN_CE_OUTER] * inner;
  real q[16] = {0}, live[16] = {0};
  for (int64_t j = 0; j < n; j++) {
    t[j] = target_of(a, row + j);
    live[j] = t[j] >= 0;
    q[j] = t[j] >= 0 ? scale(s, row + j, t[j]) : 0;
  }
  vreal m = load_lanes(max + row, n), l = load_lanes(log_sum + row, n), none = v_set1(0);
  vmask ignored = v_eq(v_load(live), none);
  for (int64_t c = 0; c < classes; c++) {
    vreal d = weighed(load_lanes(x + c * ld, n), m, l, v_load(q));
    store_lanes(dx + c * inner, v_select(ignored, none, d), n);
  }
  for (int64_t j = 0; j < n; j++)
    if (t[j] >= 0) dx[t[j] * inner + j] = dx[t[j] * inner + j] - q[j];
}

PN_KERNEL(cross_entropy_backward) {
  int64_t classes = a->n[PN_CE_CLASSES], inner = a->n[PN_CE_INNER];
  upstream s = upstream_of(a);
  if (pn_cross_entropy_small(a)) {
    begin = 0;
    end = all_units(a);
  }
  for (int64_t i = begin; i < end; i++) {
    unit u = unit_at(a, i, scratch);
    real *dx = (real *)a->p[PN_CE_OUT] + u.outer * classes * inner + u.column;
    if (inner == 1) {
      single_row(a, &s, dx, u.x, u.row);
      continue;
    }
    for (int64_t j = 0; j < u.cols; j += PN_VN)
      strip_rows(a, &s, dx + j, u.x + j, u.ld, u.row + j, pn_min64(u.cols - j, PN_VN));
  }
}

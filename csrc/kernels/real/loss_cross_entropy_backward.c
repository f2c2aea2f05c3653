/* The gradient of cross-entropy with respect to the logits (loss.h):
 * dx[c] = p[c] * q - (c == t ? q : 0) with p = exp((x - m) - log(s)): the bits
 * of log_softmax_backward on the gradient of the negative log-likelihood. */
#include "kernels/index_status.h"
#include "kernels/loss.h"

#include "kernels/real/softmax.h"

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

static int64_t target_of(const pn_args *a, int64_t row) {
  int64_t t = pn_index_load(a->p[PN_CE_TARGET], row, a->flags & PN_LOSS_TARGET32);
  if (t == a->n[PN_CE_IGNORE]) return -1;
  return pn_index_check(t, a->n[PN_CE_CLASSES], false, a->p[PN_CE_STATUS]);
}

PN_INLINE vreal weighed(vreal x, vreal m, vreal log_sum, vreal q) {
  return v_mul(v_exp(v_sub(v_sub(x, m), log_sum)), q);
}

static void row_gradient(real *dx, const real *x, real max, real log_sum, real scale, int64_t n) {
  vreal m = v_set1(max), s = v_set1(log_sum), q = v_set1(scale);
  int64_t i = 0;
  for (; i + PN_VN <= n; i += PN_VN) v_store(dx + i, weighed(v_load(x + i), m, s, q));
  if (i < n) v_store_n(dx + i, weighed(v_load_n(x + i, n - i), m, s, q), n - i);
}

static void single_row(const pn_args *a, const upstream *s, real *dx, const real *x, int64_t row) {
  int64_t classes = a->n[PN_CE_CLASSES], t = target_of(a, row);
  if (t < 0) {
    for (int64_t c = 0; c < classes; c++) dx[c] = 0;
    return;
  }
  const real *max = a->p[PN_CE_STATS], *log_sum = max + a->n[PN_CE_OUTER] * a->n[PN_CE_INNER];
  real q = scale(s, row, t);
  row_gradient(dx, x, max[row], log_sum[row], q, classes);
  dx[t] = dx[t] - q;
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

static void gradients(const pn_args *a, int64_t begin, int64_t end, real *scratch) {
  const int64_t *n = a->n, *stride = n + PN_CE_STRIDE_X;
  int64_t classes = n[PN_CE_CLASSES], inner = n[PN_CE_INNER];
  int64_t blocks = pn_ceil_div(inner, PN_CE_COLBLOCK);
  upstream s = upstream_of(a);
  for (int64_t u = begin; u < end; u++) {
    int64_t o = inner == 1 ? u : u / blocks, c = (u - o * blocks) * PN_CE_COLBLOCK;
    int64_t cols = pn_min64(inner - c, PN_CE_COLBLOCK), ld = stride[1], row = o * inner + c;
    const real *x = (const real *)a->p[PN_CE_X] + o * stride[0] + c * stride[2];
    real *dx = (real *)a->p[PN_CE_OUT] + o * classes * inner + c;
    if ((inner == 1 ? ld : stride[2]) != 1) {
      x = side_by_side(scratch, x, ld, stride[2], classes, cols);
      ld = cols;
    }
    if (inner == 1) {
      single_row(a, &s, dx, x, row);
      continue;
    }
    for (int64_t j = 0; j < cols; j += PN_VN)
      strip_rows(a, &s, dx + j, x + j, ld, row + j, pn_min64(cols - j, PN_VN));
  }
}

PN_KERNEL(cross_entropy_backward) {
  if (pn_cross_entropy_small(a)) {
    begin = 0;
    end = a->n[PN_CE_OUTER];
    if (a->n[PN_CE_INNER] != 1) end *= pn_ceil_div(a->n[PN_CE_INNER], PN_CE_COLBLOCK);
  }
  gradients(a, begin, end, scratch);
}

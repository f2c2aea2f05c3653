/* Cross-entropy: log_softmax and the negative logarithm of the target's class
 * in one pass over the logits; what backward needs is the maximum and the
 * logarithm of the sum of each row, not the probabilities. */
#include "kernels/index_status.h"
#include "kernels/loss.h"

#include "kernels/real/softmax.h"

typedef struct rows {
  const pn_args *a;
  real *loss, *weight, *max, *log_sum; /* of all rows */
} rows;

static rows rows_of(const pn_args *a) {
  int64_t count = a->n[PN_CE_OUTER] * a->n[PN_CE_INNER];
  bool none = (a->flags & PN_LOSS_REDUCTION) == PN_LOSS_NONE;
  rows r;
  r.a = a;
  r.loss = a->p[none ? PN_CE_OUT : PN_CE_WORK];
  r.weight = none || count == 0 ? NULL : r.loss + count;
  r.max = a->p[PN_CE_STATS];
  r.log_sum = r.max + count;
  return r;
}

/* The target of a row, or -1 where it is ignored. */
static int64_t target_of(const pn_args *a, int64_t row) {
  int64_t t = pn_index_load(a->p[PN_CE_TARGET], row, a->flags & PN_LOSS_TARGET32);
  if (t == a->n[PN_CE_IGNORE]) return -1;
  return pn_index_check(t, a->n[PN_CE_CLASSES], false, a->p[PN_CE_STATUS]);
}

/* One row's loss from its statistics; x + t * stride is the target's logit. */
static void row_loss(const rows *r, int64_t row, int64_t t, const real *x, int64_t stride) {
  const real *class_weight = r->a->p[PN_CE_WEIGHT];
  real w = t < 0 ? 0 : class_weight ? class_weight[t] : 1, loss = 0;
  if (t >= 0) loss = -((x[t * stride] - r->max[row]) - r->log_sum[row]);
  r->loss[row] = t >= 0 && class_weight ? w * loss : loss;
  if (r->weight) r->weight[row] = w;
}

/* Columns first..first+cols-1 of one outer index, a strip of PN_VN at a time. */
static void column_losses(const rows *r, int64_t row, const real *x, int64_t ld, int64_t cols) {
  int64_t classes = r->a->n[PN_CE_CLASSES];
  for (int64_t c = 0; c < cols; c += PN_VN) {
    int64_t n = pn_min64(cols - c, PN_VN);
    vreal m = strip_max(x + c, ld, classes, n);
    store_lanes(r->max + row + c, m, n);
    store_lanes(r->log_sum + row + c, v_log(strip_exp_sum(x + c, ld, m, classes, n)), n);
  }
  for (int64_t c = 0; c < cols; c++) row_loss(r, row + c, target_of(r->a, row + c), x + c, ld);
}

/* A row that is ignored costs nothing; its statistics are never read. */
static void single_loss(const rows *r, int64_t row, const real *x) {
  int64_t classes = r->a->n[PN_CE_CLASSES], t = target_of(r->a, row);
  if (t >= 0) {
    r->max[row] = row_max(x, classes);
    r->log_sum[row] = log_one(row_exp_sum(x, r->max[row], classes));
  } else {
    r->max[row] = r->log_sum[row] = 0;
  }
  row_loss(r, row, t, x, 1);
}

static void losses(const pn_args *a, int64_t begin, int64_t end, real *scratch) {
  const int64_t *n = a->n, *stride = n + PN_CE_STRIDE_X;
  int64_t inner = n[PN_CE_INNER], blocks = pn_ceil_div(inner, PN_CE_COLBLOCK);
  rows r = rows_of(a);
  for (int64_t u = begin; u < end; u++) {
    int64_t o = inner == 1 ? u : u / blocks, c = (u - o * blocks) * PN_CE_COLBLOCK;
    int64_t cols = pn_min64(inner - c, PN_CE_COLBLOCK), ld = stride[1];
    const real *x = (const real *)a->p[PN_CE_X] + o * stride[0] + c * stride[2];
    if ((inner == 1 ? ld : stride[2]) != 1) {
      x = side_by_side(scratch, x, ld, stride[2], n[PN_CE_CLASSES], cols);
      ld = cols;
    }
    if (inner == 1)
      single_loss(&r, u, x);
    else
      column_losses(&r, o * inner + c, x, ld, cols);
  }
}

static real sum_all(const real *x, int64_t n) {
  real total = 0;
  for (int64_t i = 0; i < n; i += PN_CHUNK) {
    real s = sum_values(x + i, pn_min64(n - i, PN_CHUNK));
    total = i == 0 ? s : total + s;
  }
  return total;
}

/* Without class weights the sum of the weights is a count, and exact. */
static real total_weight(const pn_args *a, const real *weight, int64_t n) {
  if (a->p[PN_CE_WEIGHT]) return sum_all(weight, n);
  int64_t count = 0;
  for (int64_t i = 0; i < n; i++) count += weight[i] != 0;
  return (real)count;
}

static void combine(const pn_args *a) {
  int64_t n = a->n[PN_CE_OUTER] * a->n[PN_CE_INNER];
  const rows r = rows_of(a);
  real total = sum_all(r.loss, n);
  if ((a->flags & PN_LOSS_REDUCTION) == PN_LOSS_MEAN) {
    real weight = total_weight(a, r.weight, n);
    *(real *)a->p[PN_CE_TOTAL] = weight;
    total = total / weight;
  }
  *(real *)a->p[PN_CE_OUT] = total;
}

PN_KERNEL(cross_entropy) {
  if (!pn_cross_entropy_small(a)) {
    losses(a, begin, end, scratch);
    return;
  }
  int64_t blocks = a->n[PN_CE_INNER] == 1 ? 1 : pn_ceil_div(a->n[PN_CE_INNER], PN_CE_COLBLOCK);
  losses(a, 0, a->n[PN_CE_OUTER] * blocks, scratch);
  if ((a->flags & PN_LOSS_REDUCTION) != PN_LOSS_NONE) combine(a);
}

PN_KERNEL(cross_entropy_combine) { combine(a); }

/* Cross-entropy: log_softmax and the negative logarithm of the target's class
 * in one pass over the logits; what backward needs is the maximum and the
 * logarithm of the sum of each row, not the probabilities. */
#include "kernels/real/cross_entropy.h"

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

/* One row's loss from its statistics; x + t * stride is the target's logit. */
static void row_loss(const rows *r, int64_t row, int64_t t, const real *x, int64_t stride) {
  const real *class_weight = r->a->p[PN_CE_WEIGHT];
  real w = t < 0 ? 0 : class_weight ? class_weight[t] : 1, loss = 0;
  if (t >= 0) loss = -((x[t * stride] - r->max[row]) - r->log_sum[row]);
  r->loss[row] = t >= 0 && class_weight ? w * loss : loss;
  if (r->weight) r->weight[row] = w;
}

/* A strip of PN_VN rows at a time. */
static void column_losses(const rows *r, const unit *u) {
  int64_t classes = r->a->n[PN_CE_CLASSES];
  for (int64_t c = 0; c < u->cols; c += PN_VN) {
    int64_t n = pn_min64(u->cols - c, PN_VN), row = u->row + c;
    vreal m = strip_max(u->x + c, u->ld, classes, n);
    store_lanes(r->max + row, m, n);
    store_lanes(r->log_sum + row, v_log(strip_exp_sum(u->x + c, u->ld, m, classes, n)), n);
  }
  for (int64_t c = 0; c < u->cols; c++)
    row_loss(r, u->row + c, target_of(r->a, u->row + c), u->x + c, u->ld);
}

/* A row that is ignored costs nothing; its statistics are never read. */
static void row_losses(const rows *r, int64_t begin, int64_t end, real *scratch) {
  const int64_t *stride = r->a->n + PN_CE_STRIDE_X;
  int64_t classes = r->a->n[PN_CE_CLASSES], t[ROW_BLOCK];
  for (int64_t i = begin; i < end; i++) {
    t[i - begin] = target_of(r->a, i);
    r->max[i] = 0;
    r->log_sum[i] = 1;
    if (t[i - begin] < 0) continue;
    unit u = unit_at(r->a, i, scratch);
    row_statistics(u.x, classes, r->max + i, r->log_sum + i);
  }
  logarithms(r->log_sum + begin, end - begin);
  const real *x = r->a->p[PN_CE_X];
  for (int64_t i = begin; i < end; i++) row_loss(r, i, t[i - begin], x + i * stride[0], stride[1]);
}

static void losses(const pn_args *a, int64_t begin, int64_t end, real *scratch) {
  rows r = rows_of(a);
  if (a->n[PN_CE_INNER] == 1) {
    for (int64_t i = begin; i < end; i += ROW_BLOCK)
      row_losses(&r, i, pn_min64(i + ROW_BLOCK, end), scratch);
    return;
  }
  for (int64_t i = begin; i < end; i++) {
    unit u = unit_at(a, i, scratch);
    column_losses(&r, &u);
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
  losses(a, 0, all_units(a), scratch);
  if ((a->flags & PN_LOSS_REDUCTION) != PN_LOSS_NONE) combine(a);
}

PN_KERNEL(cross_entropy_combine) { combine(a); }

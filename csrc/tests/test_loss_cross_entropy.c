/* Cross-entropy and its gradient: against long double, reduced losses and
 * gradients against the contract bit for bit, targets that are ignored or out
 * of range, class weights, strides, every level, random pieces. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/loss.h"
#include "tests/kernel_case.h"
#include "tests/test.h"

#define T float
#define REF(name) name##_f32
#include "tests/contract_ref.h"
#undef T
#undef REF
#define T double
#define REF(name) name##_f64
#include "tests/contract_ref.h"

enum { IGNORE = -100 };

typedef struct problem {
  int64_t outer, classes, inner, rows;
  int dtype;
  bool weighted, narrow; /* narrow: int32 targets */
  int64_t bad;           /* a target out of range, or IGNORE */
  tensor x;
  block target, weight, stats, total, g;
  double eps;
} problem;

static int64_t target_at(const problem *p, int64_t row) {
  int64_t t = p->narrow ? ((int32_t *)p->target.p)[row] : ((int64_t *)p->target.p)[row];
  return t == IGNORE || t < 0 || t >= p->classes ? -1 : t;
}
static double weight_at(const problem *p, int64_t row) {
  int64_t t = target_at(p, row);
  return t < 0 ? 0 : p->weighted ? item_get(p->dtype, p->weight.p, t) : 1;
}
static double logit(const problem *p, int64_t row, int64_t c) {
  int64_t o = row / p->inner, i = row % p->inner;
  return tensor_get(&p->x, (o * p->classes + c) * p->inner + i);
}

static void run(const problem *p, const pn_row *row, uint32_t flags, void *out) {
  int64_t status[3] = {0};
  pn_args a = {.dtype = (uint32_t)p->dtype, .flags = flags};
  if (p->narrow) a.flags |= PN_LOSS_TARGET32;
  a.n[PN_CE_OUTER] = p->outer;
  a.n[PN_CE_CLASSES] = p->classes;
  a.n[PN_CE_INNER] = p->inner;
  for (int d = 0; d < 3; d++) a.n[PN_CE_STRIDE_X + d] = p->x.stride[d];
  a.n[PN_CE_IGNORE] = IGNORE;
  a.p[PN_CE_OUT] = out;
  a.p[PN_CE_STATS] = p->stats.p;
  a.p[PN_CE_TOTAL] = p->total.p;
  a.p[PN_CE_X] = p->x.p;
  a.p[PN_CE_TARGET] = p->target.p;
  a.p[PN_CE_WEIGHT] = p->weighted ? p->weight.p : NULL;
  a.p[PN_CE_STATUS] = status;
  a.p[PN_CE_G] = p->g.p;
  bool loss = row->phases == 2;
  run_row(row, &a, PN_CE_WORK, loss ? pn_cross_entropy_workspace(p->rows, flags) : 0);
  CHECK(status[0] == (p->bad != IGNORE));
  if (status[0]) CHECK(status[1] == p->bad && status[2] == p->classes);
}

/* The maximum and the logarithm of the sum, exactly. */
static void log_sum(const problem *p, int64_t row, long double *m, long double *l) {
  long double s = 0;
  *m = -INFINITY;
  for (int64_t c = 0; c < p->classes; c++) *m = fmaxl(*m, logit(p, row, c));
  for (int64_t c = 0; c < p->classes; c++) s += expl(logit(p, row, c) - *m);
  *l = logl(s);
}

static void check_losses(const problem *p, const void *loss) {
  for (int64_t r = 0; r < p->rows; r++) {
    long double m, l, want = 0, size = 1;
    int64_t t = target_at(p, r);
    if (t >= 0) {
      log_sum(p, r, &m, &l);
      long double d = logit(p, r, t) - m;
      want = -(d - l) * weight_at(p, r);
      size = (4 + fabsl(d) + fabsl(l)) * fabsl(weight_at(p, r));
    }
    double got = item_get(p->dtype, loss, r);
    CHECK_MSG(fabsl(want - got) <= 40 * p->eps * size, "row %d of %d x %d x %d: %g not %Lg", (int)r,
              (int)p->outer, (int)p->classes, (int)p->inner, got, want);
    if (t < 0) CHECK(got == 0);
  }
}

/* In the type of the tensor: the contract's sum of losses and weights. */
static void reduced(const problem *p, const void *loss, double *sum, double *mean, double *total) {
  double *w = malloc((size_t)(p->rows + 1) * sizeof(double));
  float *v = malloc((size_t)(p->rows + 1) * sizeof(float));
  for (int64_t r = 0; r < p->rows; r++) v[r] = (float)(w[r] = weight_at(p, r));
  if (p->dtype == PN_F64) {
    *sum = ref_sum_f64(loss, p->rows, true);
    *total = ref_sum_f64(w, p->rows, true);
    *mean = *sum / *total;
  } else {
    *sum = ref_sum_f32(loss, p->rows, true);
    *total = ref_sum_f32(v, p->rows, true);
    *mean = (float)*sum / (float)*total;
  }
  free(w);
  free(v);
}

static void check_scalar(const problem *p, uint32_t flags, double want) {
  block w = block_new(8), out = block_new(dtype_size(p->dtype));
  item_set(p->dtype, w.p, 0, want);
  run(p, &pn_row_cross_entropy, flags, out.p);
  CHECK_MSG(same_items(p->dtype, w.p, out.p, 1), "%s: %g not %g", pn_active->name,
            item_get(p->dtype, out.p, 0), want);
  block_free(&w);
  block_free(&out);
}

static void check_gradient(const problem *p, uint32_t flags, const void *dx, double total) {
  for (int64_t r = 0; r < p->rows; r++) {
    int64_t t = target_at(p, r), o = r / p->inner, i = r % p->inner;
    long double m = 0, l = 0, q = item_get(p->dtype, p->g.p, flags == PN_LOSS_NONE ? r : 0);
    if (flags == PN_LOSS_MEAN) q /= total;
    q *= weight_at(p, r);
    if (t >= 0) log_sum(p, r, &m, &l);
    for (int64_t c = 0; c < p->classes; c++) {
      double got = item_get(p->dtype, dx, (o * p->classes + c) * p->inner + i);
      if (t < 0) {
        CHECK(got == 0);
        continue;
      }
      long double d = logit(p, r, c) - m - l, want = expl(d) * q - (c == t ? q : 0);
      CHECK_MSG(fabsl(want - got) <= (60 + fabsl(d) * 2) * p->eps * fabsl(q), "%g not %Lg", got,
                want);
    }
  }
}

static void check_level(const problem *p, bool first, const block *values, const block *dx) {
  static const uint32_t all[] = {PN_LOSS_NONE, PN_LOSS_SUM, PN_LOSS_MEAN};
  size_t item = dtype_size(p->dtype), bytes = (size_t)p->x.size * item;
  double sum, mean, total;
  block out = block_new((size_t)p->rows * item), grad = block_new(bytes);
  run(p, &pn_row_cross_entropy, PN_LOSS_NONE, out.p);
  if (first) {
    check_losses(p, out.p);
    memcpy(values->p, out.p, out.bytes);
  }
  CHECK(same_items(p->dtype, values->p, out.p, p->rows));
  reduced(p, out.p, &sum, &mean, &total);
  check_scalar(p, PN_LOSS_SUM, sum);
  check_scalar(p, PN_LOSS_MEAN, mean);
  CHECK(item_get(p->dtype, p->total.p, 0) == total);
  for (int k = 0; k < 3; k++) {
    run(p, &pn_row_cross_entropy_backward, all[k], grad.p);
    if (first) {
      check_gradient(p, all[k], grad.p, total);
      memcpy(dx[k].p, grad.p, bytes);
    }
    CHECK(same_items(p->dtype, dx[k].p, grad.p, p->x.size));
  }
  block_free(&out);
  block_free(&grad);
}

static void fill_targets(problem *p, bool ignore, bool bad) {
  p->bad = IGNORE;
  for (int64_t r = 0; r < p->rows; r++) {
    int64_t t = case_pick(p->classes);
    if (ignore && case_pick(4) == 0) t = IGNORE;
    if (bad && r == p->rows / 2) t = p->bad = case_pick(2) ? p->classes : -1;
    if (p->narrow)
      ((int32_t *)p->target.p)[r] = (int32_t)t;
    else
      ((int64_t *)p->target.p)[r] = t;
  }
}

static void test_shape(int64_t outer, int64_t classes, int64_t inner, int dtype, int style) {
  int64_t shape[3] = {outer, classes, inner};
  problem p = {outer,
               classes,
               inner,
               outer * inner,
               dtype,
               .weighted = case_pick(2) != 0,
               .narrow = case_pick(2) != 0,
               .eps = dtype == PN_F64 ? DBL_EPSILON : FLT_EPSILON};
  size_t item = dtype_size(dtype), rows = (size_t)p.rows * item;
  p.x = tensor_new(dtype, 3, shape, style);
  p.target = block_new((size_t)p.rows * (p.narrow ? 4 : 8));
  p.weight = block_new((size_t)classes * item);
  p.stats = block_new(2 * rows);
  p.total = block_new(item);
  p.g = block_new(rows ? rows : item);
  tensor_fill(&p.x, case_real);
  for (int64_t c = 0; c < classes; c++) item_set(dtype, p.weight.p, c, fabs(case_real()));
  for (int64_t r = 0; r < pn_max64(p.rows, 1); r++) item_set(dtype, p.g.p, r, case_real());
  fill_targets(&p, case_pick(2), p.rows > 0 && case_pick(3) == 0);
  size_t bytes = (size_t)p.x.size * item;
  block values = block_new(rows), dx[3] = {block_new(bytes), block_new(bytes), block_new(bytes)};
  bool first = true;
  for (int level = 0; level < pn_level_count(); level++) {
    if (!use_level(level)) continue;
    check_level(&p, first, &values, dx);
    first = false;
  }
  block *all[] = {&p.target, &p.weight, &p.stats, &p.total, &p.g, &values, dx, dx + 1, dx + 2};
  for (int i = 0; i < 9; i++) block_free(all[i]);
  tensor_free(&p.x);
}

void suite_cross_entropy(void) {
  static const int64_t classes[] = {1, 2, 3, 9, 10, 16, 17, 33, 100, 257};
  case_seed(4);
  for (int dtype = PN_F32; dtype <= PN_F64; dtype++)
    for (int style = 0; style < 4; style++) {
      for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        test_shape(1 + case_pick(70), classes[i], 1, dtype, style);
        test_shape(1 + case_pick(4), classes[i], 1 + case_pick(90), dtype, style);
      }
      test_shape(500, 10, 1, dtype, style);
      test_shape(4100, 3, 1, dtype, style);
      test_shape(3, 4097, 1, dtype, style);
      test_shape(0, 5, 1, dtype, style);
      test_shape(5, 3, 0, dtype, style);
    }
  pn_select_level(NULL);
}

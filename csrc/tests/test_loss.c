/* The elementwise losses and their gradients: formulas against long double, a
 * reduced loss against the contract's sum of the single losses, bit for bit,
 * on every level and in random pieces. */
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

typedef struct problem {
  int kind, dtype; /* kind: mse, bce, bce_logits */
  int64_t n;
  block x, y, g;
  double eps;
} problem;

static const pn_row *const losses[] = {&pn_row_mse, &pn_row_bce, &pn_row_bce_logits};
static const pn_row *const gradients[] = {&pn_row_mse_backward, &pn_row_bce_backward,
                                          &pn_row_bce_logits_backward};

static long double loss_of(int kind, long double x, long double y) {
  if (kind == 0) return (x - y) * (x - y);
  if (kind == 1) return (y - 1) * fmaxl(log1pl(-x), -100) - y * fmaxl(logl(x), -100);
  return fmaxl(x, 0) - x * y + log1pl(expl(-fabsl(x)));
}
static long double gradient_of(int kind, long double x, long double y) {
  if (kind == 0) return 2 * (x - y);
  if (kind == 1) return (x - y) / fmaxl((1 - x) * x, 1e-12L);
  return 1 / (1 + expl(-x)) - y;
}
/* What the errors of the terms are relative to. */
static long double size_of(int kind, long double x, long double y) {
  if (kind == 0) return x * x + y * y;
  if (kind == 1) return fabsl(loss_of(1, x, y)) + fabsl(log1pl(-x)) + fabsl(logl(x));
  return fabsl(x) + fabsl(x * y) + 1;
}

static void run(const problem *p, const pn_row *row, uint32_t flags, void *out) {
  pn_args a = {.dtype = (uint32_t)p->dtype, .flags = flags};
  a.p[PN_LOSS_OUT] = out;
  a.p[PN_LOSS_X] = p->x.p;
  a.p[PN_LOSS_Y] = p->y.p;
  a.p[PN_LOSS_G] = p->g.p;
  a.n[PN_LOSS_COUNT] = p->n;
  run_row(row, &a, PN_LOSS_WORK, row->phases == 2 ? pn_loss_workspace(p->n, flags) : 0);
}

static void check_values(const problem *p, const void *loss) {
  for (int64_t i = 0; i < p->n; i++) {
    double x = item_get(p->dtype, p->x.p, i), y = item_get(p->dtype, p->y.p, i);
    double got = item_get(p->dtype, loss, i);
    long double want = loss_of(p->kind, x, y);
    if (!isfinite((double)size_of(p->kind, x, y))) {
      CHECK(isnan(want) == isnan(got));
      continue;
    }
    CHECK_MSG(fabsl(want - got) <= 4 * p->eps * size_of(p->kind, x, y) + 1e-30L,
              "%s(%g, %g): %g not %Lg", losses[p->kind]->name, x, y, got, want);
  }
}

static void check_reduced(const problem *p, const void *loss) {
  double out = 7, sum, mean, n = (double)p->n;
  if (p->dtype == PN_F64) {
    sum = ref_sum_f64(loss, p->n, true);
    mean = sum / n;
  } else {
    float s = ref_sum_f32(loss, p->n, true);
    sum = s;
    mean = s / (float)n;
  }
  block want = block_new(8), got = block_new(dtype_size(p->dtype));
  item_set(p->dtype, want.p, 0, sum);
  run(p, losses[p->kind], PN_LOSS_SUM, got.p);
  CHECK_MSG(same_items(p->dtype, want.p, got.p, 1), "sum of %d: %g", (int)p->n, out);
  item_set(p->dtype, want.p, 0, mean);
  run(p, losses[p->kind], PN_LOSS_MEAN, got.p);
  CHECK_MSG(same_items(p->dtype, want.p, got.p, 1), "mean of %d", (int)p->n);
  block_free(&want);
  block_free(&got);
}

static void check_gradient(const problem *p, uint32_t flags, const void *dx) {
  for (int64_t i = 0; i < p->n; i++) {
    double x = item_get(p->dtype, p->x.p, i), y = item_get(p->dtype, p->y.p, i);
    long double g = item_get(p->dtype, p->g.p, flags == PN_LOSS_NONE ? i : 0);
    if (flags == PN_LOSS_MEAN) g /= p->n;
    long double want = gradient_of(p->kind, x, y) * g;
    double got = item_get(p->dtype, dx, i);
    if (!isfinite((double)want)) {
      CHECK(isnan(want) == isnan(got));
      continue;
    }
    long double parts = p->kind == 2 ? (1 + fabsl(y)) * fabsl(g) : fabsl(want);
    CHECK_MSG(fabsl(want - got) <= 8 * p->eps * parts, "d %s(%g, %g): %g not %Lg",
              losses[p->kind]->name, x, y, got, want);
  }
}

static void check_level(const problem *p, bool first, const block *values, const block *dx) {
  static const uint32_t all[] = {PN_LOSS_NONE, PN_LOSS_SUM, PN_LOSS_MEAN};
  size_t bytes = (size_t)p->n * dtype_size(p->dtype);
  block out = block_new(bytes);
  run(p, losses[p->kind], PN_LOSS_NONE, out.p);
  if (first) {
    check_values(p, out.p);
    memcpy(values->p, out.p, bytes);
  }
  CHECK_MSG(same_items(p->dtype, values->p, out.p, p->n), "%s %s", pn_active->name,
            losses[p->kind]->name);
  check_reduced(p, values->p);
  for (int k = 0; k < 3; k++) {
    run(p, gradients[p->kind], all[k], out.p);
    if (first) {
      check_gradient(p, all[k], out.p);
      memcpy(dx[k].p, out.p, bytes);
    }
    CHECK_MSG(same_items(p->dtype, dx[k].p, out.p, p->n), "%s %s", pn_active->name,
              gradients[p->kind]->name);
  }
  block_free(&out);
}

static void test_size(int kind, int dtype, int64_t n, bool special) {
  problem p = {.kind = kind, .dtype = dtype, .n = n};
  size_t bytes = (size_t)n * dtype_size(dtype);
  p.eps = dtype == PN_F64 ? DBL_EPSILON : FLT_EPSILON;
  p.x = block_new(bytes);
  p.y = block_new(bytes);
  p.g = block_new(bytes ? bytes : 8);
  item_set(dtype, p.g.p, 0, 1.25);
  for (int64_t i = 0; i < n; i++) {
    static const double odd[] = {0, 1, INFINITY, -INFINITY, NAN, -0.0};
    double x = kind == 1 ? (double)case_random() / 16777216.0 : case_real() * 8;
    if (special && case_pick(5) == 0) x = odd[case_pick(kind == 1 ? 2 : 6)];
    item_set(dtype, p.x.p, i, x);
    item_set(dtype, p.y.p, i, special ? (double)case_pick(2) : case_real());
    item_set(dtype, p.g.p, i, case_real());
  }
  block values = block_new(bytes), dx[3] = {block_new(bytes), block_new(bytes), block_new(bytes)};
  bool first = true;
  for (int level = 0; level < pn_level_count(); level++) {
    if (!use_level(level)) continue;
    check_level(&p, first, &values, dx);
    first = false;
  }
  block *all[] = {&p.x, &p.y, &p.g, &values, dx, dx + 1, dx + 2};
  for (int i = 0; i < 7; i++) block_free(all[i]);
}

void suite_loss(void) {
  static const int64_t sizes[] = {0,  1,  2,  3,  4,   5,   7,    8,    9,    15,   16,
                                  17, 63, 64, 65, 100, 129, 1000, 4095, 4096, 4097, 9000};
  case_seed(3);
  for (int kind = 0; kind < 3; kind++)
    for (int dtype = PN_F32; dtype <= PN_F64; dtype++)
      for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int special = 0; special < 2; special++)
          test_size(kind, dtype, sizes[i], special != 0);
  pn_select_level(NULL);
}

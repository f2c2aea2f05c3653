/* softmax, log_softmax and their gradients: against long double, the same bits
 * on every level, in random pieces, for any strides and in place. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/softmax.h"
#include "pn_contract.h"
#include "tests/kernel_case.h"
#include "tests/test.h"

typedef struct problem {
  int64_t outer, axis, inner;
  int dtype;
  tensor x, g; /* x is y in the gradients */
  double eps;
} problem;

static const pn_row *const rows[] = {&pn_row_softmax, &pn_row_log_softmax, &pn_row_softmax_backward,
                                     &pn_row_log_softmax_backward};

/* The longest chain of additions of a sum over the axis. */
static double chain(const problem *p) {
  double n = (double)p->axis;
  if (p->inner > 1) return fmin(n, PN_ROWCHUNK + n / PN_ROWCHUNK);
  return fmin(n, PN_CHUNK / (4.0 * PN_VBYTES / 8) + 8 + n / PN_CHUNK);
}

static int64_t at(const problem *p, int64_t o, int64_t i, int64_t c) {
  return (o * p->axis + i) * p->inner + c;
}

static void check_forward(const problem *p, bool log, const void *out, int64_t o, int64_t c) {
  long double m = -INFINITY, s = 0;
  bool nan = false;
  for (int64_t i = 0; i < p->axis; i++) {
    double x = tensor_get(&p->x, at(p, o, i, c));
    m = fmaxl(m, x);
    nan |= isnan(x) || x == INFINITY;
  }
  nan |= m == -INFINITY;
  for (int64_t i = 0; i < p->axis; i++) s += expl(tensor_get(&p->x, at(p, o, i, c)) - m);
  for (int64_t i = 0; i < p->axis; i++) {
    long double d = tensor_get(&p->x, at(p, o, i, c)) - m;
    long double want = log ? d - logl(s) : expl(d) / s;
    double got = item_get(p->dtype, out, at(p, o, i, c));
    long double far = isfinite((double)d) ? fabsl(d) : 0;
    long double bound = p->eps * (4 + far + chain(p)) * (log ? 1 : want);
    if (!log) bound += p->dtype == PN_F64 ? 5e-324L : 1.5e-45L;
    if (nan)
      CHECK(isnan(got));
    else
      CHECK_MSG(fabsl(want - got) <= bound || want == got, "%g not %Lg", got, want);
  }
}

static void check_backward(const problem *p, bool log, const void *out, int64_t o, int64_t c) {
  long double s = 0, size = 0;
  for (int64_t i = 0; i < p->axis; i++) {
    long double y = tensor_get(&p->x, at(p, o, i, c)), g = tensor_get(&p->g, at(p, o, i, c));
    s += log ? g : g * y;
    size += fabsl(log ? g : g * y);
  }
  for (int64_t i = 0; i < p->axis; i++) {
    long double y = tensor_get(&p->x, at(p, o, i, c)), g = tensor_get(&p->g, at(p, o, i, c));
    long double want = log ? g - expl(y) * s : y * (g - s), by = log ? expl(y) : fabsl(y);
    double got = item_get(p->dtype, out, at(p, o, i, c));
    long double bound = p->eps * (by * size * (chain(p) + 4) + 2 * fabsl(g) * (log ? 1 : by));
    CHECK_MSG(fabsl(want - got) <= bound, "%g not %Lg", got, want);
  }
}

/* The strides of a tensor of 3 dimensions, straight into the record. */
static void set_strides(pn_args *a, int where, const tensor *t) {
  for (int d = 0; d < 3; d++) a->n[where + d] = t->stride[d];
}

static void run(const problem *p, int k, void *out, const void *x) {
  pn_args a = {.dtype = (uint32_t)p->dtype};
  a.n[PN_SM_OUTER] = p->outer;
  a.n[PN_SM_AXIS] = p->axis;
  a.n[PN_SM_INNER] = p->inner;
  set_strides(&a, PN_SM_STRIDE_X, &p->x);
  a.p[PN_SM_OUT] = out;
  a.p[PN_SM_X] = (void *)x;
  if (k >= 2) {
    set_strides(&a, PN_SM_STRIDE_G, &p->g);
    a.p[PN_SM_G] = p->g.p;
  }
  run_row(rows[k], &a, 0, 0);
}

static void test_problem(const problem *p, int k, bool contiguous) {
  size_t bytes = (size_t)p->x.size * dtype_size(p->dtype);
  block first = block_new(bytes);
  bool have_first = false;
  for (int level = 0; level < pn_level_count(); level++) {
    if (!use_level(level)) continue;
    block out = block_new(bytes);
    if (contiguous && case_pick(2)) {
      memcpy(out.p, p->x.p, bytes);
      run(p, k, out.p, out.p);
    } else {
      run(p, k, out.p, p->x.p);
    }
    if (!have_first) {
      memcpy(first.p, out.p, bytes);
      have_first = true;
      for (int64_t o = 0; o < p->outer; o++)
        for (int64_t c = 0; c < p->inner; c++)
          (k < 2 ? check_forward : check_backward)(p, k & 1, out.p, o, c);
    }
    CHECK_MSG(same_items(p->dtype, first.p, out.p, p->x.size), "%s %s %d x %d x %d", rows[k]->name,
              pn_active->name, (int)p->outer, (int)p->axis, (int)p->inner);
    block_free(&out);
  }
  block_free(&first);
}

static double value_special(void) {
  int64_t k = case_pick(600);
  return k == 0 ? NAN : k == 1 ? INFINITY : k < 90 ? -INFINITY : case_real() * 30;
}
static double value_low(void) { return -INFINITY; }
/* y of log_softmax and of softmax in the gradients. */
static double value_small(void) { return case_real() / 4; }

static void test_shape(int64_t outer, int64_t axis, int64_t inner, int dtype, int style) {
  static double (*const fills[])(void) = {case_real, value_special, case_real, value_low};
  int64_t shape[3] = {outer, axis, inner};
  problem p = {outer, axis, inner, dtype, .eps = dtype == PN_F64 ? DBL_EPSILON : FLT_EPSILON};
  p.x = tensor_new(dtype, 3, shape, style);
  p.g = tensor_new(dtype, 3, shape, style);
  tensor_fill(&p.x, fills[case_pick(12) % 4]);
  test_problem(&p, 0, style == 0);
  test_problem(&p, 1, style == 0);
  tensor_fill(&p.x, value_small);
  tensor_fill(&p.g, case_real);
  test_problem(&p, 2, style == 0);
  test_problem(&p, 3, style == 0);
  tensor_free(&p.x);
  tensor_free(&p.g);
}

void suite_softmax(void) {
  static const int64_t axes[] = {1, 2, 3, 7, 8, 9, 10, 15, 16, 17, 31, 63, 65, 255, 256, 257, 513};
  case_seed(2);
  for (int dtype = PN_F32; dtype <= PN_F64; dtype++) {
    for (size_t i = 0; i < sizeof axes / sizeof axes[0]; i++)
      for (int style = 0; style < 3; style++) {
        test_shape(1 + case_pick(5), axes[i], 1, dtype, style);
        test_shape(1 + case_pick(3), axes[i], 1 + case_pick(80), dtype, style);
      }
    test_shape(2, PN_CHUNK - 1, 1, dtype, 0);
    test_shape(2, PN_CHUNK + 1, 1, dtype, 1);
    test_shape(1, 3 * PN_CHUNK + 5, 1, dtype, 0);
    test_shape(0, 5, 3, dtype, 0);
    test_shape(3, 0, 1, dtype, 0);
    test_shape(3, 5, 0, dtype, 0);
  }
  pn_select_level(NULL);
}

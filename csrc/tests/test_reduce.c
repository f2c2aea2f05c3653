/* sum, mean, var, max and min, with indices, over any axes of any strides: every
 * bit against the contract's text (contract_ref.h), values against long double,
 * on every level, in random pieces. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/reduce.h"
#include "pn_contract.h"
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

typedef struct reduction {
  tensor x;
  uint32_t axes;
  int64_t outputs, count;
  bool rows;       /* the last axis of size > 1 is reduced */
  int64_t *source; /* source[o * count + i]: C-order index of element i of output o */
  char text[128];
} reduction;

static reduction reduction_new(tensor x, uint32_t axes) {
  reduction r = {.x = x, .axes = axes, .outputs = 1, .count = 1, .rows = true};
  int length = 0;
  for (int d = 0; d < x.ndim; d++) {
    bool reduced = axes >> d & 1;
    *(reduced ? &r.count : &r.outputs) *= x.shape[d];
    if (x.shape[d] != 1) r.rows = reduced;
    length += snprintf(r.text + length, sizeof r.text - (size_t)length, "%s%d:%d",
                       reduced ? " R" : " K", (int)x.shape[d], (int)x.stride[d]);
  }
  r.source = malloc((size_t)(x.size + 1) * sizeof(int64_t));
  for (int64_t i = 0; i < x.size; i++) {
    int64_t rest = i, o = 0, k = 0, so = 1, sk = 1;
    for (int d = x.ndim - 1; d >= 0; d--) {
      int64_t at = rest % x.shape[d];
      rest /= x.shape[d];
      bool reduced = axes >> d & 1;
      *(reduced ? &k : &o) += at * (reduced ? sk : so);
      *(reduced ? &sk : &so) *= x.shape[d];
    }
    r.source[o * r.count + k] = i;
  }
  return r;
}

static void reduction_free(reduction *r) {
  free(r->source);
  tensor_free(&r->x);
}

static void sequence(const reduction *r, int64_t o, double *x) {
  for (int64_t i = 0; i < r->count; i++) x[i] = tensor_get(&r->x, r->source[o * r->count + i]);
}

/* The sum in the contract's order, in the type of the tensor. */
static double exact_sum(const reduction *r, const double *x) {
  if (r->x.dtype == PN_F64) return ref_sum_f64(x, r->count, r->rows);
  float *y = malloc((size_t)(r->count + 1) * sizeof(float));
  for (int64_t i = 0; i < r->count; i++) y[i] = (float)x[i];
  double s = ref_sum_f32(y, r->count, r->rows);
  free(y);
  return s;
}

static double rounded(const reduction *r, double x) {
  return r->x.dtype == PN_F64 ? x : (double)(float)x;
}

static void expected_of(const reduction *r, const double *x, double correction, double *sum,
                        double *mean, double *var) {
  double n = rounded(r, (double)r->count), left = fmax((double)r->count - correction, 0);
  double *d = malloc((size_t)(r->count + 1) * sizeof(double));
  *sum = exact_sum(r, x);
  *mean = rounded(r, *sum / n);
  for (int64_t i = 0; i < r->count; i++) {
    d[i] = rounded(r, x[i] - *mean);
    d[i] = rounded(r, d[i] * d[i]);
  }
  *var = rounded(r, exact_sum(r, d) / rounded(r, left));
  free(d);
}

/* The distance from long double is bounded by epsilon times the longest chain
 * of additions times the sum of the magnitudes. */
static void check_near(const reduction *r, const double *x, double sum) {
  long double exact = 0, size = 0;
  for (int64_t i = 0; i < r->count; i++) {
    exact += x[i];
    size += fabsl(x[i]);
  }
  double eps = r->x.dtype == PN_F64 ? DBL_EPSILON : FLT_EPSILON;
  double chain = r->rows ? PN_CHUNK / (4.0 * PN_VBYTES / 8) + 8 + (double)r->count / PN_CHUNK
                         : PN_ROWCHUNK + (double)r->count / PN_ROWCHUNK;
  if (!isfinite(exact)) return;
  CHECK_MSG(fabsl(exact - sum) <= eps * fmin(chain, (double)r->count) * size, "%s: %g not %Lg",
            r->text, sum, exact);
}

static pn_args record_of(const reduction *r, size_t *bytes) {
  pn_args a = {.dtype = (uint32_t)r->x.dtype};
  *bytes = pn_reduce_record(&a, r->x.ndim, r->x.shape, r->x.stride, r->axes);
  a.p[PN_RED_IN] = r->x.p;
  return a;
}

static void run(const reduction *r, const pn_row *row, uint32_t flags, double f, void *out,
                void *out2) {
  size_t bytes;
  pn_args a = record_of(r, &bytes);
  a.flags = flags;
  a.f[0] = f;
  a.p[PN_RED_OUT] = out;
  a.p[PN_RED_OUT2] = out2;
  run_row(row, &a, PN_RED_WORK, bytes);
}

typedef struct results {
  block sum, mean, var, mean2;
} results;

static void check_sums(const reduction *r, double correction, const results *want) {
  size_t bytes = (size_t)r->outputs * dtype_size(r->x.dtype);
  for (int level = 0; level < pn_level_count(); level++) {
    if (!use_level(level)) continue;
    block out = block_new(bytes), out2 = block_new(bytes);
    run(r, &pn_row_sum, 0, 0, out.p, NULL);
    CHECK_MSG(same_items(r->x.dtype, out.p, want->sum.p, r->outputs), "sum %s %s%s",
              pn_active->name, r->x.dtype == PN_F64 ? "f64" : "f32", r->text);
    run(r, &pn_row_sum, PN_RED_MEAN, 0, out.p, NULL);
    CHECK_MSG(same_items(r->x.dtype, out.p, want->mean.p, r->outputs), "mean %s%s", pn_active->name,
              r->text);
    run(r, &pn_row_var, 0, correction, out.p, out2.p);
    CHECK_MSG(same_items(r->x.dtype, out.p, want->var.p, r->outputs), "var %s %s%s",
              pn_active->name, r->x.dtype == PN_F64 ? "f64" : "f32", r->text);
    CHECK_MSG(same_items(r->x.dtype, out2.p, want->mean.p, r->outputs), "var's mean %s%s",
              pn_active->name, r->text);
    block_free(&out);
    block_free(&out2);
  }
}

static void test_sums(const reduction *r) {
  size_t bytes = (size_t)r->outputs * dtype_size(r->x.dtype);
  results want = {block_new(bytes), block_new(bytes), block_new(bytes), block_new(0)};
  double *x = malloc((size_t)(r->count + 1) * sizeof(double)), correction = (double)case_pick(3);
  for (int64_t o = 0; o < r->outputs; o++) {
    double sum, mean, var;
    sequence(r, o, x);
    expected_of(r, x, correction, &sum, &mean, &var);
    if (o < 8) check_near(r, x, sum);
    item_set(r->x.dtype, want.sum.p, o, sum);
    item_set(r->x.dtype, want.mean.p, o, mean);
    item_set(r->x.dtype, want.var.p, o, var);
  }
  check_sums(r, correction, &want);
  block_free(&want.sum);
  block_free(&want.mean);
  block_free(&want.var);
  block_free(&want.mean2);
  free(x);
}

/* max(a, b): NaN wins, +0 > -0. */
static bool wins(bool min, double x, double best) {
  if (isnan(x) || isnan(best)) return isnan(x) && !isnan(best);
  if (x == best) return min ? signbit(x) && !signbit(best) : !signbit(x) && signbit(best);
  return min ? x < best : x > best;
}

static void expected_extreme(const reduction *r, bool min, void *value, int64_t *index) {
  double *x = malloc((size_t)(r->count + 1) * sizeof(double));
  for (int64_t o = 0; o < r->outputs; o++) {
    sequence(r, o, x);
    double best = x[0];
    for (int64_t i = 1; i < r->count; i++)
      if (wins(min, x[i], best)) best = x[i];
    int64_t at = 0;
    while (isnan(best) ? !isnan(x[at]) : x[at] != best) at++;
    item_set(r->x.dtype, value, o, best);
    index[o] = at;
  }
  free(x);
}

static void test_extremes(const reduction *r, bool min) {
  size_t bytes = (size_t)r->outputs * dtype_size(r->x.dtype), wide = (size_t)r->outputs * 8;
  block value = block_new(bytes), index = block_new(wide);
  uint32_t flags = min ? PN_RED_MIN : 0;
  expected_extreme(r, min, value.p, index.p);
  for (int level = 0; level < pn_level_count(); level++) {
    if (!use_level(level)) continue;
    block out = block_new(bytes), at = block_new(wide);
    run(r, &pn_row_extreme, flags, 0, out.p, NULL);
    CHECK_MSG(same_items(r->x.dtype, out.p, value.p, r->outputs), "extreme %s%s", pn_active->name,
              r->text);
    run(r, &pn_row_extreme, flags, 0, NULL, at.p);
    CHECK_MSG(memcmp(at.p, index.p, wide) == 0, "argextreme %s%s", pn_active->name, r->text);
    memset(at.p, 0xEE, wide);
    memset(out.p, 0xEE, bytes);
    run(r, &pn_row_extreme, flags, 0, out.p, at.p);
    CHECK_MSG(
        same_items(r->x.dtype, out.p, value.p, r->outputs) && memcmp(at.p, index.p, wide) == 0,
        "extreme with index %s dtype %d%s", pn_active->name, r->x.dtype, r->text);
    block_free(&out);
    block_free(&at);
  }
  block_free(&value);
  block_free(&index);
}

static void test_integer_sum(const reduction *r) {
  size_t bytes = (size_t)r->outputs * 8;
  block want = block_new(bytes);
  for (int64_t o = 0; o < r->outputs; o++) {
    int64_t s = 0;
    for (int64_t i = 0; i < r->count; i++)
      s += (int64_t)tensor_get(&r->x, r->source[o * r->count + i]);
    ((int64_t *)want.p)[o] = s;
  }
  for (int level = 0; level < pn_level_count(); level++) {
    if (!use_level(level)) continue;
    block out = block_new(bytes);
    run(r, &pn_row_sum, 0, 0, out.p, NULL);
    CHECK_MSG(memcmp(out.p, want.p, bytes) == 0, "integer sum %s dtype %d%s", pn_active->name,
              r->x.dtype, r->text);
    block_free(&out);
  }
  block_free(&want);
}

/* Few values, so that there are ties; both zeros, both infinities, NaN. */
static double value_special(void) {
  static const double values[] = {0.0, -0.0, 1, 2, -1, -0.0, 0.5, 2, 1, -2, 0.0, -3};
  int64_t k = case_pick(4000);
  if (k == 0) return NAN;
  if (k == 1) return INFINITY;
  if (k == 2) return -INFINITY;
  return values[k % 12];
}
static double value_zero(void) { return case_pick(2) ? 0.0 : -0.0; }
static double value_integer(void) { return (double)(case_pick(201) - 100); }

static void test_case(int dtype, int ndim, const int64_t *shape, int style, uint32_t axes) {
  static double (*const fills[])(void) = {case_real, case_real, value_special, value_zero};
  bool is_real = dtype == PN_F32 || dtype == PN_F64;
  tensor x = tensor_new(dtype, ndim, shape, style);
  tensor_fill(&x, is_real ? fills[case_pick(4)] : value_integer);
  reduction r = reduction_new(x, axes);
  if (is_real)
    test_sums(&r);
  else
    test_integer_sum(&r);
  if (r.count > 0) test_extremes(&r, case_pick(2));
  reduction_free(&r);
}

/* Around every boundary of lanes, accumulators and chunks, in one dimension,
 * along rows and along columns. */
static void test_boundaries(void) {
  static const int64_t sizes[] = {
      0,   1,   2,   3,   4,   5,   7,   8,   9,   15,   16,   17,   31,   33,   63,   64,   65,
      127, 128, 129, 255, 256, 257, 513, 767, 769, 1025, 4095, 4096, 4097, 8191, 8192, 8193, 12289};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
    for (int dtype = PN_F32; dtype <= PN_F64; dtype++)
      for (int style = 0; style < 3; style++) {
        int64_t rows[2] = {1 + case_pick(3), sizes[i]}, cols[2] = {sizes[i], 1 + case_pick(40)};
        test_case(dtype, 2, rows, style, 2);
        test_case(dtype, 2, cols, style, 1);
        test_case(dtype, 2, cols, style, 3);
      }
}

/* Few outputs over many elements: the phases that combine chunks. */
static void test_split(void) {
  static const int64_t shapes[][3] = {{1, 1, 70000}, {70000, 1, 1}, {3, 40000, 1}, {20000, 1, 7},
                                      {30, 40, 100}, {300, 2, 300}, {9000, 1, 40}, {2, 700, 300}};
  static const uint32_t axes[] = {7, 7, 2, 1, 7, 5, 1, 3};
  for (int i = 0; i < 8; i++)
    for (int dtype = PN_F32; dtype <= PN_F64; dtype++)
      for (int style = 0; style < 2; style++) test_case(dtype, 3, shapes[i], style, axes[i]);
  for (int i = 0; i < 8; i++) test_case(PN_I64 + i % 5, 3, shapes[i], i % 3, axes[i]);
}

static void test_random(void) {
  for (int i = 0; i < 400; i++) {
    static const int dtypes[] = {PN_F32, PN_F64, PN_F32, PN_F64, PN_I64,
                                 PN_I32, PN_I8,  PN_U8,  PN_BOOL};
    int ndim = (int)case_pick(7);
    int64_t shape[PN_MAX_DIMS], size = 1;
    for (int d = 0; d < ndim; d++) {
      int64_t most = pn_max64(30000 / size, 1);
      shape[d] = case_pick(40) == 0 ? 0 : 1 + case_pick(pn_min64(most, case_pick(4) ? 12 : 700));
      size *= pn_max64(shape[d], 1);
    }
    test_case(dtypes[case_pick(9)], ndim, shape, (int)case_pick(3), case_random() & 255);
  }
}

/* An empty sum is +0, a mean or variance of nothing NaN, as is one of one
 * element with correction 1. */
static void test_empty(void) {
  int64_t empty[2] = {3, 0}, one[1] = {1};
  double out[3] = {5, 5, 5}, mean[3];
  reduction r = reduction_new(tensor_new(PN_F64, 2, empty, 0), 2);
  reduction s = reduction_new(tensor_new(PN_F64, 1, one, 0), 1);
  tensor_fill(&s.x, case_real);
  for (int level = 0; level < pn_level_count(); level++) {
    if (!use_level(level)) continue;
    run(&r, &pn_row_sum, 0, 0, out, NULL);
    CHECK(out[0] == 0 && out[2] == 0 && !signbit(out[0]));
    run(&r, &pn_row_sum, PN_RED_MEAN, 0, out, NULL);
    CHECK(isnan(out[0]));
    run(&s, &pn_row_var, 0, 1, out, mean);
    CHECK(isnan(out[0]) && mean[0] == tensor_get(&s.x, 0));
  }
  reduction_free(&r);
  reduction_free(&s);
}

void suite_reduce(void) {
  case_seed(1);
  test_empty();
  test_boundaries();
  test_split();
  test_random();
  pn_select_level(NULL);
}

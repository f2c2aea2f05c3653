/* uniform and normal: every element against Philox words by the formula, the
 * same bits on every level and however the draw is divided, the generator's
 * offset, and the distribution's moments and tails. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/random.h"
#include "simd/philox.h"
#include "tests/kernel_case.h"
#include "tests/test.h"

static void draw(const pn_row *row, int dtype, void *out, int64_t n, double f0, double f1,
                 uint64_t *state) {
  pn_args a = {.p = {out, state}, .n = {n}, .f = {f0, f1}, .dtype = (uint32_t)dtype};
  run_row(row, &a, 0, 0);
}

static int per_block(int dtype) { return dtype == PN_F64 ? 2 : 4; }

static void words_of(int dtype, const uint64_t *state, int64_t i, uint32_t w[4]) {
  pn_philox4x32(state[0], state[1] + (uint64_t)(i / per_block(dtype)), w);
}

static double uniform_at(int dtype, const uint64_t *state, int64_t i) {
  uint32_t w[4];
  words_of(dtype, state, i, w);
  if (dtype == PN_F32) return (double)(w[i % 4] >> 8) / 16777216.0;
  return ((double)(w[i % 2 * 2] >> 5) * 67108864.0 + (w[i % 2 * 2 + 1] >> 6)) / 9007199254740992.0;
}

/* The Box-Muller formula in long double, straight from the words. */
static long double normal_at(int dtype, const uint64_t *state, int64_t i) {
  const long double pi = 3.14159265358979323846264338327950288L;
  uint32_t w[4];
  long double u, angle;
  words_of(dtype, state, i, w);
  if (dtype == PN_F32) {
    uint32_t b = w[i % 4 / 2 * 2 + 1];
    u = (float)((double)(float)(w[i % 4 / 2 * 2] >> 1) / 2147483648.0 + 0x1p-32);
    angle = (b >> 30) + (int32_t)(b << 2) / 4294967296.0L;
  } else {
    uint64_t a = w[0] | (uint64_t)w[1] << 32, b = w[2] | (uint64_t)w[3] << 32;
    u = (long double)(double)(a >> 1) / 9223372036854775808.0L + 0x1p-64L;
    angle = (b >> 62) + (int64_t)(b << 2) / 18446744073709551616.0L;
  }
  long double r = sqrtl(-2 * logl(u));
  return r * (i % 2 ? sinl(angle * pi / 2) : cosl(angle * pi / 2));
}

static void check_elements(int dtype, const uint64_t *state, const void *u, const void *z,
                           int64_t n) {
  double eps = dtype == PN_F64 ? DBL_EPSILON : FLT_EPSILON;
  for (int64_t i = 0; i < n; i++) {
    CHECK(item_get(dtype, u, i) == uniform_at(dtype, state, i));
    long double want = normal_at(dtype, state, i);
    CHECK_MSG(fabsl(want - item_get(dtype, z, i)) <= 8 * eps * fmaxl(1, fabsl(want)),
              "element %d: %g not %Lg", (int)i, item_get(dtype, z, i), want);
  }
}

static void test_size(int dtype, int64_t n) {
  const uint64_t start[2] = {case_random() * 0x100000001ull, 0xFFFFFFF0u + case_random()};
  size_t bytes = (size_t)n * dtype_size(dtype);
  block u = block_new(bytes), z = block_new(bytes), out = block_new(bytes);
  bool first = true;
  for (int level = 0; level < pn_level_count(); level++) {
    if (!use_level(level)) continue;
    for (int k = 0; k < 2; k++) {
      uint64_t state[2] = {start[0], start[1]};
      draw(k ? &pn_row_normal : &pn_row_uniform, dtype, out.p, n, 0, 1, state);
      CHECK(state[0] == start[0]);
      CHECK(state[1] == start[1] + (uint64_t)pn_ceil_div(n, per_block(dtype)));
      if (first) memcpy(k ? z.p : u.p, out.p, bytes);
      CHECK_MSG(memcmp(out.p, k ? z.p : u.p, bytes) == 0, "%s %d", pn_active->name, (int)n);
    }
    first = false;
  }
  check_elements(dtype, start, u.p, z.p, n);
  block_free(&u);
  block_free(&z);
  block_free(&out);
}

/* low + u * (high - low) and mean + std * z, each operation rounded. */
static void test_constants(int dtype) {
  enum { N = 777 };
  uint64_t state[2] = {5, 0};
  block plain = block_new(N * dtype_size(dtype)), moved = block_new(N * dtype_size(dtype));
  for (int k = 0; k < 2; k++) {
    const pn_row *row = k ? &pn_row_normal : &pn_row_uniform;
    state[1] = 7;
    draw(row, dtype, plain.p, N, 0, 1, state);
    state[1] = 7;
    draw(row, dtype, moved.p, N, -2, k ? 3 : 1, state);
    for (int64_t i = 0; i < N; i++) {
      double x = item_get(dtype, plain.p, i) * 3;
      if (dtype == PN_F32) x = (float)x;
      x = -2 + x;
      CHECK(item_get(dtype, moved.p, i) == (dtype == PN_F32 ? (double)(float)x : x));
    }
  }
  block_free(&plain);
  block_free(&moved);
}

/* Moments within five standard errors, and a Kolmogorov-Smirnov distance. */
static void check_moments(const double *x, int64_t n, bool is_normal) {
  double m1 = 0, m2 = 0, m4 = 0, far = 0, count = (double)n;
  double mean = is_normal ? 0 : 0.5, var = is_normal ? 1 : 1.0 / 12,
         fourth = is_normal ? 3 : 0.0125;
  int64_t bins[64] = {0}, seen = 0;
  for (int64_t i = 0; i < n; i++) {
    double d = x[i] - mean, p = is_normal ? 0.5 * erfc(-x[i] / sqrt(2)) : x[i];
    m1 += d;
    m2 += d * d;
    m4 += d * d * d * d;
    bins[(int)fmin(p * 64, 63)]++;
  }
  for (int k = 0; k < 64; k++) {
    seen += bins[k];
    far = fmax(far, fabs((double)seen / count - (k + 1) / 64.0));
  }
  CHECK_MSG(fabs(m1 / count) < 5 * sqrt(var / count), "mean %g", m1 / count);
  CHECK_MSG(fabs(m2 / count - var) < 5 * sqrt((fourth - var * var) / count), "variance %g",
            m2 / count);
  CHECK_MSG(fabs(m4 / count - fourth) < 0.02 * fourth, "fourth moment %g", m4 / count);
  CHECK_MSG(far < 2 / sqrt(count), "distance %g", far);
}

static void test_distribution(int dtype) {
  enum { N = 1 << 20 };
  double *x = malloc(N * sizeof(double));
  void *raw = malloc(N * sizeof(double));
  for (int k = 0; k < 2; k++) {
    uint64_t state[2] = {2024, 0};
    draw(k ? &pn_row_normal : &pn_row_uniform, dtype, raw, N, 0, 1, state);
    double low = 9, high = -9;
    for (int64_t i = 0; i < N; i++) {
      x[i] = item_get(dtype, raw, i);
      low = fmin(low, x[i]);
      high = fmax(high, x[i]);
    }
    check_moments(x, N, k != 0);
    CHECK(k ? low < -4.3 && high > 4.3 : low >= 0 && low < 1e-5 && high < 1 && high > 1 - 1e-5);
  }
  free(x);
  free(raw);
}

void suite_random(void) {
  static const int64_t sizes[] = {0,   1,   2,   3,   4,    5,    7,    17,   127,
                                  128, 129, 255, 257, 1000, 4095, 4096, 4097, 10001};
  case_seed(6);
  for (int dtype = PN_F32; dtype <= PN_F64; dtype++) {
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) test_size(dtype, sizes[i]);
    test_constants(dtype);
    pn_select_level(NULL);
    test_distribution(dtype);
  }
}

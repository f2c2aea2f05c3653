/* The product family, on every level this machine can run, bit for bit against
 * the contract's order of operations (gemm_case.h).  One reference serves all
 * levels, so equal bits across levels, unit orders and drivers are implied. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/gemm_plan.h"
#include "runtime/runtime.h"
#include "tests/gemm_case.h"
#include "tests/test.h"

/* Emulators and sanitizers are 20 to 100 times slower. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(__aarch64__)
enum { THIN = 8 };
#else
enum { THIN = 1 };
#endif

static void on_all_levels(gemm_case *c) {
  gemm_case_open(c);
  const char *chosen = pn_active_level()->name;
  for (int i = 0; i < pn_level_count(); i++) {
    if (!pn_level_runnable(i)) continue;
    CHECK(pn_select_level(pn_level_name(i)) == PN_OK);
    gemm_case_check(c);
  }
  CHECK(pn_select_level(chosen) == PN_OK);
  gemm_case_close(c);
}

static gemm_case plain(int dtype, int64_t m, int64_t n, int64_t k) {
  return (gemm_case){.dtype = dtype, .m = m, .n = n, .k = k, .batch = 1, .alpha = 1};
}

/* Everything that does not change the cost, drawn at random. */
static gemm_case drawn(int dtype, int64_t m, int64_t n, int64_t k) {
  gemm_case c = plain(dtype, m, n, k);
  c.la = (layout)gemm_pick(LAY_COUNT);
  c.lb = (layout)gemm_pick(LAY_COUNT);
  c.c_pad = gemm_pick(4) == 0 ? -2 : gemm_pick(2) * 5;
  c.alpha = gemm_pick(3) == 0 ? -0.37 : 1;
  c.accumulate = gemm_pick(2);
  c.with_z = gemm_pick(3) == 0;
  c.bias = (int)gemm_pick(3);
  c.act = (int)gemm_pick(4);
  return c;
}

/* All pairs of sizes around every edge: tiles, vectors, K blocks, cache blocks. */
static void test_sizes(void) {
  static const int64_t size[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  13,  14,  15,  16,
                                 17, 31, 32, 33, 47, 48, 64, 65, 96, 97, 129, 167, 168, 169};
  static const int64_t depth[] = {
      0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 100, PN_KBLOCK - 1, PN_KBLOCK, PN_KBLOCK + 1};
  enum { SIZES = sizeof size / sizeof size[0], DEPTHS = sizeof depth / sizeof depth[0] };
  for (int i = 0; i < SIZES; i++)
    for (int j = 0; j < SIZES; j++) {
      if ((i + j) % THIN) continue;
      const int64_t k = depth[gemm_pick(DEPTHS)], other = size[gemm_pick(SIZES)];
      gemm_case mn = drawn((i + j) % 2 ? PN_F32 : PN_F64, size[i], size[j], k);
      on_all_levels(&mn);
      gemm_case mk = drawn((i + j) % 2 ? PN_F64 : PN_F32, size[i], other, depth[j % DEPTHS]);
      on_all_levels(&mk);
      gemm_case nk = drawn((i + j) % 2 ? PN_F32 : PN_F64, other, size[i], depth[j % DEPTHS]);
      on_all_levels(&nk);
    }
}

/* Every layout of A with every layout of B, where all drivers but the tiny one
 * can be reached. */
static void test_layouts(void) {
  for (int la = 0; la < LAY_COUNT; la++)
    for (int lb = 0; lb < LAY_COUNT; lb++) {
      if ((la + lb) % THIN) continue;
      gemm_case c = drawn(lb % 2 ? PN_F32 : PN_F64, 61 + gemm_pick(120), 100 + gemm_pick(80),
                          60 + gemm_pick(60));
      c.la = (layout)la;
      c.lb = (layout)lb;
      on_all_levels(&c);
    }
}

/* Several K blocks, with everything that may follow the sum. */
static void test_blocks(void) {
  static const int64_t depth[] = {PN_KBLOCK + 1, 2 * PN_KBLOCK - 1, 2 * PN_KBLOCK,
                                  2 * PN_KBLOCK + 1, 3 * PN_KBLOCK + 5};
  for (int i = 0; i < 60 / THIN; i++) {
    gemm_case c =
        drawn(i % 2 ? PN_F32 : PN_F64, 1 + gemm_pick(70), 1 + gemm_pick(90), depth[gemm_pick(5)]);
    on_all_levels(&c);
    c = drawn(i % 2 ? PN_F32 : PN_F64, 1 + gemm_pick(4), 1 + gemm_pick(400), depth[gemm_pick(5)]);
    on_all_levels(&c);
    c = drawn(i % 2 ? PN_F32 : PN_F64, 1 + gemm_pick(400), 1 + gemm_pick(4), depth[gemm_pick(5)]);
    on_all_levels(&c);
  }
}

static pn_gemm_cut cut_of(const gemm_case *c) {
  const pn_args a = gemm_case_record(c);
  pn_gemm_shape shape;
  pn_gemm_cut cut;
  pn_gemm_shape_of(&shape, a.n);
  pn_gemm_cut_of(&cut, &shape, &a, &pn_active->gemm[c->dtype == PN_F64]);
  return cut;
}

/* The shapes that reach each driver, and that they do. */
static void test_drivers(void) {
  gemm_case shared = drawn(PN_F32, 300, 530, PN_KBLOCK + 9);
  shared.lb = LAY_COLS;
  on_all_levels(&shared);
  CHECK(cut_of(&shared).kind == PN_GEMM_SHARED);
  gemm_case split = drawn(PN_F64, 21, 35, (PN_GEMM_SPLIT_BLOCKS + 4) * PN_KBLOCK - 3);
  on_all_levels(&split);
  CHECK(cut_of(&split).kind == PN_GEMM_SPLIT);
  gemm_case apart = drawn(PN_F32, 200, 300, PN_KBLOCK + 30);
  apart.la = LAY_COLS;
  apart.lb = LAY_COLS_PADDED;
  apart.accumulate = true;
  on_all_levels(&apart);
  CHECK(cut_of(&apart).pack_a);
  gemm_case none = plain(PN_F32, 12, 20, 9);
  on_all_levels(&none);
  CHECK(cut_of(&none).kind == PN_GEMM_DIRECT && cut_of(&none).um * cut_of(&none).un == 1);
}

static void test_dot(void) {
  static const int64_t depth[] = {
      PN_KBLOCK - 1, PN_KBLOCK,         PN_KBLOCK + 1,
      1000,          PN_CHUNK - 1,      PN_CHUNK,
      PN_CHUNK + 1,  3 * PN_CHUNK + 77, (PN_GEMM_SPLIT_CHUNKS + 9) * PN_CHUNK + 1};
  for (int i = 0; i < 9; i++)
    for (int dtype = PN_F32; dtype <= PN_F64; dtype++) {
      gemm_case c = drawn(dtype, 1, 1, depth[i]);
      c.la = i % 2 ? LAY_ROWS : LAY_COLS_BACK;
      c.lb = i % 2 ? LAY_COLS : LAY_ROWS_PADDED;
      c.batch = 1 + i % 3;
      on_all_levels(&c);
    }
}

static void test_batch(void) {
  static const int64_t shape[][3] = {{4, 4, 4},    {1, 8, 16},     {16, 1, 16},   {33, 17, 5},
                                     {70, 64, 64}, {200, 130, 90}, {40, 40, 3000}};
  for (int i = 0; i < 7; i++)
    for (int j = 0; j < 4; j++) {
      gemm_case c = drawn(j % 2 ? PN_F32 : PN_F64, shape[i][0], shape[i][1], shape[i][2]);
      c.batch = 2 + gemm_pick(i < 4 ? 20 : 3);
      c.a_broadcast = j == 1;
      c.b_broadcast = j == 2;
      on_all_levels(&c);
    }
}

/* Two batch dimensions, one of them expanded in each operand: the block. */
static void test_batch_block(void) {
  gemm_case c = plain(PN_F32, 5, 7, 11);
  c.batch = 6;
  gemm_case_open(&c);
  pn_gemm_batch outer = {.ndim = 2, .shape = {2, 3}};
  outer.stride_a[0] = c.a.bs;
  outer.stride_b[1] = c.b.bs;
  pn_args a = gemm_case_record(&c);
  a.block = &outer;
  pn_work w;
  pn_row_gemm_pack.plan(&pn_row_gemm_pack, &a, 1, &w);
  CHECK(w.units == 6);
  pn_active->fn[PN_K_gemm][PN_F32](&a, 0, w.units, NULL);
  for (int64_t q = 0; q < 6; q++)
    for (int64_t i = 0; i < c.m; i++)
      for (int64_t j = 0; j < c.n; j++) {
        float s = 0;
        for (int64_t k = 0; k < c.k; k++)
          s = fmaf((float)operand_get(&c.a, q / 3, i, k), (float)operand_get(&c.b, q % 3, k, j), s);
        CHECK((float)operand_get(&c.c, q, i, j) == s);
      }
  gemm_case_close(&c);
}

/* Row i of a batch has the bits of row i alone, whatever driver each takes;
 * so have columns (a product of one output is a reduction beyond a K block). */
static void test_row_alone(void) {
  static const int64_t depth[] = {5, 64, PN_KBLOCK, PN_KBLOCK + 3, 12 * PN_KBLOCK};
  for (int i = 0; i < 5; i++) {
    gemm_case c = plain(i % 2 ? PN_F64 : PN_F32, 37, 29 + gemm_pick(40), depth[i]);
    gemm_case_open(&c);
    pn_args all = gemm_case_record(&c), one = all;
    one.n[PN_GEMM_M] = 1;
    CHECK(pn_gemm_workspace(&one) == 0 || i == 4);
    gemm_case row = c;
    for (int64_t r = 0; r < c.m; r += 1 + gemm_pick(9)) {
      row.m = 1;
      row.a.base = c.a.base + r * c.a.rs * (c.dtype == PN_F64 ? 8 : 4);
      row.want = c.want + r * c.n;
      row.c.rows = 1;
      row.c.span = c.n;
      row.c.low = row.c.base = c.c.base + r * c.c.rs * (c.dtype == PN_F64 ? 8 : 4);
      gemm_case_check(&row);
    }
    gemm_case_close(&c);
  }
}

/* K = 0 gives +0; without accumulation the old C is not read; NaN and infinity
 * in one row or column stay there. */
static void test_special(void) {
  gemm_case c = plain(PN_F32, 9, 21, 0);
  gemm_case_open(&c);
  for (int64_t e = 0; e < 9 * 21; e++) CHECK(c.want[e] == 0 && !signbit(c.want[e]));
  gemm_case_check(&c);
  gemm_case_close(&c);

  for (int dtype = PN_F32; dtype <= PN_F64; dtype++) {
    c = plain(dtype, 30, 50, 2 * PN_KBLOCK + 7);
    gemm_case_open(&c);
    const size_t bytes = (size_t)c.c.span * (dtype == PN_F64 ? 8 : 4);
    memset(c.before, 0xff, bytes); /* NaN of either type */
    gemm_case_check(&c);
    operand_set(&c.a, 0, 3, 400, NAN);
    operand_set(&c.a, 0, 5, 2, INFINITY);
    operand_set(&c.b, 0, 2, 7, INFINITY);
    operand_set(&c.b, 0, 9, 8, -INFINITY);
    gemm_case_refer(&c);
    gemm_case_check(&c);
    gemm_case_close(&c);
  }
}

/* Against exact arithmetic: integers whose sums are exact in any order, and
 * the error bound (K + 1) u sum |a b| for reals. */
static void test_accuracy(void) {
  for (int dtype = PN_F32; dtype <= PN_F64; dtype++) {
    gemm_case c = plain(dtype, 40, 50, 500);
    gemm_case_open(&c);
    const double u = dtype == PN_F64 ? DBL_EPSILON / 2 : FLT_EPSILON / 2;
    for (int64_t i = 0; i < c.m; i++)
      for (int64_t j = 0; j < c.n; j++) {
        long double s = 0, size = 0;
        for (int64_t k = 0; k < c.k; k++) {
          const long double x =
              (long double)operand_get(&c.a, 0, i, k) * operand_get(&c.b, 0, k, j);
          s += x;
          size += fabsl(x);
        }
        CHECK(fabsl(s - c.want[i * c.n + j]) <= (PN_KBLOCK + 2) * u * size);
      }
    for (int64_t k = 0; k < c.k; k++) {
      for (int64_t i = 0; i < c.m; i++) operand_set(&c.a, 0, i, k, (double)gemm_pick(15) - 7);
      for (int64_t j = 0; j < c.n; j++) operand_set(&c.b, 0, k, j, (double)gemm_pick(15) - 7);
    }
    for (int64_t i = 0; i < c.m; i++)
      for (int64_t j = 0; j < c.n; j++) {
        int64_t s = 0;
        for (int64_t k = 0; k < c.k; k++)
          s += (int64_t)operand_get(&c.a, 0, i, k) * (int64_t)operand_get(&c.b, 0, k, j);
        c.want[i * c.n + j] = (double)s;
      }
    gemm_case_check(&c);
    gemm_case_close(&c);
  }
}

void suite_gemm(void) {
  gemm_random_seed(2024);
  test_special();
  test_accuracy();
  test_drivers();
  test_layouts();
  test_blocks();
  test_dot();
  test_batch();
  test_batch_block();
  test_row_alone();
  test_sizes();
}

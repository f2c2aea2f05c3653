/* Running a case and comparing: see gemm_case.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/elementwise.h"
#include "runtime/runtime.h"
#include "tests/gemm_case.h"
#include "tests/guard.h"
#include "tests/test.h"

static size_t item_size(int dtype) { return dtype == PN_F64 ? 8 : 4; }

/* Units [0, units) in runs of random length, the runs in random order. */
static void run_shuffled(pn_kernel_fn fn, const pn_args *a, int64_t units, void *scratch) {
  int64_t starts[65], runs = 0;
  for (int64_t u = 0; u < units && runs < 64; u += 1 + gemm_pick(units)) starts[runs++] = u;
  starts[runs] = units;
  bool done[64] = {false};
  for (int64_t left = runs; left > 0; left--) {
    int64_t pick = gemm_pick(left), i = 0;
    for (; done[i] || pick > 0; i++) pick -= !done[i];
    done[i] = true;
    fn(a, starts[i], starts[i + 1], scratch);
  }
}

static void run_record(pn_args *a) {
  const pn_row *row = &pn_row_gemm_pack;
  char *work_map;
  size_t work_bytes;
  a->p[PN_GEMM_WORK] =
      guard_alloc((pn_gemm_workspace(a) + 63) / 64 * 64, true, &work_map, &work_bytes);
  for (int phase = 0; phase < row->phases; phase++) {
    pn_work w;
    row->plan(row, a, phase, &w);
    char *map;
    size_t bytes;
    void *scratch = guard_alloc((w.scratch + 63) / 64 * 64, true, &map, &bytes);
    run_shuffled(pn_active->fn[row->kernel[phase]][a->dtype], a, w.units, scratch);
    guard_free(map, bytes);
  }
  guard_free(work_map, work_bytes);
}

/* x[0..n) by the level's own elementwise operator. */
static void activate(int act, int dtype, void *x, int64_t n) {
  static const pn_kernel_id id[] = {
      [PN_ACT_RELU] = PN_K_relu, [PN_ACT_SIGMOID] = PN_K_sigmoid, [PN_ACT_TANH] = PN_K_tanh};
  pn_args a = {.p = {x, x}, .n = {1, n, n, 1, n, 1}, .dtype = (uint32_t)dtype};
  if (act != PN_ACT_NONE && n)
    pn_active->fn[id[act]][dtype](&a, 0, pn_ceil_div(n, PN_EW_CHUNK), NULL);
}

static bool same_bits(int dtype, const char *x, const char *y) {
  if (memcmp(x, y, item_size(dtype)) == 0) return true;
  if (dtype == PN_F64) return isnan(*(const double *)x) && isnan(*(const double *)y);
  return isnan(*(const float *)x) && isnan(*(const float *)y);
}

/* The whole of o's memory against `before` with the wanted values put in. */
static void compare(const gemm_case *c, const operand *o, const void *values, const void *before,
                    const char *name) {
  const size_t item = item_size(c->dtype);
  char *image = malloc((size_t)o->span * item + 1);
  memcpy(image, before, (size_t)o->span * item);
  operand expected = *o;
  expected.base = image + (o->base - o->low);
  for (int64_t e = 0; e < c->batch * c->m * c->n; e++) {
    const int64_t q = e / (c->m * c->n), i = e / c->n % c->m, j = e % c->n;
    memcpy(expected.base + (q * o->bs + i * o->rs + j) * (int64_t)item,
           (const char *)values + (size_t)e * item, item);
  }
  int64_t wrong = 0, first = -1;
  for (int64_t e = 0; e < o->span; e++)
    if (!same_bits(c->dtype, image + (size_t)e * item, o->low + (size_t)e * item)) {
      if (first < 0) first = e;
      wrong++;
    }
  char text[256];
  gemm_case_describe(c, text, sizeof text);
  CHECK_MSG(wrong == 0, "%s: %d of %d elements of %s differ, the first at %d", text, (int)wrong,
            (int)o->span, name, (int)first);
  free(image);
}

void gemm_case_check(gemm_case *c) {
  const size_t item = item_size(c->dtype), bytes = (size_t)c->c.span * item;
  const int64_t size = c->batch * c->m * c->n;
  memcpy(c->c.low, c->before, bytes);
  memcpy(c->z.low, c->before, bytes);
  pn_args a = gemm_case_record(c);
  run_record(&a);
  char *values = malloc((size_t)size * item + 1);
  for (int64_t e = 0; e < size; e++) {
    if (c->dtype == PN_F64)
      ((double *)values)[e] = c->want[e];
    else
      ((float *)values)[e] = (float)c->want[e];
  }
  if (c->with_z) compare(c, &c->z, values, c->before, "Z");
  activate(c->act, c->dtype, values, size);
  compare(c, &c->c, values, c->before, "C");
  free(values);
}

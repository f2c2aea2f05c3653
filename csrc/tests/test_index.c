/* index_select, gather, index_add and scatter_add of every dtype against loops
 * over single elements; negative and bad indices, strides, every level, random
 * pieces. */
#include <stdlib.h>
#include <string.h>

#include "kernels/index.h"
#include "tests/kernel_case.h"
#include "tests/test.h"

typedef struct indices {
  tensor t; /* int64 or int32 */
  bool wrap, bad;
} indices;

static int dtype_of(bool narrow) { return narrow ? PN_I32 : PN_I64; }

static indices indices_new(int ndim, const int64_t *shape, int64_t extent, int style) {
  indices ix = {.wrap = case_pick(2) != 0, .bad = case_pick(4) == 0 || extent == 0};
  ix.t = tensor_new(dtype_of(case_pick(2)), ndim, shape, style);
  int64_t n = (int64_t)(ix.t.memory.bytes / dtype_size(ix.t.dtype));
  for (int64_t i = 0; i < n; i++) {
    int64_t v = extent ? case_pick(extent) : 0;
    if (ix.wrap && extent && case_pick(3) == 0) v -= extent;
    if (ix.bad && case_pick(5) == 0) v = case_pick(2) ? extent + case_pick(3) : -extent - 1;
    item_set(ix.t.dtype, ix.t.memory.p, i, (double)v);
  }
  return ix;
}

/* The element index i names, or -1. */
static int64_t resolve(const indices *ix, int64_t i, int64_t extent) {
  int64_t v = (int64_t)tensor_get(&ix->t, i);
  if (ix->wrap && v < 0) v += extent;
  return v >= 0 && v < extent ? v : -1;
}

static uint32_t flags_of(const indices *ix) {
  return (ix->t.dtype == PN_I32 ? PN_INDEX_32 : 0) | (ix->wrap ? PN_INDEX_WRAP : 0);
}

static bool any_bad(const indices *ix, int64_t extent) {
  for (int64_t i = 0; i < ix->t.size; i++)
    if (resolve(ix, i, extent) < 0) return true;
  return false;
}

static void check_status(const indices *ix, const int64_t *status, int64_t extent, bool ran) {
  CHECK(status[0] == (ran && any_bad(ix, extent)));
  if (!status[0]) return;
  bool found = false;
  for (int64_t i = 0; i < ix->t.size; i++)
    found |= resolve(ix, i, extent) < 0 && (int64_t)tensor_get(&ix->t, i) == status[1];
  CHECK(found && status[2] == extent);
}

static double value_integer(void) { return (double)(case_pick(201) - 100); }

static const int dtypes[] = {PN_F32, PN_F64, PN_I64, PN_I32, PN_I8, PN_U8, PN_BOOL};
static int pick_dtype(void) { return dtypes[case_pick(7)]; }

/* Runs on every level and compares the memory of out with what is wanted. */
static void check_levels(const pn_row *row, pn_args *a, const indices *ix, int64_t extent,
                         const tensor *out, const void *before, const void *want, bool ran) {
  for (int level = 0; level < pn_level_count(); level++) {
    if (!use_level(level)) continue;
    int64_t status[3] = {0};
    memcpy(out->memory.p, before, out->memory.bytes);
    a->p[PN_IX_OUT] = out->p;
    a->p[PN_IX_INDEX] = ix->t.p;
    a->p[PN_IX_STATUS] = status;
    a->flags = flags_of(ix);
    run_row(row, a, 0, 0);
    CHECK_MSG(memcmp(out->memory.p, want, out->memory.bytes) == 0, "%s %s dtype %d", row->name,
              pn_active->name, out->dtype);
    check_status(ix, status, extent, ran);
  }
}

static double add(int dtype, double a, double b) {
  if (dtype == PN_BOOL) return a != 0 || b != 0;
  return a + b;
}

static void set_strides(pn_args *a, int where, const tensor *t) {
  for (int d = 0; d < 3; d++) a->n[where + d] = t->stride[d];
}

static void test_select(int64_t outer, int64_t extent, int64_t count, int64_t inner) {
  int64_t from[3] = {outer, extent, inner}, to[3] = {outer, count, inner};
  int dtype = pick_dtype();
  tensor x = tensor_new(dtype, 3, from, (int)case_pick(3)), out = tensor_new(dtype, 3, to, 0);
  indices ix = indices_new(1, &count, extent, (int)case_pick(2));
  tensor_fill(&x, value_integer);
  char *before = malloc(out.memory.bytes + 1), *want = malloc(out.memory.bytes + 1);
  memset(before, 3, out.memory.bytes + 1);
  for (int64_t e = 0; e < out.size; e++) {
    int64_t o = e / (count * inner), i = e / inner % count, c = e % inner;
    int64_t at = pn_max64(resolve(&ix, i, extent), 0);
    item_set(dtype, want, e, extent ? tensor_get(&x, (o * extent + at) * inner + c) : 0);
  }
  pn_args a = {.dtype = (uint32_t)dtype, .n = {outer, extent, count, inner, ix.t.stride[0]}};
  set_strides(&a, PN_IX_STRIDE_X, &x);
  a.p[PN_IX_X] = x.p;
  check_levels(&pn_row_index_select, &a, &ix, extent, &out, before, want, out.size > 0);
  free(before);
  free(want);
  tensor_free(&x);
  tensor_free(&out);
  tensor_free(&ix.t);
}

static void test_add(int64_t outer, int64_t extent, int64_t count, int64_t inner) {
  int64_t to[3] = {outer, extent, inner}, from[3] = {outer, count, inner};
  int dtype = pick_dtype();
  tensor src = tensor_new(dtype, 3, from, (int)case_pick(3)), out = tensor_new(dtype, 3, to, 0);
  indices ix = indices_new(1, &count, extent, (int)case_pick(2));
  tensor_fill(&src, value_integer);
  tensor_fill(&out, value_integer);
  char *before = malloc(out.memory.bytes + 1), *want = malloc(out.memory.bytes + 1);
  memcpy(before, out.memory.p, out.memory.bytes);
  memcpy(want, before, out.memory.bytes);
  for (int64_t e = 0; e < src.size; e++) {
    int64_t o = e / (count * inner), i = e / inner % count, c = e % inner;
    int64_t at = resolve(&ix, i, extent), k = (o * extent + at) * inner + c;
    if (at >= 0)
      item_set(dtype, want, k, add(dtype, item_get(dtype, want, k), tensor_get(&src, e)));
  }
  pn_args a = {.dtype = (uint32_t)dtype, .n = {outer, extent, count, inner, ix.t.stride[0]}};
  set_strides(&a, PN_IX_STRIDE_X, &src);
  set_strides(&a, PN_IX_STRIDE_OUT, &out);
  a.p[PN_IX_X] = src.p;
  check_levels(&pn_row_index_add, &a, &ix, extent, &out, before, want, src.size > 0);
  free(before);
  free(want);
  tensor_free(&src);
  tensor_free(&out);
  tensor_free(&ix.t);
}

/* Coordinates of element e of shape, as a C-order index into `other`, with the
 * coordinate along the axis replaced by at (unless at < 0). */
static int64_t moved(int ndim, const int64_t *shape, const int64_t *other, int64_t e, int axis,
                     int64_t at) {
  int64_t index = 0, scale = 1;
  for (int d = ndim - 1; d >= 0; d--) {
    int64_t c = d == axis && at >= 0 ? at : e % shape[d];
    index += c * scale;
    scale *= other[d];
    e /= shape[d];
  }
  return index;
}

static void test_gather(int ndim, const int64_t *shape, const int64_t *other, int axis) {
  int dtype = pick_dtype();
  int64_t extent = other[axis];
  tensor x = tensor_new(dtype, ndim, other, (int)case_pick(3));
  tensor out = tensor_new(dtype, ndim, shape, 0);
  indices ix = indices_new(ndim, shape, extent, (int)case_pick(3));
  tensor_fill(&x, value_integer);
  char *before = calloc(out.memory.bytes + 1, 1), *want = malloc(out.memory.bytes + 1);
  for (int64_t e = 0; e < out.size; e++) {
    int64_t at = pn_max64(resolve(&ix, e, extent), 0);
    double v = extent ? tensor_get(&x, moved(ndim, shape, other, e, axis, at)) : 0;
    item_set(dtype, want, e, v);
  }
  pn_args a = {.dtype = (uint32_t)dtype};
  pn_gather_record(&a, ndim, shape, x.stride, ix.t.stride, axis, extent);
  a.p[PN_IX_X] = x.p;
  check_levels(&pn_row_gather, &a, &ix, extent, &out, before, want, out.size > 0);
  free(before);
  free(want);
  tensor_free(&x);
  tensor_free(&out);
  tensor_free(&ix.t);
}

static void test_scatter(int ndim, const int64_t *shape, const int64_t *other, int axis) {
  int dtype = pick_dtype();
  int64_t extent = other[axis];
  tensor src = tensor_new(dtype, ndim, shape, (int)case_pick(3));
  tensor out = tensor_new(dtype, ndim, other, 0);
  indices ix = indices_new(ndim, shape, extent, (int)case_pick(3));
  tensor_fill(&src, value_integer);
  tensor_fill(&out, value_integer);
  char *before = malloc(out.memory.bytes + 1), *want = malloc(out.memory.bytes + 1);
  memcpy(before, out.memory.p, out.memory.bytes);
  memcpy(want, before, out.memory.bytes);
  for (int64_t e = 0; e < src.size; e++) {
    int64_t at = resolve(&ix, e, extent);
    if (at < 0) continue;
    int64_t k = moved(ndim, shape, other, e, axis, at);
    item_set(dtype, want, k, add(dtype, item_get(dtype, want, k), tensor_get(&src, e)));
  }
  pn_args a = {.dtype = (uint32_t)dtype};
  pn_scatter_lines lines;
  pn_scatter_record(&a, &lines, ndim, shape, out.stride, src.stride, ix.t.stride, axis, extent);
  a.p[PN_IX_X] = src.p;
  check_levels(&pn_row_scatter_add, &a, &ix, extent, &out, before, want, src.size > 0);
  free(before);
  free(want);
  tensor_free(&src);
  tensor_free(&out);
  tensor_free(&ix.t);
}

/* Additions to one output are ordered: their rounded sum is that of a loop. */
static void test_order(void) {
  enum { N = 3000, OUT = 5, INNER = 130 };
  static float src[N][INNER], want[OUT][INNER], out[OUT][INNER];
  static int64_t index[N];
  memset(want, 0, sizeof want);
  for (int i = 0; i < N; i++) {
    index[i] = case_pick(OUT);
    for (int c = 0; c < INNER; c++) {
      src[i][c] = (float)(case_real() / 3);
      want[index[i]][c] += src[i][c];
    }
  }
  for (int level = 0; level < pn_level_count(); level++) {
    if (!use_level(level)) continue;
    pn_args a = {.p = {out, src, index, NULL}, .dtype = PN_F32};
    a.n[PN_IX_OUTER] = 1;
    a.n[PN_IX_EXTENT] = OUT;
    a.n[PN_IX_COUNT] = N;
    a.n[PN_IX_INNER] = INNER;
    a.n[PN_IX_STRIDE_INDEX] = 1;
    a.n[PN_IX_STRIDE_X + 1] = a.n[PN_IX_STRIDE_OUT + 1] = INNER;
    a.n[PN_IX_STRIDE_X + 2] = a.n[PN_IX_STRIDE_OUT + 2] = 1;
    memset(out, 0, sizeof out);
    run_row(&pn_row_index_add, &a, 0, 0);
    CHECK_MSG(memcmp(out, want, sizeof out) == 0, "%s", pn_active->name);
  }
}

void suite_index(void) {
  case_seed(5);
  for (int i = 0; i < 200; i++) {
    int64_t outer = 1 + case_pick(4), inner = case_pick(3) ? 1 + case_pick(9) : case_pick(300);
    int64_t extent = case_pick(20) ? 1 + case_pick(12) : 0, count = case_pick(30);
    test_select(outer, extent, count, inner);
    test_add(outer, extent, count, inner);
  }
  for (int i = 0; i < 200; i++) {
    int ndim = 1 + (int)case_pick(4), axis = (int)case_pick(ndim);
    int64_t shape[PN_MAX_DIMS], other[PN_MAX_DIMS];
    for (int d = 0; d < ndim; d++) {
      shape[d] = case_pick(30) ? 1 + case_pick(case_pick(8) ? 6 : 90) : 0;
      other[d] = d == axis ? case_pick(9) : shape[d] + case_pick(3);
    }
    test_gather(ndim, shape, other, axis);
    test_scatter(ndim, shape, other, axis);
  }
  test_order();
  pn_select_level(NULL);
}

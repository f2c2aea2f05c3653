/* See kernel_case.h. */
#include "tests/kernel_case.h"

#include <stdlib.h>
#include <string.h>

#include "tests/guard.h"

static uint32_t state = 1;
void case_seed(uint32_t seed) { state = seed * 2 + 1; }
uint32_t case_random(void) {
  state = state * 1664525u + 1013904223u;
  return state >> 8;
}
int64_t case_pick(int64_t n) { return (int64_t)(case_random() % (uint32_t)n); }
double case_real(void) { return ((double)case_random() - 8388608.0) / 2097152.0; }

block block_new(size_t bytes) {
  block b = {.bytes = bytes};
  b.p = guard_alloc(bytes, case_pick(4) != 0, &b.map, &b.total);
  return b;
}
void block_free(block *b) { guard_free(b->map, b->total); }

size_t dtype_size(int dtype) {
  switch (dtype) {
    case PN_F64:
    case PN_I64:
      return 8;
    case PN_F32:
    case PN_I32:
      return 4;
    case PN_BF16:
    case PN_F16:
      return 2;
    default:
      return 1;
  }
}

double item_get(int dtype, const void *p, int64_t i) {
  switch (dtype) {
    case PN_F64:
      return ((const double *)p)[i];
    case PN_F32:
      return ((const float *)p)[i];
    case PN_I64:
      return (double)((const int64_t *)p)[i];
    case PN_I32:
      return ((const int32_t *)p)[i];
    case PN_I8:
      return ((const int8_t *)p)[i];
    default:
      return ((const uint8_t *)p)[i];
  }
}

void item_set(int dtype, void *p, int64_t i, double x) {
  switch (dtype) {
    case PN_F64:
      ((double *)p)[i] = x;
      break;
    case PN_F32:
      ((float *)p)[i] = (float)x;
      break;
    case PN_I64:
      ((int64_t *)p)[i] = (int64_t)x;
      break;
    case PN_I32:
      ((int32_t *)p)[i] = (int32_t)x;
      break;
    case PN_I8:
      ((int8_t *)p)[i] = (int8_t)(int64_t)x;
      break;
    case PN_BOOL:
      ((uint8_t *)p)[i] = x > 0;
      break;
    default:
      ((uint8_t *)p)[i] = (uint8_t)(int64_t)x;
      break;
  }
}

bool same_items(int dtype, const void *x, const void *y, int64_t n) {
  size_t item = dtype_size(dtype);
  for (int64_t i = 0; i < n; i++) {
    if (memcmp((const char *)x + (size_t)i * item, (const char *)y + (size_t)i * item, item) == 0)
      continue;
    double a = item_get(dtype, x, i), b = item_get(dtype, y, i);
    if (a == a || b == b) return false;
  }
  return true;
}

/* Strides of a permuted, padded block of memory, some dimensions reversed or
 * repeated; *first is the offset of element 0, the result the span. */
static int64_t wild_strides(tensor *t, int64_t *first) {
  int order[PN_MAX_DIMS];
  for (int i = 0; i < t->ndim; i++) order[i] = i;
  if (case_pick(2))
    for (int i = t->ndim - 1; i > 0; i--) {
      int j = (int)case_pick(i + 1), k = order[i];
      order[i] = order[j];
      order[j] = k;
    }
  int64_t stride = 1 + (case_pick(3) == 0), last = 0;
  *first = 0;
  for (int i = t->ndim - 1; i >= 0; i--) {
    int d = order[i];
    int64_t reach = (t->shape[d] - 1) * stride;
    t->stride[d] = stride;
    if (case_pick(8) == 0) {
      t->stride[d] = 0;
    } else if (case_pick(5) == 0) {
      t->stride[d] = -stride;
      *first += reach;
    }
    if (t->stride[d]) last += reach;
    stride *= t->shape[d] + (case_pick(3) == 0);
  }
  return last + 1;
}

tensor tensor_new(int dtype, int ndim, const int64_t *shape, int style) {
  tensor t = {.dtype = dtype, .ndim = ndim, .size = 1};
  for (int d = 0; d < ndim; d++) t.shape[d] = shape[d];
  for (int d = ndim - 1; d >= 0; d--) {
    t.stride[d] = t.size;
    t.size *= shape[d];
  }
  int64_t first = 0, span = t.size;
  if (style && t.size > 0) span = wild_strides(&t, &first);
  t.memory = block_new((size_t)span * dtype_size(dtype));
  t.p = (char *)t.memory.p + (size_t)first * dtype_size(dtype);
  return t;
}

void tensor_free(tensor *t) { block_free(&t->memory); }

int64_t tensor_offset(const tensor *t, int64_t index) {
  int64_t offset = 0;
  for (int d = t->ndim - 1; d >= 0; d--) {
    offset += index % t->shape[d] * t->stride[d];
    index /= t->shape[d];
  }
  return offset;
}

double tensor_get(const tensor *t, int64_t index) {
  return item_get(t->dtype, t->p, tensor_offset(t, index));
}

void tensor_fill(tensor *t, double (*value)(void)) {
  int64_t n = (int64_t)(t->memory.bytes / dtype_size(t->dtype));
  for (int64_t i = 0; i < n; i++) item_set(t->dtype, t->memory.p, i, value());
}

enum { PIECES = 40 };

/* [0, units) cut into pieces, the pieces in random order. */
static void run_pieces(pn_kernel_fn fn, const pn_args *a, int64_t units, void *scratch) {
  int64_t start[PIECES + 1], pieces = 0;
  bool single = units <= PIECES && case_pick(2);
  for (int64_t u = 0; u < units && pieces < PIECES; u += single ? 1 : 1 + case_pick(units))
    start[pieces++] = u;
  start[pieces] = units;
  for (int64_t left = pieces; left > 0; left--) {
    int64_t pick = case_pick(pieces);
    while (start[pick] < 0) pick = (pick + 1) % pieces;
    int64_t end = start[pick + 1];
    fn(a, start[pick], end < 0 ? -end - 1 : end, scratch);
    start[pick] = -start[pick] - 1;
  }
}

void run_row(const pn_row *row, pn_args *a, int work_pointer, size_t work_bytes) {
  block work = block_new((work_bytes + 15) / 16 * 16);
  if (work_bytes) a->p[work_pointer] = work.p;
  for (int phase = 0; phase < row->phases; phase++) {
    pn_work w = {0};
    row->plan(row, a, phase, &w);
    block scratch = block_new((w.scratch + 63) / 64 * 64);
    run_pieces(pn_active->fn[row->kernel[phase]][a->dtype], a, w.units, scratch.p);
    block_free(&scratch);
  }
  block_free(&work);
}

bool use_level(int i) { return pn_level_runnable(i) && pn_select_level(pn_level_name(i)) == PN_OK; }

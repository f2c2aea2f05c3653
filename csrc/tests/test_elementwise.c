/* Elementwise kernels and copies against plain C, bit for bit: every operator,
 * dtype and level, sizes around the vectors and the chunk, broadcasts, strides
 * of either sign, inline scalars, in place, in random pieces, between guard
 * pages, with what lies between the outputs untouched. */
#include <stdlib.h>
#include <string.h>

#include "kernels/elementwise.h"
#include "tests/ew_oracle.h"
#include "tests/kernel_case.h"
#include "tests/test.h"

/* An output: dense, or every other element of a larger block, some dimensions
 * backwards. */
static tensor output_new(int dtype, int ndim, const int64_t *shape, bool dense) {
  if (dense) return tensor_new(dtype, ndim, shape, 0);
  int64_t padded[PN_MAX_DIMS];
  for (int d = 0; d < ndim; d++) padded[d] = shape[d] * (d == ndim - 1 ? 2 : 1) + (d == 0);
  tensor t = tensor_new(dtype, ndim, padded, 0);
  t.size = 1;
  for (int d = 0; d < ndim; d++) {
    t.shape[d] = shape[d];
    t.size *= shape[d];
    if (d == ndim - 1) t.stride[d] = 2;
    if (case_pick(2) && shape[d] > 0) {
      t.p += (shape[d] - 1) * t.stride[d] * (int64_t)dtype_size(dtype);
      t.stride[d] = -t.stride[d];
    }
  }
  return t;
}

static void fill(tensor *t) {
  int64_t n = (int64_t)(t->memory.bytes / dtype_size(t->dtype));
  for (int64_t i = 0; i < n; i++) value_set(t->dtype, t->memory.p, i, value_draw(t->dtype));
}

/* The last two dimensions are rows and columns, the others the block. */
static void record(pn_args *a, pn_ew_outer *outer, int operands, const tensor *const *op) {
  int ndim = op[0]->ndim;
  a->n[PN_EW_COLS] = op[0]->shape[ndim - 1];
  a->n[PN_EW_ROWS] = ndim > 1 ? op[0]->shape[ndim - 2] : 1;
  outer->count = 1;
  outer->ndim = ndim - 2;
  for (int d = 0; d < ndim - 2; d++) outer->count *= outer->shape[d] = op[0]->shape[d];
  for (int k = 0; k < operands; k++) {
    a->p[k] = op[k]->p;
    a->n[PN_EW_STRIDE + 2 * k + 1] = op[k]->stride[ndim - 1];
    a->n[PN_EW_STRIDE + 2 * k] = ndim > 1 ? op[k]->stride[ndim - 2] : 0;
    for (int d = 0; d < ndim - 2; d++) outer->stride[k][d] = op[k]->stride[d];
  }
  a->block = ndim > 2 ? outer : NULL;
}

/* Makes operand k one value inside the record. */
static void make_scalar(pn_args *a, pn_ew_outer *outer, int k, const tensor *t) {
  a->p[k] = NULL;
  memcpy(&a->n[PN_EW_SCALAR + k], t->p, dtype_size(t->dtype));
  a->n[PN_EW_STRIDE + 2 * k] = a->n[PN_EW_STRIDE + 2 * k + 1] = 0;
  for (int d = 0; d < outer->ndim; d++) outer->stride[k][d] = 0;
}

typedef struct problem {
  const char *name;
  int dtype, operands;
  tensor t[PN_EW_OPERANDS];
  bool scalar[PN_EW_OPERANDS];
  double c[2];
  char *want; /* the output's whole memory as it should be */
} problem;

static value input(const problem *q, int k, int64_t i) {
  const tensor *t = &q->t[k];
  return value_get(t->dtype, t->p, q->scalar[k] ? 0 : tensor_offset(t, i));
}

/* in_place: the output is the first input. */
static void problem_new(problem *q, int ndim, const int64_t *shape, const int *dtypes, int style,
                        bool in_place) {
  for (int k = 1; k < q->operands; k++) {
    q->t[k] = tensor_new(dtypes[k], ndim, shape, k == 1 && in_place ? 0 : style);
    fill(&q->t[k]);
    q->scalar[k] = q->t[k].size > 0 && !in_place && case_pick(5) == 0;
  }
  q->t[0] = in_place ? q->t[1] : output_new(dtypes[0], ndim, shape, style == 0);
  if (!in_place) fill(&q->t[0]);
  q->want = malloc(q->t[0].memory.bytes + 1);
  memcpy(q->want, q->t[0].memory.p, q->t[0].memory.bytes);
}

static void want_set(problem *q, int64_t i, value v) {
  const tensor *t = &q->t[0];
  char *base = q->want + (t->p - (char *)t->memory.p);
  value_set(t->dtype, base, tensor_offset(t, i), v);
}

static void problem_run(problem *q, const pn_row *row, bool in_place) {
  const tensor *op[PN_EW_OPERANDS] = {&q->t[0], &q->t[1], &q->t[2], &q->t[3]};
  pn_ew_outer outer;
  pn_args a = {.f = {q->c[0], q->c[1]}, .dtype = (uint32_t)q->dtype};
  record(&a, &outer, q->operands, op);
  for (int k = 1; k < q->operands; k++)
    if (q->scalar[k]) make_scalar(&a, &outer, k, op[k]);
  run_row(row, &a, 0, 0);
  const tensor *t = op[0];
  CHECK_MSG(
      same_items(t->dtype, t->memory.p, q->want, (int64_t)(t->memory.bytes / dtype_size(t->dtype))),
      "%s, dtype %d on %s, %" PRId64 " x %" PRId64 "%s", row->name, q->dtype, pn_active->name,
      a.n[PN_EW_ROWS], a.n[PN_EW_COLS], in_place ? ", in place" : "");
  for (int k = in_place; k < q->operands; k++) tensor_free(&q->t[k]);
  free(q->want);
}

static void check_operator(const ew_case *e, int dtype, int ndim, const int64_t *shape, int style) {
  bool in_place = style == 0 && !e->writes_bool && case_pick(3) == 0;
  int out = e->writes_bool ? PN_BOOL : dtype;
  const int dtypes[] = {out, dtype, dtype, dtype};
  oracle_fn oracle = is_real(dtype) ? e->real : e->integer;
  problem q = {.dtype = dtype, .operands = e->inputs + 1};
  q.c[0] = (double)case_pick(5) - (is_real(dtype) ? 2.25 : 2);
  q.c[1] = q.c[0] + (double)case_pick(3);
  if (dtype == PN_U8 || dtype == PN_BOOL) q.c[0] = 0, q.c[1] = 1;
  problem_new(&q, ndim, shape, dtypes, style, in_place);
  if (e->row == &pn_row_pow && q.scalar[2] && case_pick(2))
    value_set(dtype, q.t[2].p, 0, (value){2, 2});
  for (int64_t i = 0; i < q.t[0].size; i++) {
    value x = input(&q, 1, i), y = e->inputs > 1 ? input(&q, 2, i) : x;
    want_set(&q, i, oracle(dtype, x, y, q.c));
  }
  problem_run(&q, e->row, in_place);
}

static void check_where(int dtype, int ndim, const int64_t *shape, int style) {
  const int dtypes[] = {dtype, PN_BOOL, dtype, dtype};
  problem q = {.dtype = dtype, .operands = 4};
  problem_new(&q, ndim, shape, dtypes, style, false);
  for (int64_t i = 0; i < q.t[0].size; i++)
    want_set(&q, i, input(&q, input(&q, 1, i).i ? 2 : 3, i));
  problem_run(&q, &pn_row_where, false);
}

static void check_copy(int dtype, int ndim, const int64_t *shape, int style) {
  const int dtypes[] = {dtype, dtype};
  problem q = {.dtype = dtype, .operands = 2};
  problem_new(&q, ndim, shape, dtypes, style, style == 0 && case_pick(4) == 0);
  bool in_place = q.t[0].p == q.t[1].p;
  for (int64_t i = 0; i < q.t[0].size; i++) want_set(&q, i, input(&q, 1, i));
  problem_run(&q, &pn_row_copy, in_place);
}

/* All operators on one geometry; the expensive long rows on a few dtypes only. */
static void check_geometry(int ndim, const int64_t *shape, int style) {
  int64_t size = 1;
  for (int d = 0; d < ndim; d++) size *= shape[d];
  for (int dtype = 0; dtype < PN_DTYPE_COUNT; dtype++) {
    if (size > 3000 && case_pick(4)) continue;
    for (int i = 0; i < ew_case_count; i++) {
      const ew_case *e = &ew_cases[i];
      bool has = pn_active->fn[e->row->kernel[0]][dtype] != NULL;
      oracle_fn oracle = dtype == PN_BF16 || dtype == PN_F16 ? NULL
                         : is_real(dtype)                    ? e->real
                                                             : e->integer;
      CHECK(has == (oracle != NULL));
      if (has && (size <= 3000 || case_pick(4) == 0)) check_operator(e, dtype, ndim, shape, style);
    }
    check_where(dtype, ndim, shape, style);
    check_copy(dtype, ndim, shape, style);
  }
}

static void check_level(void) {
  static const int64_t sizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 19, 31, 35, 66, 130, 258};
  static const int64_t chunks[] = {4095, 4096, 4097, 8193};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
    for (int style = 0; style < 2; style++) check_geometry(1, &sizes[i], style);
  for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
    int64_t shape[2] = {1 + case_pick(2), chunks[i]};
    check_geometry(2, shape, (int)(i & 1));
  }
  for (int round = 0; round < 12; round++) {
    int64_t shape[5], ndim = 2 + case_pick(4), most = ndim == 2 ? 40 : ndim == 3 ? 12 : 5;
    for (int d = 0; d < ndim; d++) shape[d] = case_pick(most + 1) + (round > 0);
    check_geometry((int)ndim, shape, round != 1);
  }
}

void suite_elementwise(void);
void suite_elementwise(void) {
  for (int level = 0; level < pn_level_count(); level++) {
    if (!use_level(level)) continue;
    case_seed(77);
    check_level();
  }
  pn_select_level(NULL);
}

/* SGD: PyTorch's formula, every operation rounded by itself, bit for bit, over
 * steps, options, segments of all sizes, levels and random pieces. */
#include <stdlib.h>
#include <string.h>

#include "kernels/optim.h"
#include "tests/kernel_case.h"
#include "tests/test.h"

enum { SEGMENTS = 9 };

typedef struct problem {
  int dtype;
  int64_t n[SEGMENTS];
  block p[SEGMENTS], g[SEGMENTS], b[SEGMENTS];
  double *want_p[SEGMENTS], *want_b[SEGMENTS];
  double options[2][PN_OPT_OPTIONS]; /* two parameter groups */
  double progress[SEGMENTS][PN_OPT_PROGRESS];
} problem;

static double rounded(int dtype, double x) { return dtype == PN_F64 ? x : (double)(float)x; }

/* One step of element i, in the type. */
static void step(problem *q, int s, int64_t i, bool first) {
  const double *c = q->options[s % 2];
  int t = q->dtype;
  double lr = rounded(t, c[PN_OPT_LR]), m = rounded(t, c[PN_SGD_MOMENTUM]);
  double keep = rounded(t, 1 - c[PN_SGD_DAMPENING]), decay = rounded(t, c[PN_OPT_DECAY]);
  double *p = q->want_p[s] + i, *b = q->want_b[s] + i, d = item_get(t, q->g[s].p, i);
  if (c[PN_OPT_MAXIMIZE] != 0) d = -d;
  if (decay != 0) d = rounded(t, d + rounded(t, decay * *p));
  if (m != 0) {
    *b = first ? d : rounded(t, rounded(t, m * *b) + rounded(t, keep * d));
    d = c[PN_SGD_NESTEROV] != 0 ? rounded(t, d + rounded(t, m * *b)) : *b;
  }
  *p = rounded(t, *p - rounded(t, lr * d));
}

static void fill(int dtype, block *b, int64_t n) {
  for (int64_t i = 0; i < n; i++) item_set(dtype, b->p, i, case_real());
}

static void problem_new(problem *q, int dtype) {
  static const int64_t sizes[] = {0, 1, 3, 4, 8, 16, 17, 100, 4096, 4097, 9000};
  memset(q, 0, sizeof *q);
  q->dtype = dtype;
  for (int s = 0; s < SEGMENTS; s++) {
    int64_t n = q->n[s] = sizes[case_pick(11)];
    size_t bytes = (size_t)n * dtype_size(dtype), wide = (size_t)(n + 1) * sizeof(double);
    q->p[s] = block_new(bytes);
    q->g[s] = block_new(bytes);
    q->b[s] = block_new(bytes);
    fill(dtype, &q->p[s], n);
    q->want_p[s] = malloc(wide);
    q->want_b[s] = calloc(wide, 1);
    for (int64_t i = 0; i < n; i++) q->want_p[s][i] = item_get(dtype, q->p[s].p, i);
  }
}

static void problem_free(problem *q) {
  for (int s = 0; s < SEGMENTS; s++) {
    block_free(&q->p[s]);
    block_free(&q->g[s]);
    block_free(&q->b[s]);
    free(q->want_p[s]);
    free(q->want_b[s]);
  }
}

static void check(const problem *q, int steps, const char *what) {
  int64_t wrong = 0;
  for (int s = 0; s < SEGMENTS; s++) {
    bool momentum = q->options[s % 2][PN_SGD_MOMENTUM] != 0;
    for (int64_t i = 0; i < q->n[s]; i++) {
      wrong += item_get(q->dtype, q->p[s].p, i) != q->want_p[s][i];
      if (momentum) wrong += item_get(q->dtype, q->b[s].p, i) != q->want_b[s][i];
    }
    if (momentum) CHECK(q->progress[s][PN_OPT_STEP] == steps);
  }
  CHECK_MSG(wrong == 0, "%s: %d elements differ", what, (int)wrong);
}

static void test_steps(int dtype, int options) {
  problem q;
  problem_new(&q, dtype);
  for (int k = 0; k < 2; k++) {
    double *c = q.options[k];
    c[PN_OPT_LR] = 0.1 + k;
    c[PN_OPT_DECAY] = options & 4 ? 0.01 : 0;
    c[PN_OPT_MAXIMIZE] = options >> 3 & 1;
    c[PN_SGD_MOMENTUM] = options & 1 ? 0.9 : 0;
    c[PN_SGD_DAMPENING] = options & 2 ? 0.3 : 0;
    c[PN_SGD_NESTEROV] = (options & 3) == 1 && k;
  }
  pn_optim_segment segments[SEGMENTS];
  for (int s = 0; s < SEGMENTS; s++) {
    bool buffer = options & 1 || options & 16;
    pn_optim_segment seg = {.param = q.p[s].p,
                            .grad = q.g[s].p,
                            .buffer = {buffer ? q.b[s].p : NULL},
                            .options = q.options[s % 2],
                            .progress = buffer ? q.progress[s] : NULL,
                            .n = q.n[s]};
    segments[s] = seg;
  }
  pn_args a = {.dtype = (uint32_t)dtype};
  pn_optim_record(&a, segments, SEGMENTS);
  for (int k = 0; k < 3; k++) {
    for (int s = 0; s < SEGMENTS; s++) {
      fill(dtype, &q.g[s], q.n[s]);
      for (int64_t i = 0; i < q.n[s]; i++) step(&q, s, i, k == 0);
    }
    run_row(&pn_row_sgd, &a, 0, 0);
    check(&q, k + 1, pn_active->name);
    q.options[0][PN_OPT_LR] *= 0.5; /* the same record, other scalars */
  }
  problem_free(&q);
}

/* ---- the other algorithms: the same bits on every level ---------------------------- */
static const pn_row *const others[] = {&pn_row_adam,    &pn_row_adamax,  &pn_row_nadam,
                                       &pn_row_radam,   &pn_row_rmsprop, &pn_row_adagrad,
                                       &pn_row_adadelta};

/* Options that mean something to each of them: betas, eps, the rest. */
static void set_options(double *c, int variant) {
  const double values[PN_OPT_OPTIONS] = {
      0.01, variant & 1 ? 0.1 : 0, variant >> 1 & 1, 0.9, 0.99, 1e-3, variant >> 2 & 1, 0.004};
  memcpy(c, values, sizeof values);
}

/* Three steps from the same start on the active level; the hash of all memory. */
static uint64_t hash_steps(const pn_row *row, int dtype, int variant) {
  static const int64_t sizes[] = {1, 5, 16, 33, 4097, 100};
  enum { COUNT = sizeof sizes / sizeof *sizes };
  double options[PN_OPT_OPTIONS], progress[COUNT][PN_OPT_PROGRESS];
  block memory[COUNT][2 + PN_OPT_BUFFERS];
  pn_optim_segment segments[COUNT];
  uint64_t h = 1469598103934665603u;
  case_seed(23);
  set_options(options, variant);
  for (int s = 0; s < COUNT; s++) {
    for (int k = 0; k < 2 + PN_OPT_BUFFERS; k++) {
      memory[s][k] = block_new((size_t)sizes[s] * dtype_size(dtype));
      memset(memory[s][k].p, 0, memory[s][k].bytes);
    }
    fill(dtype, &memory[s][0], sizes[s]);
    progress[s][PN_OPT_STEP] = 0;
    progress[s][PN_OPT_PRODUCT] = 1;
    segments[s] = (pn_optim_segment){.param = memory[s][0].p,
                                     .grad = memory[s][1].p,
                                     .options = options,
                                     .progress = progress[s],
                                     .n = sizes[s]};
    for (int k = 0; k < PN_OPT_BUFFERS; k++) segments[s].buffer[k] = memory[s][2 + k].p;
  }
  pn_args a = {.dtype = (uint32_t)dtype};
  pn_optim_record(&a, segments, COUNT);
  for (int step = 0; step < 3; step++) {
    for (int s = 0; s < COUNT; s++) fill(dtype, &memory[s][1], sizes[s]);
    run_row(row, &a, 0, 0);
  }
  for (int s = 0; s < COUNT; s++) {
    CHECK(progress[s][PN_OPT_STEP] == 3);
    CHECK(item_get(dtype, memory[s][0].p, 0) == item_get(dtype, memory[s][0].p, 0));
    for (int k = 0; k < 2 + PN_OPT_BUFFERS; k++) {
      const unsigned char *p = memory[s][k].p;
      for (size_t i = 0; i < memory[s][k].bytes; i++) h = (h ^ p[i]) * 1099511628211u;
      block_free(&memory[s][k]);
    }
  }
  return h;
}

static void test_others(void) {
  for (size_t r = 0; r < sizeof others / sizeof *others; r++)
    for (int dtype = PN_F32; dtype <= PN_F64; dtype++)
      for (int variant = 0; variant < 8; variant++) {
        uint64_t first = 0;
        bool any = false;
        for (int level = 0; level < pn_level_count(); level++) {
          if (!use_level(level)) continue;
          uint64_t h = hash_steps(others[r], dtype, variant);
          if (!any) first = h;
          any = true;
          CHECK_MSG(h == first, "%s, options %d, level %s", others[r]->name, variant,
                    pn_active->name);
        }
      }
}

void suite_optim(void) {
  case_seed(7);
  for (int level = 0; level < pn_level_count(); level++) {
    if (!use_level(level)) continue;
    for (int dtype = PN_F32; dtype <= PN_F64; dtype++)
      for (int options = 0; options < 32; options++) test_steps(dtype, options);
  }
  test_others();
  pn_select_level(NULL);
}

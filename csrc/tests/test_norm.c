/* Normalisation: kernels between guard pages give the same bits on every level
 * and in any pieces; first and second derivatives against differences. */
#include "kernels/norm.h"

#include "engine/ops.h"
#include "tests/engine_util.h"
#include "tests/kernel_case.h"

pn_status pn_op_layer_norm(pn_call *c);
pn_status pn_op_rms_norm(pn_call *c);
pn_status pn_op_group_norm(pn_call *c);
pn_status pn_op_batch_norm(pn_call *c);

/* ---- kernels ---------------------------------------------------------------------- */
enum { BLOCKS = 10 };

typedef struct problem {
  int dtype;
  int64_t n, c, s, groups;
  block m[BLOCKS]; /* x, w, b, g, then results: y, mean, rstd, dx, dw, db */
} problem;

static int64_t items(const problem *q, int which) {
  int64_t all = q->n * q->c * q->s;
  const int64_t count[BLOCKS] = {all, q->c, q->c, all, all, q->n * q->groups, q->n * q->groups,
                                 all, q->c, q->c};
  return count[which];
}

static problem problem_new(int dtype, int64_t n, int64_t c, int64_t s, int64_t groups) {
  problem q = {.dtype = dtype, .n = n, .c = c, .s = s, .groups = groups};
  for (int k = 0; k < BLOCKS; k++) {
    q.m[k] = block_new((size_t)items(&q, k) * dtype_size(dtype));
    for (int64_t i = 0; k < 4 && i < items(&q, k); i++)
      item_set(dtype, q.m[k].p, i, case_real() + 0.01 * (double)(i % 7));
  }
  return q;
}

static void record(const problem *q, pn_args *a, uint32_t flags) {
  memset(a, 0, sizeof *a);
  a->dtype = (uint32_t)q->dtype;
  a->flags = flags;
  a->n[PN_NORM_N] = q->n;
  a->n[PN_NORM_C] = q->c;
  a->n[PN_NORM_S] = q->s;
  a->n[PN_NORM_GROUPS] = q->groups;
  a->f[PN_NORM_EPS] = 1e-3;
  a->p[PN_NORM_X] = q->m[0].p;
  a->p[PN_NORM_WEIGHT] = q->m[1].p;
  a->p[PN_NORM_MEAN] = flags & PN_NORM_RMS ? NULL : q->m[5].p;
  a->p[PN_NORM_RSTD] = q->m[6].p;
}

/* All three kernels; the hash of all results. */
static uint64_t run_problem(const problem *q, uint32_t flags) {
  pn_args a;
  record(q, &a, flags);
  a.p[PN_NORM_BIAS] = q->m[2].p;
  a.p[PN_NORM_OUT] = q->m[4].p;
  run_row(&pn_row_group_norm, &a, 0, 0);
  record(q, &a, flags);
  a.p[PN_NORM_G] = q->m[3].p;
  a.p[PN_NORM_OUT] = q->m[7].p;
  run_row(&pn_row_group_norm_backward, &a, 0, 0);
  record(q, &a, flags);
  a.p[PN_NORM_G] = q->m[3].p;
  a.p[PN_NORM_DWEIGHT] = q->m[8].p;
  a.p[PN_NORM_DBIAS] = q->m[9].p;
  run_row(&pn_row_norm_sums, &a, PN_NORM_WORK, pn_norm_work(&a));
  uint64_t h = 1469598103934665603u;
  for (int k = 4; k < BLOCKS; k++) {
    if (k == 5 && flags & PN_NORM_RMS) continue;
    const unsigned char *p = q->m[k].p;
    for (size_t i = 0; i < q->m[k].bytes; i++) h = (h ^ p[i]) * 1099511628211u;
  }
  return h;
}

static void test_kernels(int dtype) {
  static const int64_t shapes[][4] = {
      {3, 5, 1, 1}, {2, 17, 1, 1}, {300, 9, 1, 1},  {2, 4100, 1, 1}, {600, 6, 1, 3},
      {2, 6, 5, 3}, {3, 4, 17, 2}, {1, 2, 4099, 1}, {2, 70, 1, 7},   {4, 3, 2, 3}};
  for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
    for (uint32_t flags = 0; flags <= PN_NORM_RMS; flags++) {
      const int64_t *s = shapes[k];
      problem q = problem_new(dtype, s[0], s[1], s[2], s[3]);
      uint64_t first = 0;
      bool any = false;
      for (int level = 0; level < pn_level_count(); level++) {
        if (!use_level(level)) continue;
        uint64_t h = run_problem(&q, flags);
        if (!any) first = h;
        any = true;
        CHECK_MSG(h == first, "level %s, shape %d, flags %u", pn_active->name, (int)k, flags);
      }
      for (int i = 0; i < BLOCKS; i++) block_free(&q.m[i]);
    }
  pn_select_level(NULL);
}

/* ---- derivatives ---------------------------------------------------------------------- */
static pn_tensor *call(pn_status (*op)(pn_call *), int nin, pn_tensor **in, int64_t i, int nf,
                       const double *f) {
  pn_call c = {.nin = nin, .in = in, .nints = 1, .i = &i, .nfloats = nf, .f = f};
  return op(&c) == PN_OK ? c.out[0] : NULL;
}
static const double eps[2] = {1e-3, 1e-3};

static pn_tensor *f_layer(pn_tensor **in) { return call(pn_op_layer_norm, 3, in, 1, 1, eps); }
static pn_tensor *f_rms(pn_tensor **in) { return call(pn_op_rms_norm, 2, in, 1, 1, eps); }
static pn_tensor *f_group(pn_tensor **in) { return call(pn_op_group_norm, 3, in, 2, 1, eps); }
static pn_tensor *batch(pn_tensor **in, pn_tensor *m, pn_tensor *v, bool training) {
  pn_tensor *all[6] = {in[0], m, v, in[1], in[2], NULL};
  return call(pn_op_batch_norm, 6, all, training, 2, eps);
}
static pn_tensor *f_batch(pn_tensor **in) { return batch(in, NULL, NULL, true); }
static pn_tensor *f_running(pn_tensor **in) {
  int64_t c = 4;
  pn_tensor *m = tu_random(PN_F64, 1, &c, 8), *v = tu_positive(PN_F64, 1, &c, 9);
  pn_tensor *y = batch(in, m, v, false);
  pn_release(m);
  pn_release(v);
  return y;
}

static void test_gradients(void) {
  static const struct {
    const char *name;
    op_fn fn;
    int nin, ndim;
  } cases[] = {{"layer_norm", f_layer, 3, 2},           {"rms_norm", f_rms, 2, 2},
               {"group_norm", f_group, 3, 3},           {"group_norm (N, C)", f_group, 3, 2},
               {"batch_norm", f_batch, 3, 3},           {"batch_norm (N, C)", f_batch, 3, 2},
               {"batch_norm, running", f_running, 3, 3}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    int64_t shape[3] = {3, 4, 2}, channels = 4;
    pn_tensor *in[3] = {tu_random(PN_F64, cases[k].ndim, shape, 1),
                        tu_positive(PN_F64, 1, &channels, 2), tu_random(PN_F64, 1, &channels, 3)};
    for (int i = 0; i < cases[k].nin; i++) pn_set_requires_grad(in[i], true);
    tu_gradcheck(cases[k].name, cases[k].fn, cases[k].nin, in);
    tu_gradgradcheck(cases[k].name, cases[k].fn, cases[k].nin, in);
    for (int i = 0; i < 3; i++) pn_release(in[i]);
  }
}

void suite_norm(void) {
  case_seed(11);
  for (int dtype = PN_F32; dtype <= PN_F64; dtype++) test_kernels(dtype);
  test_gradients();
}

/* Capture and replay: the same bits as eager, inputs by pointer, gradients of
 * leaves, sticky index errors, memory, guards. */
#include "engine/optim.h"
#include "tests/engine_util.h"

/* A 2-4-1 sigmoid net with SGD; everything it owns. */
typedef struct net {
  pn_tensor *w1, *b1, *w2, *b2;
  pn_optim_slot slots[4];
  double options[PN_OPT_OPTIONS];
} net;

static void net_init(net *m) {
  int64_t s1[2] = {2, 4}, s2[1] = {4}, s3[2] = {4, 1}, s4[1] = {1};
  memset(m, 0, sizeof *m);
  m->w1 = tu_random(PN_F64, 2, s1, 1);
  m->b1 = tu_random(PN_F64, 1, s2, 2);
  m->w2 = tu_random(PN_F64, 2, s3, 3);
  m->b2 = tu_random(PN_F64, 1, s4, 4);
  m->options[PN_OPT_LR] = 0.5;
  m->options[PN_SGD_MOMENTUM] = 0.9;
  pn_tensor *p[4] = {m->w1, m->b1, m->w2, m->b2};
  for (int i = 0; i < 4; i++) {
    pn_set_requires_grad(p[i], true);
    m->slots[i] = (pn_optim_slot){.param = p[i], .options = m->options};
  }
}
static void net_free(net *m) {
  for (int i = 0; i < 4; i++) {
    pn_release(m->slots[i].param);
    pn_release(m->slots[i].buffer[PN_SGD_BUFFER]);
    pn_release(m->slots[i].progress);
  }
}
static uint64_t net_hash(const net *m) {
  const pn_tensor *p[] = {m->w1, m->b1, m->w2, m->b2};
  uint64_t h = 1;
  for (int i = 0; i < 4; i++) h = tu_hash(p[i], h);
  return h;
}

/* One step; the loss. */
static pn_tensor *net_step(net *m, pn_tensor *x, pn_tensor *y) {
  bool made;
  for (int i = 0; i < 4; i++) pn_set_grad(m->slots[i].param, NULL);
  pn_tensor *z1 = pn_matmul(x, m->w1), *h1 = pn_add(z1, m->b1), *a1 = pn_sigmoid(h1);
  pn_tensor *z2 = pn_matmul(a1, m->w2), *h2 = pn_add(z2, m->b2), *a2 = pn_sigmoid(h2);
  pn_tensor *loss = pn_mse_loss(a2, y, PN_REDUCE_MEAN);
  pn_tensor *drop[] = {z1, h1, a1, z2, h2, a2};
  for (int i = 0; i < 6; i++) pn_release(drop[i]);
  CHECK(pn_backward(1, &loss, NULL, false, false, 0, NULL, NULL) == PN_OK);
  for (int i = 0; i < 4; i++) m->slots[i].grad = m->slots[i].param->grad;
  CHECK(pn_optim_step(PN_SGD, 4, m->slots, &made) == PN_OK);
  return loss;
}

static pn_program *net_capture(net *m, pn_tensor *x, pn_tensor *y) {
  pn_tensor *in[2] = {pn_capture_input(x), pn_capture_input(y)};
  pn_program *p = pn_capture_begin(2, in);
  pn_tensor *loss = net_step(m, in[0], in[1]);
  CHECK_MSG(pn_capture_end(p, 1, &loss) == PN_OK, "%s", pn_last_message());
  pn_release(loss);
  pn_release(in[0]);
  pn_release(in[1]);
  return p;
}

static pn_tensor *xor_x(void) {
  static const double v[8] = {0, 0, 0, 1, 1, 0, 1, 1};
  int64_t s[2] = {4, 2};
  pn_tensor *t = pn_empty(PN_F64, 2, s);
  memcpy(t->data, v, sizeof v);
  return t;
}
static pn_tensor *xor_y(void) {
  static const double v[4] = {0, 1, 1, 0};
  int64_t s[2] = {4, 1};
  pn_tensor *t = pn_empty(PN_F64, 2, s);
  memcpy(t->data, v, sizeof v);
  return t;
}

static void replay_equals_eager(void) {
  enum { STEPS = 200 };
  net eager, replayed;
  pn_tensor *x = xor_x(), *y = xor_y();
  double want[STEPS], got[STEPS];
  net_init(&eager);
  net_init(&replayed);
  for (int i = 0; i < STEPS; i++) {
    pn_tensor *l = net_step(&eager, x, y);
    want[i] = tu_at(l, 0);
    pn_release(l);
    if (i == 100) eager.options[PN_OPT_LR] = 0.1; /* what changes is behind a pointer */
  }
  pn_program *p = net_capture(&replayed, x, y);
  void *trace[1] = {got};
  int64_t done = 0;
  CHECK(pn_program_ready(p));
  CHECK(pn_program_bind(p, 0, x) == PN_OK && pn_program_bind(p, 1, y) == PN_OK);
  CHECK(pn_program_enter(p) == PN_OK);
  CHECK(pn_program_run(p, 100, 0, &done, trace, NULL) == PN_OK && done == 100);
  replayed.options[PN_OPT_LR] = 0.1;
  trace[0] = got + 100;
  CHECK(pn_program_run(p, STEPS - 101, 0, &done, trace, NULL) == PN_OK && done == STEPS - 101);
  pn_program_leave(p);
  CHECK(!memcmp(want + 1, got, (STEPS - 1) * sizeof *want));
  CHECK(net_hash(&eager) == net_hash(&replayed));
  CHECK(tu_at(eager.w1->grad, 3) == tu_at(replayed.w1->grad, 3));
  CHECK(pn_program_replays(p) == STEPS - 1);
  CHECK(want[STEPS - 1] < want[0] && want[0] > 0.1);
  pn_program_free(p);
  net_free(&eager);
  net_free(&replayed);
  pn_release(x);
  pn_release(y);
}

/* Other memory, other values: the inputs are bound, not baked in; scan walks. */
static void inputs_are_slots(void) {
  int64_t s[1] = {3}, big[2] = {4, 3};
  pn_tensor *a = tu_random(PN_F32, 1, s, 1), *b = tu_random(PN_F32, 2, big, 2);
  pn_tensor *in = pn_capture_input(a);
  pn_program *p = pn_capture_begin(1, &in);
  pn_tensor *e = pn_exp(in), *r = pn_mul(e, in);
  CHECK(pn_capture_end(p, 1, &r) == PN_OK);
  pn_release(in);
  pn_release(e);
  pn_release(r);
  float got[4][3];
  void *trace[1] = {got};
  int64_t done, step = 3 * sizeof(float);
  pn_tensor *row = pn_select(b, 0, 0), *whole = pn_exp(b), *want = pn_mul(whole, b);
  CHECK(pn_program_bind(p, 0, row) == PN_OK && pn_program_enter(p) == PN_OK);
  CHECK(pn_program_run(p, 4, 0, &done, trace, &step) == PN_OK && done == 4);
  pn_program_leave(p);
  CHECK(!memcmp(got, want->data, sizeof got));
  CHECK(pn_program_bind(p, 0, b) == PN_RUNTIME_ERROR);
  CHECK(strstr(pn_last_message(), "(4, 3)") != NULL);
  pn_release(row);
  pn_release(whole);
  pn_release(want);
  pn_program_free(p);
  pn_release(a);
  pn_release(b);
}

/* Without clearing gradients the second recording accumulates; the guard sees
 * the difference. */
static void gradient_guard(void) {
  int64_t s[1] = {3};
  pn_tensor *w = tu_random(PN_F64, 1, s, 1);
  pn_set_requires_grad(w, true);
  pn_program *p[2];
  for (int k = 0; k < 2; k++) {
    p[k] = pn_capture_begin(0, NULL);
    pn_tensor *q = pn_mul(w, w), *l = pn_sum(q, 0, false, -1);
    CHECK(pn_backward(1, &l, NULL, false, false, 0, NULL, NULL) == PN_OK);
    CHECK(pn_capture_end(p[k], 1, &l) == PN_OK);
    pn_release(q);
    pn_release(l);
  }
  CHECK(!pn_program_ready(p[0]) && pn_program_ready(p[1]));
  int64_t done;
  CHECK(pn_program_enter(p[1]) == PN_OK);
  CHECK(pn_program_run(p[1], 3, 0, &done, NULL, NULL) == PN_OK);
  pn_program_leave(p[1]);
  CHECK(fabs(tu_at(w->grad, 1) - 5 * 2 * tu_at(w, 1)) < 1e-12);
  pn_program_free(p[0]);
  pn_program_free(p[1]);
  pn_release(w);
}

/* A bad index in a replay stops before anything later in the step commits. */
static void index_error(void) {
  int64_t s[1] = {3};
  pn_tensor *w = tu_random(PN_F64, 1, s, 1), *i = pn_zeros(PN_I64, 1, s),
            *acc = pn_zeros(PN_F64, 1, s);
  pn_tensor *in = pn_capture_input(i);
  pn_program *p = pn_capture_begin(1, &in);
  pn_tensor *g = pn_index_select(w, 0, in);
  CHECK(g && pn_inplace(pn_add, acc, g) == PN_OK);
  CHECK(pn_capture_end(p, 0, NULL) == PN_OK);
  pn_release(in);
  pn_release(g);
  int64_t done;
  double before = tu_at(acc, 0);
  ((int64_t *)i->data)[1] = 7;
  CHECK(pn_program_bind(p, 0, i) == PN_OK && pn_program_enter(p) == PN_OK);
  CHECK(pn_program_run(p, 5, 0, &done, NULL, NULL) == PN_INDEX_ERROR && done == 0);
  CHECK(tu_at(acc, 0) == before && strstr(pn_last_message(), "7") != NULL);
  pn_program_leave(p);
  ((int64_t *)i->data)[1] = 2;
  CHECK(pn_program_bind(p, 0, i) == PN_OK && pn_program_enter(p) == PN_OK);
  CHECK(pn_program_run(p, 1, 0, &done, NULL, NULL) == PN_OK && done == 1);
  pn_program_leave(p);
  CHECK(tu_at(acc, 0) == 2 * before);
  pn_program_free(p);
  pn_release(w);
  pn_release(i);
  pn_release(acc);
}

/* Random numbers advance in a replay as they do in eager; reading is refused. */
static void random_and_reading(void) {
  int64_t s[1] = {1000};
  pn_generator g;
  double f;
  int64_t i, done;
  pn_generator_seed(&g, 7);
  pn_tensor *want[3];
  for (int k = 0; k < 3; k++) want[k] = pn_rand(PN_F32, 1, s, &g);
  pn_generator_seed(&g, 7);
  pn_program *p = pn_capture_begin(0, NULL);
  pn_tensor *r = pn_rand(PN_F32, 1, s, &g), *t = pn_sum(r, 0, false, -1);
  CHECK(pn_item(t, &f, &i) == PN_RUNTIME_ERROR);
  CHECK(pn_capture_begin(0, NULL) == NULL);
  CHECK(pn_capture_end(p, 1, &r) == PN_OK);
  float got[2][1000];
  void *trace[1] = {got};
  CHECK(pn_program_enter(p) == PN_OK);
  CHECK(pn_program_run(p, 2, 0, &done, trace, NULL) == PN_OK);
  pn_program_leave(p);
  CHECK(!memcmp(got[0], want[1]->data, sizeof got[0]));
  CHECK(!memcmp(got[1], want[2]->data, sizeof got[1]));
  for (int k = 0; k < 3; k++) pn_release(want[k]);
  pn_release(r);
  pn_release(t);
  pn_program_free(p);
}

/* Long runs stop at the deadline, after a whole step, and go on from there. */
static void deadline(void) {
  net m;
  pn_tensor *x = xor_x(), *y = xor_y();
  net_init(&m);
  pn_program *p = net_capture(&m, x, y);
  int64_t done;
  CHECK(pn_program_bind(p, 0, x) == PN_OK && pn_program_bind(p, 1, y) == PN_OK);
  CHECK(pn_program_enter(p) == PN_OK);
  double t0 = pn_now();
  CHECK(pn_program_run(p, (int64_t)1 << 50, t0 + 0.02, &done, NULL, NULL) == PN_OK);
  double took = pn_now() - t0;
  CHECK_MSG(took < 1.0, "%g s", took); /* 20 ms asked; busy machines */
  CHECK(done > 0 && pn_program_replays(p) == done);
  CHECK(pn_program_enter(p) == PN_RUNTIME_ERROR); /* it is busy */
  pn_program_leave(p);
  pn_program_free(p);
  net_free(&m);
  pn_release(x);
  pn_release(y);
}

void suite_capture(void) {
  pn_engine_stats before, after;
  pn_engine_get_stats(&before);
  replay_equals_eager();
  inputs_are_slots();
  gradient_guard();
  index_error();
  random_and_reading();
  deadline();
  pn_engine_get_stats(&after);
  CHECK(after.tensors == before.tensors && after.storages == before.storages &&
        after.nodes == before.nodes);
}

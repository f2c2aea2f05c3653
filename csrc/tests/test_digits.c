/* Trains the digits: a 64-64-10 net on the embedded UCI digits, mini-batches,
 * SGD with momentum, eager and replayed, on every level and several thread
 * counts: one hash, and it reads digits. */
#include <stdio.h>
#include <stdlib.h>

#include "engine/optim.h"
#include "tests/engine_util.h"

enum { IMAGES = 1797, TRAIN = 1440, RECORD = 41, BATCH = 48, EPOCHS = 12, PARAMS = 4 };

typedef struct digits {
  pn_tensor *x, *y; /* (1797, 64) float32 in [0, 1], (1797) int64 */
} digits;

static bool digits_load(digits *d) {
  int64_t sx[2] = {IMAGES, 64}, sy[1] = {IMAGES};
  unsigned char r[RECORD];
  const char *path = getenv("PN_DIGITS");
  FILE *f = fopen(path ? path : PN_DIGITS_FILE, "rb");
  if (!f) return false;
  d->x = pn_empty(PN_F32, 2, sx);
  d->y = pn_empty(PN_I64, 1, sy);
  for (int i = 0; i < IMAGES && fread(r, 1, RECORD, f) == RECORD; i++) {
    /* a fixed shuffle: the file is ordered by writer */
    int row = (int)((int64_t)i * 1009 % IMAGES);
    for (int k = 0; k < 64; k++) {
      int v = 0;
      for (int b = 5 * k; b < 5 * k + 5; b++) v = 2 * v + (r[b / 8] >> (7 - b % 8) & 1);
      ((float *)d->x->data)[row * 64 + k] = (float)v / 16;
    }
    ((int64_t *)d->y->data)[row] = r[RECORD - 1];
  }
  fclose(f);
  return true;
}

typedef struct model {
  pn_tensor *p[PARAMS]; /* W1 b1 W2 b2, (out, in) */
  pn_optim_slot slots[PARAMS];
  double options[PN_OPT_OPTIONS];
} model;

static void model_init(model *m) {
  int64_t shape[PARAMS][2] = {{64, 64}, {64}, {10, 64}, {10}};
  pn_generator g;
  memset(m, 0, sizeof *m);
  pn_generator_seed(&g, 3);
  for (int i = 0; i < PARAMS; i++) {
    pn_tensor *r = pn_randn(PN_F32, i % 2 ? 1 : 2, shape[i], &g);
    pn_tensor *s = pn_scalar_float(i % 2 ? 0.0 : 0.15);
    m->p[i] = pn_mul(r, s);
    pn_release(r);
    pn_release(s);
    pn_set_requires_grad(m->p[i], true);
    m->slots[i] = (pn_optim_slot){.param = m->p[i], .options = m->options};
  }
  m->options[PN_OPT_LR] = 0.1;
  m->options[PN_OPT_DECAY] = 1e-4;
  m->options[PN_SGD_MOMENTUM] = 0.9;
}
static void model_free(model *m) {
  for (int i = 0; i < PARAMS; i++) {
    pn_release(m->p[i]);
    pn_release(m->slots[i].buffer[PN_SGD_BUFFER]);
    pn_release(m->slots[i].progress);
  }
}

static pn_tensor *forward(model *m, pn_tensor *x) {
  pn_tensor *z = pn_linear(x, m->p[0], m->p[1]), *a = pn_relu(z);
  pn_tensor *out = pn_linear(a, m->p[2], m->p[3]);
  pn_release(z);
  pn_release(a);
  return out;
}

static pn_tensor *step(model *m, pn_tensor *x, pn_tensor *y) {
  bool made;
  for (int i = 0; i < PARAMS; i++) pn_set_grad(m->p[i], NULL);
  pn_tensor *logits = forward(m, x);
  pn_tensor *loss = pn_cross_entropy(logits, y, NULL, -100, PN_REDUCE_MEAN);
  pn_release(logits);
  CHECK(pn_backward(1, &loss, NULL, false, false, 0, NULL, NULL) == PN_OK);
  for (int i = 0; i < PARAMS; i++) m->slots[i].grad = m->p[i]->grad;
  CHECK(pn_optim_step(PN_SGD, PARAMS, m->slots, &made) == PN_OK);
  return loss;
}

static double accuracy(model *m, const digits *d) {
  bool was = pn_set_grad_enabled(false);
  pn_tensor *x = pn_slice(d->x, 0, TRAIN, IMAGES, 1), *y = pn_slice(d->y, 0, TRAIN, IMAGES, 1);
  pn_tensor *logits = forward(m, x), *guess = pn_argmax(logits, 1, false, false);
  int right = 0;
  for (int64_t i = 0; i < IMAGES - TRAIN; i++)
    right += ((int64_t *)guess->data)[i] == ((int64_t *)y->data)[i];
  pn_tensor *drop[] = {x, y, logits, guess};
  for (int i = 0; i < 4; i++) pn_release(drop[i]);
  pn_set_grad_enabled(was);
  return (double)right / (IMAGES - TRAIN);
}

/* One epoch in C calls, or by replaying p (captured from the first batch). */
static void epoch(model *m, const digits *d, pn_program **program, bool replay) {
  int64_t batches = TRAIN / BATCH, done, start = 0;
  for (int64_t b = 0; b < batches; b++) {
    pn_tensor *x = pn_slice(d->x, 0, b * BATCH, (b + 1) * BATCH, 1);
    pn_tensor *y = pn_slice(d->y, 0, b * BATCH, (b + 1) * BATCH, 1);
    if (replay && *program) {
      int64_t scan[2] = {BATCH * 64 * 4, BATCH * 8};
      CHECK(pn_program_bind(*program, 0, x) == PN_OK && pn_program_bind(*program, 1, y) == PN_OK);
      CHECK(pn_program_enter(*program) == PN_OK);
      CHECK(pn_program_run(*program, batches - start, 0, &done, NULL, scan) == PN_OK);
      pn_program_leave(*program);
      b = batches;
    } else if (replay) {
      pn_tensor *in[2] = {pn_capture_input(x), pn_capture_input(y)};
      *program = pn_capture_begin(2, in);
      pn_tensor *loss = step(m, in[0], in[1]);
      CHECK(pn_capture_end(*program, 1, &loss) == PN_OK);
      pn_release(loss);
      pn_release(in[0]);
      pn_release(in[1]);
      start = 1;
    } else {
      pn_release(step(m, x, y));
    }
    pn_release(x);
    pn_release(y);
  }
}

static uint64_t train(const digits *d, bool replay, double *score) {
  model m;
  pn_program *program = NULL;
  uint64_t h = 0xcbf29ce484222325u;
  model_init(&m);
  for (int e = 0; e < EPOCHS; e++) epoch(&m, d, &program, replay);
  if (replay) CHECK(pn_program_replays(program) == EPOCHS * (TRAIN / BATCH) - 1);
  *score = accuracy(&m, d);
  for (int i = 0; i < PARAMS; i++) h = tu_hash(m.p[i], h);
  pn_program_free(program);
  model_free(&m);
  return h;
}

extern bool pn_test_verbose;

void suite_digits(void) {
  digits d = {NULL, NULL};
  static const int threads[] = {1, 2, 3, 7};
  const char *was = pn_active_level()->name;
  int had = pn_get_num_threads();
  uint64_t first = 0;
  int runs = 0;
  CHECK_MSG(digits_load(&d), "the digits file %s cannot be read", PN_DIGITS_FILE);
  if (pn_test_failures) return;
  for (int l = 0; l < pn_level_count(); l++) {
    if (!pn_level_runnable(l)) continue;
    CHECK(pn_select_level(pn_level_name(l)) == PN_OK);
    CHECK(!strcmp(pn_active_level()->name, pn_level_name(l)));
    for (int t = 0; t < 4; t++)
      for (int replay = 0; replay < 2; replay++) {
        /* all pairs on the quick levels, one thread count on scalar */
        bool scalar = !strcmp(pn_level_name(l), "scalar");
        if (scalar && t != 1) continue;
        double score;
        pn_pool_stats pool;
        pn_set_num_threads(threads[t]);
        pn_pool_set_chaos(threads[t] > 1);
        pn_pool_reset_stats();
        uint64_t h = train(&d, replay, &score);
        pn_pool_get_stats(&pool);
        pn_pool_set_chaos(false);
        if (!runs++) first = h;
        CHECK_MSG(h == first, "level %s, %d threads, %s: hash %016llx, expected %016llx",
                  pn_level_name(l), threads[t], replay ? "replay" : "eager", (unsigned long long)h,
                  (unsigned long long)first);
        CHECK_MSG(score >= 0.95, "accuracy %.4f", score);
        CHECK_MSG(threads[t] == 1 || pool.threads > 1, "%d threads took chunks", pool.threads);
        if (pn_test_verbose)
          printf("  digits: %-7s %d threads (%d took chunks) %-6s accuracy %.4f hash %016llx\n",
                 pn_level_name(l), threads[t], pool.threads, replay ? "replay" : "eager", score,
                 (unsigned long long)h);
      }
  }
  printf("  digits: hash %016llx over %d runs\n", (unsigned long long)first, runs);
  pn_select_level(was);
  pn_set_num_threads(had);
  pn_release(d.x);
  pn_release(d.y);
}

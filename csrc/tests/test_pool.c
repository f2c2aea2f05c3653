/* The thread pool: every unit exactly once, whoever asks, whatever happens. */
#include <string.h>

#include "runtime/internal.h"
#include "tests/support.h"
#include "tests/test.h"

/* out[u] += salt + 3 u.  Plain memory: two threads in one unit, or a caller that
 * returns too early, is a data race for ThreadSanitizer and a wrong sum here. */
static void add_mark(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  int64_t *out = a->p[0];
  for (int64_t u = begin; u < end; u++) out[u] += a->n[0] + 3 * u;
}

/* Runs one region over fresh memory; false when a unit was missed or doubled. */
static bool region_is_right(int64_t *out, int64_t units, int64_t salt) {
  memset(out, 0, (size_t)units * sizeof *out);
  pn_args a = {.p = {out}, .n = {salt}};
  pn_parallel(add_mark, &a, units, 0, NULL);
  for (int64_t u = 0; u < units; u++)
    if (out[u] != salt + 3 * u) return false;
  return true;
}

enum { MOST_UNITS = 70000 };
static int64_t shared_out[MOST_UNITS];

static void test_units(void) {
  static const int64_t units[] = {0,  1,  2,  3,   4,   5,    6,    7,     8,         9,
                                  15, 16, 17, 100, 127, 1000, 4097, 65536, MOST_UNITS};
  static const int threads[] = {1, 2, 3, 7, 2, PN_MAX_THREADS, 1};
  for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
    if (threads[t] == PN_MAX_THREADS && !pn_test_verbose) continue;
    CHECK(pn_set_num_threads(threads[t]) == PN_OK && pn_get_num_threads() == threads[t]);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
      for (int round = 0; round < 10; round++)
        CHECK_MSG(region_is_right(shared_out, units[i], round + 1), "%" PRId64 " units, %d threads",
                  units[i], threads[t]);
    CHECK(pn_pool_worker_count() <= PN_MAX_THREADS - 1);
  }
}

/* ---- what took part ------------------------------------------------------ */
static void test_chaos(void) {
  for (int threads = 2; threads <= 7; threads += 5) {
    pn_set_num_threads(threads);
    pn_pool_set_chaos(true);
    CHECK(pn_parallel_threshold == 0);
    pn_pool_reset_stats();
    int64_t units = 0;
    for (int i = 0; i < 300; i++) {
      int64_t n = 2 + i % 40;
      units += n;
      CHECK(region_is_right(shared_out, n, i));
    }
    pn_pool_stats s;
    pn_pool_get_stats(&s);
    CHECK_MSG(s.threads >= 2 && s.threads <= threads, "%d of %d threads took chunks", s.threads,
              threads);
    CHECK_MSG(s.chunks == units, "%" PRId64 " chunks of %" PRId64 " units", s.chunks, units);
    CHECK(s.regions == 300);
    CHECK(region_is_right(shared_out, MOST_UNITS, 1));
    pn_pool_set_chaos(false);
    CHECK(pn_parallel_threshold > 0);
  }
}

/* A smaller team is strict: the threads that are parked do not help. */
static void test_team_size(void) {
  pn_pool_shutdown();
  pn_set_num_threads(7);
  region_is_right(shared_out, 1000, 1);
  CHECK(pn_pool_worker_count() == 6);
  pn_pool_set_chaos(true);
  pn_set_num_threads(2);
  pn_pool_reset_stats();
  for (int i = 0; i < 100; i++) CHECK(region_is_right(shared_out, 64, i));
  pn_pool_stats s;
  pn_pool_get_stats(&s);
  CHECK_MSG(s.threads == 2, "%d", s.threads);
  pn_set_num_threads(1);
  pn_pool_reset_stats();
  CHECK(region_is_right(shared_out, 64, 5));
  pn_pool_get_stats(&s);
  CHECK(s.regions == 0 && s.chunks == 0);
  pn_pool_set_chaos(false);
}

/* Work is planned: below the threshold no region, a little above a small one. */
static void test_work(void) {
  pn_args a = {.p = {shared_out}, .n = {1}};
  pn_pool_stats s;
  pn_set_num_threads(7);
  const struct {
    double cost;
    int regions;
  } cases[] = {
      {0.001, 0}, {pn_parallel_threshold / 101, 0}, {pn_parallel_threshold / 99, 1}, {1e6, 1}};
  for (int i = 0; i < 4; i++) {
    memset(shared_out, 0, 100 * sizeof *shared_out);
    pn_pool_reset_stats();
    pn_work w = {.units = 100, .cost = cases[i].cost};
    pn_parallel_work(add_mark, &a, &w, NULL);
    pn_pool_get_stats(&s);
    CHECK_MSG(s.regions == cases[i].regions, "case %d", i);
    for (int u = 0; u < 100; u++) CHECK(shared_out[u] == 1 + 3 * u);
    if (i == 2) CHECK(s.chunks <= 2 * 8); /* two half thresholds: two threads */
  }
}

/* ---- many regions, many clients ------------------------------------------ */
static void test_stress(void) {
  int n = pn_test_verbose ? 1000000 : 100000;
  static const int threads[] = {2, 3, 7};
  for (int t = 0; t < 3; t++) {
    pn_set_num_threads(threads[t]);
    bool right = true;
    for (int i = 0; i < n / (t ? 10 : 1); i++) right &= region_is_right(shared_out, 2 + i % 7, i);
    CHECK(right);
  }
}

typedef struct client {
  int rounds, units;
  bool right;
} client;

static void run_client(void *p) {
  client *c = p;
  int64_t *out = pn_alloc((size_t)c->units * sizeof *out);
  c->right = out != NULL;
  for (int i = 0; out && i < c->rounds; i++) c->right &= region_is_right(out, c->units, i);
  pn_free(out);
}

static atomic_bool clients_done;

static void change_settings(void *unused) {
  for (int i = 0; !atomic_load(&clients_done); i++) {
    pn_set_num_threads(1 + i % 7);
    if (i % 50 == 49) pn_pool_shutdown();
    pn_thread_sleep(20e-6);
  }
}

static void test_clients(bool chaos) {
  client c[3] = {{2000, 50, false}, {20000, 5, false}, {300, 5000, false}};
  pn_thread t[3], changer;
  pn_pool_set_chaos(chaos);
  pn_set_num_threads(3);
  atomic_store(&clients_done, false);
  for (int i = 0; i < 3; i++) CHECK(pn_thread_start(&t[i], run_client, &c[i]));
  CHECK(pn_thread_start(&changer, change_settings, NULL));
  for (int i = 0; i < 3; i++) pn_thread_join(t[i]);
  atomic_store(&clients_done, true);
  pn_thread_join(changer);
  for (int i = 0; i < 3; i++) CHECK_MSG(c[i].right, "client %d", i);
  pn_pool_set_chaos(false);
}

/* Unit u of the outer region is a region of its own over a row of out. */
enum { ROW = 40 };
static void nested_row(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  int64_t *out = a->p[0];
  for (int64_t u = begin; u < end; u++) {
    pn_args inner = {.p = {out + u * ROW}, .n = {u}};
    pn_parallel(add_mark, &inner, ROW, 0, NULL);
  }
}

static void test_nested(void) {
  pn_set_num_threads(3);
  for (int round = 0; round < 200; round++) {
    memset(shared_out, 0, sizeof shared_out);
    pn_args a = {.p = {shared_out}};
    pn_parallel(nested_row, &a, 50, 0, NULL);
    bool right = true;
    for (int64_t i = 0; i < 50 * ROW; i++) right &= shared_out[i] == i / ROW + 3 * (i % ROW);
    CHECK(right);
  }
}

static void test_restart(void) {
  pn_pool_shutdown();
  pn_set_num_threads(3);
  for (int i = 0; i < 200; i++) {
    CHECK(region_is_right(shared_out, 30, i));
    CHECK(pn_pool_worker_count() == 2);
    if (i % 3 == 0) pn_thread_sleep(100e-6); /* let them fall asleep */
    pn_pool_shutdown();
    CHECK(pn_pool_worker_count() == 0);
  }
  pn_pool_shutdown();
}

/* The system refuses threads: fewer, or none, but the work is done. */
static void test_refusal(void) {
  pn_pool_shutdown();
  for (int most = 0; most <= 2; most += 2) {
    pn_pool_limit_workers(most);
    pn_set_num_threads(7);
    for (int i = 0; i < 20; i++) CHECK(region_is_right(shared_out, 100, i));
    CHECK(pn_pool_worker_count() == most);
  }
  pn_pool_limit_workers(-1);
  pn_set_num_threads(4);
  CHECK(region_is_right(shared_out, 100, 1));
  CHECK(pn_pool_worker_count() == 3);
}

/* ---- scratch ------------------------------------------------------------- */
/* Fills the scratch, lets others run, and looks whether it is still its own. */
static void use_scratch(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  int64_t *out = a->p[0], n = a->n[1];
  unsigned char *mine = scratch;
  bool good = (uintptr_t)scratch % PN_ALIGN == 0;
  for (int64_t u = begin; u < end; u++) {
    memset(mine, (int)(u & 255), (size_t)n);
    if (u % 16 == 0) pn_thread_yield();
    good &= mine[0] == (u & 255) && mine[n - 1] == (u & 255) && mine[n / 2] == (u & 255);
    out[u] = good ? u : -1;
  }
}

static void test_scratch(void) {
  pn_set_num_threads(3);
  for (int i = 0; i < 40; i++) {
    size_t bytes = (size_t)100 << (i % 14);
    pn_args a = {.p = {shared_out}, .n = {0, (int64_t)bytes}};
    pn_pool_set_chaos(i % 2);
    pn_parallel(use_scratch, &a, 100, bytes, pn_scratch(bytes));
    bool right = true;
    for (int64_t u = 0; u < 100; u++) right &= shared_out[u] == u;
    CHECK_MSG(right, "%zu bytes", bytes);
  }
  /* No memory for the workers: the caller does it all. */
  size_t bytes = (size_t)5 << 20;
  pn_args a = {.p = {shared_out}, .n = {0, (int64_t)bytes}};
  void *mine = pn_scratch(bytes);
  pn_pool_reset_stats();
  pn_memory_fail_at(1, true);
  pn_parallel(use_scratch, &a, 40, bytes, mine);
  pn_memory_fail_at(0, false);
  pn_pool_stats s;
  pn_pool_get_stats(&s);
  CHECK(s.threads == 1 && s.regions == 1);
  pn_pool_set_chaos(false);
}

/* ---- the workers' floating-point state ----------------------------------- */
static char caller_mark;
static PN_THREAD_LOCAL char *thread_mark;

static void halve_tiny(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  volatile double tiny = 0x1p-1022;
  for (int64_t u = begin; u < end; u++)
    shared_out[u] = (thread_mark == &caller_mark ? 2 : 0) + (tiny * 0.5 > 0);
}

#if defined(__x86_64__)
#define FLUSH_DENORMALS UINT64_C(0x8040) /* FTZ and DAZ */
static uint64_t get_control(void) {
  uint32_t x;
  __asm__ __volatile__("stmxcsr %0" : "=m"(x));
  return x;
}
static void set_control(uint64_t control) {
  uint32_t x = (uint32_t)control;
  __asm__ __volatile__("ldmxcsr %0" : : "m"(x));
}
#elif defined(__aarch64__)
#define FLUSH_DENORMALS (UINT64_C(1) << 24)
static uint64_t get_control(void) {
  uint64_t x;
  __asm__ __volatile__("mrs %0, fpcr" : "=r"(x));
  return x;
}
static void set_control(uint64_t x) { __asm__ __volatile__("msr fpcr, %0" : : "r"(x)); }
#endif

/* A caller that flushes denormals starts workers that do not. */
static void test_denormals(void) {
  pn_pool_shutdown();
  pn_set_num_threads(3);
  thread_mark = &caller_mark;
  pn_pool_set_chaos(true);
  pn_args a = {0};
  uint64_t before = get_control();
  int by_worker = 0;
  for (int i = 0; i < 50; i++) {
    set_control(before | FLUSH_DENORMALS);
    pn_parallel(halve_tiny, &a, 64, 0, NULL);
    set_control(before);
    for (int u = 0; u < 64; u++) {
      CHECK(shared_out[u] == 2 || shared_out[u] == 1); /* caller flushed, worker not */
      by_worker += shared_out[u] == 1;
    }
  }
  CHECK(by_worker > 0);
  pn_pool_set_chaos(false);
}

void suite_pool(void) {
  int threads = pn_get_num_threads();
  pn_pool_shutdown();
  CHECK(pn_pool_worker_count() == 0);
  test_units();
  test_chaos();
  test_team_size();
  test_work();
  test_stress();
  test_clients(false);
  test_clients(true);
  test_nested();
  test_restart();
  test_refusal();
  test_scratch();
  test_denormals();
  pn_set_num_threads(threads);
}

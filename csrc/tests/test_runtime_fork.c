/* fork(): the child computes, on as many threads as its parent, at any moment
 * of the parent's life.  A child that hangs is killed and counts as a failure. */
#if !defined(_WIN32)
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/internal.h"
#include "tests/support.h"
#include "tests/test.h"

enum { PATIENCE = 20 }; /* seconds */

static void square(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  int64_t *out = a->p[0];
  for (int64_t u = begin; u < end; u++) out[u] = u * u;
}

static bool regions_work(int n) {
  int64_t *out = pn_alloc(1000 * sizeof *out);
  bool right = out != NULL;
  for (int i = 0; right && i < n; i++) {
    memset(out, 0, 1000 * sizeof *out);
    pn_args a = {.p = {out}};
    pn_parallel(square, &a, 1000, 0, NULL);
    for (int64_t u = 0; u < 1000; u++) right &= out[u] == u * u;
  }
  pn_free(out);
  return right;
}

static bool child_ends_well(pid_t child) {
  double deadline = pn_now() + PATIENCE;
  int status = 0;
  while (pn_now() < deadline) {
    pid_t got = waitpid(child, &status, WNOHANG);
    if (got == child) return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (got < 0) return false;
    pn_thread_sleep(200e-6);
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return false;
}

/* Forks; the child runs regions on `threads` threads and forks `depth` more
 * generations. */
static bool fork_works(int depth, int threads) {
  fflush(NULL);
  pid_t child = fork();
  if (child < 0) return false;
  if (child > 0) return child_ends_well(child);
  bool right = pn_pool_worker_count() == 0;
  pn_memory_trim(); /* takes the lock of the shared lists */
  pn_set_num_threads(threads);
  right &= regions_work(50);
  right &= threads == 1 || pn_pool_worker_count() == threads - 1;
  if (depth > 0) right &= fork_works(depth - 1, threads);
  right &= regions_work(10);
  _exit(right ? 0 : 1);
}

static atomic_bool stop;

static void sleepy(const pn_args *a, int64_t begin, int64_t end, void *scratch) {
  pn_thread_sleep(50e-6);
}

/* Regions without pause: a fork falls into one nearly always. */
static void run_regions(void *unused) {
  pn_args a = {0};
  for (int i = 0; !atomic_load(&stop); i++) {
    if (i % 2) {
      pn_parallel(sleepy, &a, 64, 0, NULL);
    } else {
      regions_work(3);
    }
  }
}

/* Large blocks: the lock of the shared lists is taken all the time. */
static void churn_memory(void *unused) {
  for (uint32_t i = 1; !atomic_load(&stop); i++) {
    void *p[4];
    for (int k = 0; k < 4; k++) p[k] = pn_alloc(PN_HUGE_PAGE << (k & 1));
    for (int k = 0; k < 4; k++) pn_free(p[k]);
    if (i % 1024 == 0) pn_memory_trim();
  }
}

static void restart_pool(void *unused) {
  while (!atomic_load(&stop)) {
    regions_work(1);
    pn_pool_shutdown();
  }
}

/* n forks while other threads keep doing `what`. */
static void test_during(void (*what)(void *), int threads, int n, const char *name) {
  pn_thread t[3];
  atomic_store(&stop, false);
  for (int i = 0; i < threads; i++) CHECK(pn_thread_start(&t[i], what, NULL));
  for (int i = 0; i < n; i++) CHECK_MSG(fork_works(0, 2 + i % 3), "fork %d during %s", i, name);
  atomic_store(&stop, true);
  for (int i = 0; i < threads; i++) pn_thread_join(t[i]);
  CHECK(regions_work(50)); /* the parent, too */
}

void suite_fork(void) {
  int threads = pn_get_num_threads();
  pn_pool_shutdown();
  pn_memory_trim();        /* else every child copies what other suites left */
  CHECK(fork_works(0, 3)); /* before use */
  pn_set_num_threads(3);
  CHECK(regions_work(100));
  CHECK(fork_works(0, 3)); /* after use, workers hot */
  pn_thread_sleep(5e-3);
  CHECK(fork_works(0, 3)); /* workers asleep */
  CHECK(fork_works(3, 3));
  CHECK(fork_works(0, 1));
  CHECK(regions_work(100));
  test_during(run_regions, 1, 30, "regions");
  test_during(churn_memory, 3, 30, "allocation");
  test_during(restart_pool, 1, 30, "start and stop of workers");
  pn_set_num_threads(threads);
}
#else
typedef int pn_test_fork_is_empty;
#endif

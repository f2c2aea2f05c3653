/* The pool's threads and settings; a region itself is region.c.
 *
 * Threads are started by the first region that wants them, never earlier, and
 * stay parked when the setting shrinks (a region invites only the first ones).
 * `busy` is the pool's only lock: whoever has it runs a region, starts or stops
 * threads; whoever does not get it runs its loop alone.  That covers nested
 * regions and regions of other threads without a special case, and a forked
 * child only has to clear it.
 */
#include "runtime/pool.h"

#include <stdio.h>
#include <stdlib.h>

double pn_parallel_threshold = 10000.0;

atomic_bool pn_pool_chaos;
atomic_bool pn_pool_stopping;

static atomic_bool busy;
static _Atomic int started;    /* workers; changed by the holder of busy */
static atomic_bool refused;    /* the system would not start another one */
static _Atomic int limit = -1; /* pn_pool_limit_workers */
static _Atomic int setting;    /* threads; 0: not decided yet */
static _Atomic int cpus;       /* 0: not asked yet */
static _Atomic int64_t regions;

bool pn_pool_enter(void) {
  if (atomic_load_explicit(&busy, memory_order_relaxed)) return false;
  return !atomic_exchange_explicit(&busy, true, memory_order_acquire);
}

void pn_pool_leave(void) { atomic_store_explicit(&busy, false, memory_order_release); }

void pn_pool_count_region(void) { atomic_fetch_add_explicit(&regions, 1, memory_order_relaxed); }

static int usable_cpus(void) {
  int n = atomic_load_explicit(&cpus, memory_order_relaxed);
  if (!n) {
    n = pn_usable_cpus();
    atomic_store_explicit(&cpus, n, memory_order_relaxed);
  }
  return n;
}

bool pn_pool_may_spin(int n) { return n <= usable_cpus(); }

/* ---- threads ------------------------------------------------------------- */
static bool start_worker(int i) {
  pn_slot *s = &pn_slots[i];
  int most = atomic_load_explicit(&limit, memory_order_relaxed);
  if (most >= 0 && i > most) return false;
  s->first_ticket = atomic_load_explicit(&s->ticket, memory_order_relaxed);
  atomic_store_explicit(&s->cpu, -1, memory_order_relaxed);
  return pn_thread_start(&s->thread, pn_worker_main, s);
}

/* A refusal is remembered until the setting changes, so that a region does not
 * knock at the system's door every time. */
int pn_pool_workers(int wanted) {
  int have = atomic_load_explicit(&started, memory_order_relaxed);
  if (have >= wanted) return wanted;
  if (atomic_load_explicit(&refused, memory_order_relaxed)) return have;
  while (have < wanted && start_worker(have + 1)) have++;
  atomic_store_explicit(&started, have, memory_order_relaxed);
  if (have < wanted) atomic_store_explicit(&refused, true, memory_order_relaxed);
  return have;
}

int pn_pool_worker_count(void) { return atomic_load_explicit(&started, memory_order_relaxed); }

void pn_pool_shutdown(void) {
  while (!pn_pool_enter()) pn_thread_yield();
  int n = atomic_load_explicit(&started, memory_order_relaxed);
  atomic_store_explicit(&pn_pool_stopping, true, memory_order_relaxed);
  pn_region_stop(n);
  for (int i = 1; i <= n; i++) pn_thread_join(pn_slots[i].thread);
  atomic_store_explicit(&pn_pool_stopping, false, memory_order_relaxed);
  atomic_store_explicit(&started, 0, memory_order_relaxed);
  atomic_store_explicit(&refused, false, memory_order_relaxed);
  pn_pool_leave();
}

/* Only the forking thread is left: no worker, no region (not even one that
 * another thread was in the middle of), no sleeper. */
void pn_pool_fork_child(void) {
  atomic_store_explicit(&started, 0, memory_order_relaxed);
  atomic_store_explicit(&refused, false, memory_order_relaxed);
  atomic_store_explicit(&pn_pool_stopping, false, memory_order_relaxed);
  pn_region_fork_child();
  pn_pool_leave();
}

/* ---- settings ------------------------------------------------------------ */
/* 0: not set; -1: not a number of threads. */
static int environment_threads(void) {
  const char *text = getenv("PYNN_NUM_THREADS");
  if (!text || !*text) return 0;
  char *end;
  long n = strtol(text, &end, 10);
  return *end == '\0' && n >= 1 ? (int)(n < PN_MAX_THREADS ? n : PN_MAX_THREADS) : -1;
}

pn_status pn_pool_check_environment(void) {
  if (environment_threads() >= 0) return PN_OK;
  return pn_fail(PN_VALUE_ERROR, "PYNN_NUM_THREADS: '%.40s' is not a number of threads (1 to %d)",
                 getenv("PYNN_NUM_THREADS"), PN_MAX_THREADS);
}

int pn_default_num_threads(void) {
  int n = environment_threads();
  if (n <= 0) n = usable_cpus();
  return n < PN_MAX_THREADS ? n : PN_MAX_THREADS;
}

int pn_get_num_threads(void) {
  int n = atomic_load_explicit(&setting, memory_order_relaxed);
  if (n) return n;
  int decided = pn_default_num_threads();
  if (atomic_compare_exchange_strong_explicit(&setting, &n, decided, memory_order_relaxed,
                                              memory_order_relaxed))
    return decided;
  return n;
}

pn_status pn_set_num_threads(int n) {
  if (n < 1 || n > PN_MAX_THREADS)
    return pn_fail(PN_VALUE_ERROR, "the number of threads must be 1 to %d, not %d", PN_MAX_THREADS,
                   n);
  atomic_store_explicit(&setting, n, memory_order_relaxed);
  atomic_store_explicit(&refused, false, memory_order_relaxed);
  return PN_OK;
}

/* ---- tests --------------------------------------------------------------- */
void pn_pool_set_chaos(bool on) {
  static double before;
  if (on == atomic_exchange_explicit(&pn_pool_chaos, on, memory_order_relaxed)) return;
  if (on) before = pn_parallel_threshold;
  pn_parallel_threshold = on ? 0 : before;
}

void pn_pool_limit_workers(int n) { atomic_store_explicit(&limit, n, memory_order_relaxed); }

void pn_pool_get_stats(pn_pool_stats *s) {
  *s = (pn_pool_stats){.regions = atomic_load_explicit(&regions, memory_order_relaxed)};
  for (int i = 0; i < PN_MAX_THREADS; i++) {
    int64_t n = atomic_load_explicit(&pn_slots[i].chunks, memory_order_relaxed);
    s->chunks += n;
    s->threads += n > 0;
  }
}

void pn_pool_reset_stats(void) {
  atomic_store_explicit(&regions, 0, memory_order_relaxed);
  for (int i = 0; i < PN_MAX_THREADS; i++)
    atomic_store_explicit(&pn_slots[i].chunks, 0, memory_order_relaxed);
}

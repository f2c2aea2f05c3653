/* Library start, fork handlers, the host's lock, version. */
#include <stdio.h>

#include "pn_contract.h"
#include "runtime/internal.h"

static void *no_release(void) { return NULL; }
static void no_acquire(void *token) { (void)token; }

pn_host pn_host_lock = {no_release, no_acquire};
double pn_release_threshold = 10000.0;

int pn_numerics_version(void) { return PN_NUMERICS_VERSION; }

/* The pool has no lock: its child handler starts from scratch. */
static void fork_child(void) {
  pn_wait_fork_child();
  pn_memory_fork_done();
  pn_pool_fork_child();
}

static pn_status environment_status = PN_OK;
static char environment_message[256];

static void start_locked(void) {
  pn_dispatch_init();
  pn_memory_start();
  pn_generator_start();
  pn_at_fork(pn_memory_fork_prepare, pn_memory_fork_done, fork_child);
  pn_status status = pn_pool_check_environment();
  if (status == PN_OK) status = pn_dispatch_select(NULL);
  if (status == PN_OK) return;
  environment_status = status;
  snprintf(environment_message, sizeof environment_message, "%s", pn_last_message());
  pn_clear_error();
}

static atomic_bool started;

bool pn_started(void) { return atomic_load_explicit(&started, memory_order_acquire); }

void pn_start(void) {
  static pn_mutex lock = PN_MUTEX_INIT;
  if (pn_started()) return;
  pn_mutex_lock(&lock);
  if (!atomic_load_explicit(&started, memory_order_relaxed)) {
    start_locked();
    atomic_store_explicit(&started, true, memory_order_release);
  }
  pn_mutex_unlock(&lock);
}

/* A bad PYNN_ISA or PYNN_NUM_THREADS leaves a working library with the
 * defaults; every call reports it. */
pn_status pn_init(void) {
  pn_start();
  if (environment_status == PN_OK) return PN_OK;
  return pn_fail(environment_status, "%s", environment_message);
}

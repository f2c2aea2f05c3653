/* The process's half of the allocator: shared lists under one lock, the system
 * behind them, counters, and the hook that makes allocations fail in tests.
 *
 * How much is kept: blocks in shared lists are given back when
 *  - a new block has to come from the system and live + cached bytes would pass
 *    the peak of live bytes by more than SLACK (blocks of sizes that are not
 *    used any more make room for those that are), or
 *  - the lists hold more than an eighth of the machine's memory or 1 GB,
 * those of the size first that has served nobody for the longest time.
 * A loop that allocates and frees the same sizes stays below both, so it never
 * returns memory inside the loop. */
#include "runtime/memory.h"

#define SLACK ((int64_t)32 << 20)
#define CACHE_MOST ((int64_t)1 << 30)

static pn_mutex lock = PN_MUTEX_INIT;
/* all guarded by the lock */
static pn_block *head[PN_CLASSES];
static int64_t last_use[PN_CLASSES]; /* when a block was last taken, in takes */
static int64_t takes;
static int64_t cached_bytes;
static int64_t cache_limit;
static int64_t retired_allocations;
static pn_thread_cache *caches;
/* written by any thread */
static _Atomic int64_t live_bytes, peak_bytes;

void pn_memory_fork_prepare(void) { pn_mutex_lock(&lock); }
void pn_memory_fork_done(void) { pn_mutex_unlock(&lock); }

void pn_shared_report(int64_t bytes) {
  int64_t now = atomic_fetch_add_explicit(&live_bytes, bytes, memory_order_relaxed) + bytes;
  int64_t peak = atomic_load_explicit(&peak_bytes, memory_order_relaxed);
  while (now > peak && !atomic_compare_exchange_weak_explicit(
                           &peak_bytes, &peak, now, memory_order_relaxed, memory_order_relaxed)) {
  }
}

/* ---- the system ---------------------------------------------------------- */
static size_t footprint(int size_class) { return sizeof(pn_block) + pn_class_bytes(size_class); }

static void *system_alloc(int size_class) {
  size_t bytes = footprint(size_class);
  return size_class < PN_SMALL_CLASSES ? pn_heap_alloc(bytes) : pn_pages_map(bytes);
}

static void system_free(pn_block *b) {
  int k = b->size_class;
#if PN_ASAN
  __asan_unpoison_memory_region(b + 1, b->bytes);
#endif
  if (k < PN_SMALL_CLASSES) {
    pn_heap_free(b);
  } else {
    pn_pages_unmap(b, footprint(k));
  }
}

static void system_free_list(pn_block *b) {
  while (b) {
    pn_block *next = b->next;
    system_free(b);
    b = next;
  }
}

/* The class that has served nobody for the longest time; of equals the largest. */
static int stalest_locked(void) {
  int stalest = -1;
  for (int k = 0; k < PN_CLASSES; k++)
    if (head[k] && (stalest < 0 || last_use[k] <= last_use[stalest])) stalest = k;
  return stalest;
}

/* With the lock held: unlinks blocks until at most `keep` bytes are cached; the
 * caller frees them after unlocking. */
static pn_block *evict_locked(int64_t keep) {
  pn_block *out = NULL;
  while (cached_bytes > keep) {
    int k = stalest_locked();
    while (head[k] && cached_bytes > keep) {
      pn_block *b = head[k];
      head[k] = b->next;
      cached_bytes -= (int64_t)b->bytes;
      b->next = out;
      out = b;
    }
  }
  return out;
}

static int64_t limit_locked(void) {
  if (!cache_limit) {
    int64_t machine = pn_physical_memory();
    cache_limit = machine > 0 && machine / 8 < CACHE_MOST ? machine / 8 : CACHE_MOST;
  }
  return cache_limit;
}

pn_block *pn_shared_new_block(int size_class) {
  int64_t bytes = (int64_t)pn_class_bytes(size_class);
  int64_t live = atomic_load_explicit(&live_bytes, memory_order_relaxed);
  int64_t peak = atomic_load_explicit(&peak_bytes, memory_order_relaxed);
  int64_t keep = pn_max64(peak, live + bytes) + SLACK - live - bytes;
  pn_mutex_lock(&lock);
  pn_block *evicted = evict_locked(pn_max64(keep, 0));
  pn_mutex_unlock(&lock);
  system_free_list(evicted);
  pn_block *b = system_alloc(size_class);
  if (!b) {
    pn_shared_release_all();
    b = system_alloc(size_class);
  }
  if (!b) return NULL;
  b->next = NULL;
  b->bytes = (size_t)bytes;
  b->size_class = size_class;
  pn_poison(b);
  return b;
}

/* ---- lists --------------------------------------------------------------- */
static void give_locked(int size_class, pn_block *list, int32_t n) {
  pn_block *last = list;
  while (last->next) last = last->next;
  last->next = head[size_class];
  head[size_class] = list;
  cached_bytes += (int64_t)pn_class_bytes(size_class) * n;
}

void pn_shared_give(int size_class, pn_block *list, int32_t n) {
  pn_mutex_lock(&lock);
  give_locked(size_class, list, n);
  pn_block *evicted = evict_locked(limit_locked());
  pn_mutex_unlock(&lock);
  system_free_list(evicted);
}

pn_block *pn_shared_take(int size_class, int more, pn_block **list, int32_t *taken) {
  pn_mutex_lock(&lock);
  pn_block *first = head[size_class];
  last_use[size_class] = ++takes;
  if (first) {
    pn_block *rest = first->next, *last = NULL;
    *list = rest;
    for (pn_block *b = rest; b && *taken < more; b = b->next) {
      last = b;
      ++*taken;
    }
    head[size_class] = last ? last->next : rest;
    if (last) {
      last->next = NULL;
    } else {
      *list = NULL;
    }
    cached_bytes -= (int64_t)first->bytes * (1 + *taken);
  }
  pn_mutex_unlock(&lock);
  return first;
}

void pn_shared_release_all(void) {
  pn_mutex_lock(&lock);
  pn_block *evicted = evict_locked(0);
  pn_mutex_unlock(&lock);
  system_free_list(evicted);
}

/* ---- caches of threads --------------------------------------------------- */
void pn_shared_enroll(pn_thread_cache *c) {
  pn_mutex_lock(&lock);
  c->following = caches;
  if (caches) caches->previous = c;
  caches = c;
  pn_mutex_unlock(&lock);
}

void pn_shared_empty_cache(pn_thread_cache *c) {
  for (int k = 0; k < PN_SMALL_CLASSES; k++) {
    int32_t n = atomic_load_explicit(&c->list[k].count, memory_order_relaxed);
    pn_block *list = c->list[k].head;
    c->list[k].head = NULL;
    atomic_store_explicit(&c->list[k].count, 0, memory_order_relaxed);
    if (list) pn_shared_give(k, list, n);
  }
}

void pn_shared_retire(pn_thread_cache *c) {
  pn_shared_empty_cache(c);
  pn_shared_report(atomic_load_explicit(&c->live, memory_order_relaxed) -
                   atomic_load_explicit(&c->reported, memory_order_relaxed));
  pn_mutex_lock(&lock);
  retired_allocations += atomic_load_explicit(&c->allocations, memory_order_relaxed);
  if (c->previous) {
    c->previous->following = c->following;
  } else {
    caches = c->following;
  }
  if (c->following) c->following->previous = c->previous;
  pn_mutex_unlock(&lock);
  pn_heap_free(c);
}

void pn_memory_get_stats(pn_memory_stats *s) {
  *s = (pn_memory_stats){0};
  pn_mutex_lock(&lock);
  s->cached_bytes = cached_bytes;
  s->allocations = retired_allocations;
  int64_t live = atomic_load_explicit(&live_bytes, memory_order_relaxed);
  for (pn_thread_cache *c = caches; c; c = c->following) {
    s->allocations += atomic_load_explicit(&c->allocations, memory_order_relaxed);
    live += atomic_load_explicit(&c->live, memory_order_relaxed) -
            atomic_load_explicit(&c->reported, memory_order_relaxed);
    for (int k = 0; k < PN_SMALL_CLASSES; k++)
      s->cached_bytes += (int64_t)pn_class_bytes(k) *
                         atomic_load_explicit(&c->list[k].count, memory_order_relaxed);
  }
  pn_mutex_unlock(&lock);
  s->live_bytes = live;
  s->peak_bytes = pn_max64(atomic_load_explicit(&peak_bytes, memory_order_relaxed), live);
}

/* ---- tests --------------------------------------------------------------- */
atomic_bool pn_shared_fail_armed;
static _Atomic int64_t fail_countdown;
static atomic_bool fail_persistent;

void pn_memory_fail_at(int64_t n, bool persistent) {
  atomic_store(&fail_countdown, n);
  atomic_store(&fail_persistent, persistent);
  atomic_store(&pn_shared_fail_armed, n > 0);
}

bool pn_shared_injected_failure(void) {
  if (!atomic_load(&pn_shared_fail_armed)) return false;
  int64_t left = atomic_fetch_sub(&fail_countdown, 1) - 1;
  if (left > 0) return false;
  if (!atomic_load(&fail_persistent)) atomic_store(&pn_shared_fail_armed, false);
  return left == 0 || atomic_load(&fail_persistent);
}

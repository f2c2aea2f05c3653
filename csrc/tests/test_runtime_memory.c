/* The allocator. */
#include <string.h>

#include "runtime/memory.h"
#include "tests/support.h"
#include "tests/test.h"

static int64_t live_bytes(void) {
  pn_memory_stats s;
  pn_memory_get_stats(&s);
  return s.live_bytes;
}

static void test_classes(void) {
  for (int k = 1; k < PN_CLASSES; k++) CHECK(pn_class_bytes(k) > pn_class_bytes(k - 1));
  CHECK(pn_class_of(PN_SMALL_BYTES) == PN_SMALL_CLASSES - 1);
  CHECK(pn_class_of(PN_SMALL_BYTES + 1) == PN_SMALL_CLASSES);
  CHECK(pn_class_of(PN_MAX_BYTES) < PN_CLASSES);
  CHECK(pn_class_of(0) == 0 && pn_class_of(1) == 0 && pn_class_of(64) == 0 && pn_class_of(65) == 1);
  for (int k = 0; k < PN_CLASSES - 4; k++) {
    size_t bytes = pn_class_bytes(k);
    CHECK_MSG(pn_class_of(bytes) == k && pn_class_of(bytes + 1) == k + 1, "class %d", k);
    if (k >= 8) CHECK(pn_class_bytes(k) - pn_class_bytes(k - 1) <= bytes / 5 + PN_ALIGN);
  }
}

static void test_blocks(void) {
  static const size_t sizes[] = {
      0, 1, 63, 64, 65, 511, 512, 513, 4096, 100000, 1 << 20, (1 << 20) + 1, 3 << 20, 40 << 20};
  enum { N = sizeof sizes / sizeof sizes[0] };
  unsigned char *p[N];
  int64_t before = live_bytes();
  for (int i = 0; i < N; i++) {
    p[i] = pn_alloc(sizes[i]);
    CHECK(p[i] != NULL && (uintptr_t)p[i] % PN_ALIGN == 0);
    CHECK(pn_alloc_size(p[i]) >= sizes[i]);
    memset(p[i], i + 1, sizes[i]);
  }
  for (int i = 0; i < N; i++)
    CHECK(sizes[i] == 0 || (p[i][0] == i + 1 && p[i][sizes[i] - 1] == i + 1));
  CHECK(live_bytes() - before >= 44 << 20);
  for (int i = 0; i < N; i++) pn_free(p[i]);
  CHECK(live_bytes() == before);
  for (int i = N - 1; i >= 0; i--) {
    void *again = pn_alloc(sizes[i]);
    CHECK_MSG(again != NULL, "%zu bytes", sizes[i]);
    if (sizes[i] > 513) CHECK(again == p[i]); /* the cache gave it back */
    pn_free(again);
  }
  pn_free(NULL);
  CHECK(pn_alloc_size(NULL) == 0);
}

/* More blocks than a thread's list holds, twice: the second round is reuse. */
static void test_many(void) {
  enum { N = 5000 };
  static void *p[N];
  pn_memory_stats before, after;
  pn_memory_get_stats(&before);
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < N; i++) {
      p[i] = pn_alloc(200);
      memset(p[i], i & 255, 200);
    }
    for (int i = 0; i < N; i++) CHECK(((unsigned char *)p[i])[199] == (i & 255));
    for (int i = 0; i < N; i++) pn_free(p[(i * 7) % N]);
    pn_memory_get_stats(&after);
    CHECK(after.live_bytes == before.live_bytes);
    CHECK(after.allocations - before.allocations == (round + 1) * (int64_t)N);
    CHECK(after.cached_bytes < before.cached_bytes + N * 256 + (1 << 20));
  }
}

/* ---- threads ------------------------------------------------------------- */
enum { SHARED = 2000 };
static void *shared[SHARED];

static void allocate_shared(void *size) {
  for (int i = 0; i < SHARED; i++) {
    shared[i] = pn_alloc(*(size_t *)size);
    if (shared[i]) memset(shared[i], 0x5a, *(size_t *)size);
  }
}

static void free_shared(void *unused) {
  for (int i = 0; i < SHARED; i++) pn_free(shared[i]);
}

static void free_then_allocate(void *unused) {
  free_shared(NULL); /* this thread has no cache yet */
  void *p = pn_scratch(1000);
  CHECK(p != NULL);
}

static void test_threads(void) {
  static size_t sizes[] = {64, 3000, (1 << 20) + 5};
  int64_t before = live_bytes();
  for (int k = 0; k < 2; k++) {
    run_in_thread(allocate_shared, &sizes[k]);
    CHECK(live_bytes() - before >= SHARED * (int64_t)sizes[k]);
    for (int i = 0; i < SHARED; i++)
      CHECK(shared[i] && ((unsigned char *)shared[i])[sizes[k] - 1] == 0x5a);
    run_in_thread(k ? free_then_allocate : free_shared, NULL);
    CHECK(live_bytes() == before);
    allocate_shared(&sizes[k]);
    run_in_thread(free_shared, NULL);
    CHECK(live_bytes() == before);
  }
}

/* Two threads that pass blocks to each other while others come and go. */
static _Atomic(void *) mailbox[64];

static void exchange_blocks(void *seed) {
  uint32_t x = (uint32_t)(uintptr_t)seed;
  for (int i = 0; i < 20000; i++) {
    x = x * 1664525u + 1013904223u;
    size_t bytes = (x >> 8) % (x >> 30 ? 600u : 60000u);
    unsigned char *mine = pn_alloc(bytes + 1);
    mine[0] = mine[bytes] = (unsigned char)bytes;
    unsigned char *theirs = atomic_exchange(&mailbox[x % 64], mine);
    if (theirs) pn_free(theirs);
  }
}

static void test_exchange(void) {
  int64_t before = live_bytes();
  pn_thread t[3];
  for (int i = 0; i < 3; i++)
    CHECK(pn_thread_start(&t[i], exchange_blocks, (void *)(uintptr_t)(i + 1)));
  for (int i = 0; i < 20; i++) pn_memory_trim();
  for (int i = 0; i < 3; i++) pn_thread_join(t[i]);
  for (int i = 0; i < 64; i++) pn_free(atomic_exchange(&mailbox[i], NULL));
  CHECK(live_bytes() == before);
}

/* ---- failure ------------------------------------------------------------- */
static void test_failure(void) {
  CHECK(pn_alloc(SIZE_MAX) == NULL && pn_last_status() == PN_MEMORY_ERROR);
  CHECK(pn_alloc(PN_MAX_BYTES + 1) == NULL && pn_alloc(SIZE_MAX - 63) == NULL);
  pn_clear_error();
  CHECK(pn_alloc((size_t)INT64_MAX) == NULL);
  CHECK(strstr(pn_last_message(), "9223372036854775807") != NULL);
  for (int n = 1; n <= 5; n++) {
    pn_memory_fail_at(n, false);
    for (int i = 1; i <= 7; i++) {
      pn_clear_error();
      void *p = pn_alloc((size_t)1 << (4 * (i % 6)));
      CHECK_MSG((p == NULL) == (i == n), "fail_at %d, allocation %d", n, i);
      CHECK((pn_last_status() == PN_MEMORY_ERROR) == (p == NULL));
      pn_free(p);
    }
    pn_memory_fail_at(n, true);
    for (int i = 1; i <= 7; i++) {
      void *p = pn_alloc(100);
      CHECK((p == NULL) == (i >= n));
      pn_free(p);
    }
  }
  pn_memory_fail_at(1, true);
  CHECK(pn_scratch((size_t)9 << 20) == NULL);
  pn_memory_fail_at(0, false);
  CHECK(pn_scratch((size_t)9 << 20) != NULL);
  pn_clear_error();
}

static void test_scratch(void) {
  char *a = pn_scratch(1000);
  CHECK(a != NULL && (uintptr_t)a % PN_ALIGN == 0);
  CHECK(pn_scratch(10) == a && pn_scratch(0) == a);
  char *b = pn_scratch((size_t)20 << 20);
  memset(b, 1, (size_t)20 << 20);
  CHECK(pn_scratch(1000) == b);
}

/* What is used stays, what was used long ago goes, whatever their sizes. */
static void test_eviction(void) {
  enum { OLD = 100, NEW = 10 };
  static void *old[OLD], *new[NEW];
  for (int i = 0; i < OLD; i++) old[i] = pn_alloc((size_t)3 << 19); /* 150 MB */
  for (int i = 0; i < OLD; i++) pn_free(old[i]);
  void *used = pn_alloc((size_t)6 << 20), *again = used;
  pn_free(used);
  for (int i = 0; i < NEW; i++) {
    new[i] = pn_alloc((size_t)(8 + i) << 20); /* 125 MB, and they are kept */
    again = pn_alloc((size_t)6 << 20);
    CHECK(again == used);
    pn_free(again);
  }
  for (int i = 0; i < NEW; i++) pn_free(new[i]);
}

static void test_limits(void) {
  pn_memory_stats s;
  pn_pool_shutdown();
  void *p = pn_alloc((size_t)64 << 20);
  memset(p, 1, (size_t)64 << 20);
  pn_memory_get_stats(&s);
  CHECK(s.peak_bytes >= s.live_bytes && s.live_bytes >= 64 << 20);
  pn_free(p);
  pn_memory_get_stats(&s);
  CHECK(s.cached_bytes >= 64 << 20 && s.peak_bytes >= 64 << 20);
  int64_t peak = s.peak_bytes;
  /* Other sizes: the old block makes room instead of adding up. */
  for (int i = 1; i < 60; i++) pn_free(pn_alloc(((size_t)3 << 20) + (size_t)i * (1 << 20)));
  pn_memory_get_stats(&s);
  CHECK_MSG(s.live_bytes + s.cached_bytes <= peak + (48 << 20), "%" PRId64, s.cached_bytes);
  test_eviction();
  pn_memory_trim();
  pn_memory_get_stats(&s);
  CHECK_MSG(s.cached_bytes == 0, "%" PRId64, s.cached_bytes);
}

#if PN_ASAN
static void test_guards(void) {
  char *p = pn_alloc(104), *q = pn_alloc((3 << 20) + 8);
  CHECK(!__asan_address_is_poisoned(p + 103) && __asan_address_is_poisoned(p + 104));
  CHECK(!__asan_address_is_poisoned(q + (3 << 20)) &&
        __asan_address_is_poisoned(q + (3 << 20) + 8));
  pn_free(p);
  pn_free(q);
  CHECK(__asan_address_is_poisoned(p) && __asan_address_is_poisoned(q));
}
#else
static void test_guards(void) {}
#endif

void suite_memory(void) {
  test_classes();
  test_blocks();
  test_many();
  test_threads();
  test_exchange();
  test_failure();
  test_scratch();
  test_limits();
  test_guards();
}

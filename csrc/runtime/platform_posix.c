/* The platform layer for Linux (glibc, musl), macOS and the BSDs. */
#if !defined(_WIN32)
#define _GNU_SOURCE /* sched_getcpu, sched_getaffinity, MAP_ANONYMOUS */

#include "runtime/platform.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "runtime/internal.h"

#if defined(__linux__)
#include <sys/syscall.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

void pn_mutex_lock(pn_mutex *m) { pthread_mutex_lock(&m->lock); }
bool pn_mutex_trylock(pn_mutex *m) { return pthread_mutex_trylock(&m->lock) == 0; }
void pn_mutex_unlock(pn_mutex *m) { pthread_mutex_unlock(&m->lock); }

/* ---- waiting ------------------------------------------------------------- */
/* PN_NO_FUTEX builds the portable form on Linux too, for its tests. */
#if defined(__linux__) && !defined(PN_NO_FUTEX)
/* The kernel's numbers: linux/futex.h is not there on every system that can
 * compile C (Alpine without linux-headers). */
enum { WAIT = 0, WAKE = 1, PRIVATE = 128 };

static void futex(_Atomic uint32_t *word, int op, uint32_t value) {
  syscall(SYS_futex, (void *)word, op | PRIVATE, value, NULL, NULL, 0);
}

void pn_wait(_Atomic uint32_t *word, uint32_t expected) { futex(word, WAIT, expected); }
void pn_wake_one(_Atomic uint32_t *word) { futex(word, WAKE, 1); }
void pn_wake_all(_Atomic uint32_t *word) { futex(word, WAKE, 0x7fffffff); }
void pn_wait_fork_child(void) {}

#else
/* Words share a few lock and condition pairs; a waker changes the word before
 * it takes the lock, so a waiter either sees the change or is woken. */
enum { WAIT_BUCKETS = 16 };
typedef struct wait_bucket {
  pthread_mutex_t lock;
  pthread_cond_t changed;
} wait_bucket;
#define BUCKET \
  { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER }
#define BUCKETS4 BUCKET, BUCKET, BUCKET, BUCKET
static wait_bucket buckets[WAIT_BUCKETS] = {BUCKETS4, BUCKETS4, BUCKETS4, BUCKETS4};

static wait_bucket *bucket_of(_Atomic uint32_t *word) {
  return &buckets[((uintptr_t)word >> 6) % WAIT_BUCKETS];
}

void pn_wait(_Atomic uint32_t *word, uint32_t expected) {
  wait_bucket *b = bucket_of(word);
  pthread_mutex_lock(&b->lock);
  if (atomic_load_explicit(word, memory_order_relaxed) == expected)
    pthread_cond_wait(&b->changed, &b->lock);
  pthread_mutex_unlock(&b->lock);
}

/* Other words may share the bucket: all of its waiters look again. */
void pn_wake_all(_Atomic uint32_t *word) {
  wait_bucket *b = bucket_of(word);
  pthread_mutex_lock(&b->lock);
  pthread_cond_broadcast(&b->changed);
  pthread_mutex_unlock(&b->lock);
}

void pn_wake_one(_Atomic uint32_t *word) { pn_wake_all(word); }

void pn_wait_fork_child(void) {
  for (int i = 0; i < WAIT_BUCKETS; i++) {
    wait_bucket fresh = BUCKET;
    buckets[i] = fresh;
  }
}
#endif

/* ---- threads ------------------------------------------------------------- */
typedef struct thread_start {
  void (*fn)(void *);
  void *arg;
} thread_start;

/* A thread inherits its creator's control word; a creator that flushes
 * denormals (some library switched it on) must not make results depend on
 * which thread computed them. */
static void default_floating_point(void) {
#if defined(__x86_64__)
  unsigned mxcsr = 0x1f80;
  __asm__ __volatile__("ldmxcsr %0" : : "m"(mxcsr));
#elif defined(__aarch64__)
  uint64_t fpcr = 0;
  __asm__ __volatile__("msr fpcr, %0" : : "r"(fpcr));
#endif
}

static void *thread_main(void *p) {
  thread_start start = *(thread_start *)p;
  free(p);
  default_floating_point();
#if defined(__linux__)
  pthread_setname_np(pthread_self(), "pynn-worker");
#elif defined(__APPLE__)
  pthread_setname_np("pynn-worker");
#endif
  start.fn(start.arg);
  return NULL;
}

bool pn_thread_start(pn_thread *t, void (*fn)(void *), void *arg) {
  thread_start *start = malloc(sizeof *start);
  pthread_attr_t attr;
  if (!start) return false;
  if (pthread_attr_init(&attr) != 0) {
    free(start);
    return false;
  }
  *start = (thread_start){fn, arg};
  pthread_attr_setstacksize(&attr, (size_t)2 << 20);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  int failed = pthread_create(&thread, &attr, thread_main, start);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attr);
  if (failed) {
    free(start);
    return false;
  }
  t->handle = (uintptr_t)thread;
  return true;
}

void pn_thread_join(pn_thread t) { pthread_join((pthread_t)t.handle, NULL); }
void pn_thread_yield(void) { sched_yield(); }

void pn_thread_sleep(double seconds) {
  struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
  nanosleep(&t, NULL);
}

static pthread_key_t exit_key;
static bool has_exit_key;

void pn_thread_exit_function(void (*fn)(void *)) {
  has_exit_key = pthread_key_create(&exit_key, fn) == 0;
}

bool pn_thread_at_exit(void *value) {
  return has_exit_key && pthread_setspecific(exit_key, value) == 0;
}

int pn_current_cpu(void) {
#if defined(__linux__)
  return sched_getcpu();
#else
  return -1;
#endif
}

void pn_at_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void)) {
  pthread_atfork(prepare, parent, child);
}

/* ---- memory -------------------------------------------------------------- */
void *pn_heap_alloc(size_t bytes) {
  void *p;
  return posix_memalign(&p, 64, bytes) == 0 ? p : NULL;
}

void pn_heap_free(void *p) { free(p); }

/* First touch of 64 MB: 27-36 ms with huge pages, 111-125 ms with 4 KB pages
 * (Zen 4 virtual machine); 2.5 ms when the block comes from the cache. */
void *pn_pages_map(size_t bytes) {
  size_t align = bytes >= PN_HUGE_PAGE ? PN_HUGE_PAGE : 0;
  if (bytes > SIZE_MAX - align) return NULL;
  char *p = mmap(NULL, bytes + align, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return NULL;
  if (!align) return p;
  size_t head = (align - (uintptr_t)p % align) % align;
  if (head) munmap(p, head);
  if (align - head) munmap(p + head + bytes, align - head);
#if defined(MADV_HUGEPAGE)
  madvise(p + head, bytes, MADV_HUGEPAGE);
#endif
  return p + head;
}

void pn_pages_unmap(void *p, size_t bytes) { munmap(p, bytes); }

int64_t pn_physical_memory(void) {
#if defined(_SC_PHYS_PAGES)
  int64_t pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? pages * page : 0;
#else
  return 0;
#endif
}

/* ---- the machine --------------------------------------------------------- */
double pn_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int pn_usable_cpus(void) {
  int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
#if defined(__linux__)
  /* The kernel's mask may be wider than cpu_set_t's 1024 processors. */
  for (int room = 1024; room <= 1024 * 64; room *= 4) {
    cpu_set_t *set = CPU_ALLOC((size_t)room);
    if (!set) break;
    size_t bytes = CPU_ALLOC_SIZE((size_t)room);
    int failed = sched_getaffinity(0, bytes, set);
    if (!failed) cpus = CPU_COUNT_S(bytes, set);
    CPU_FREE(set);
    if (!failed || errno != EINVAL) break;
  }
  int quota = pn_cgroup_cpus("/proc/self/cgroup", "/sys/fs/cgroup");
  if (quota > 0 && quota < cpus) cpus = quota;
#endif
  return cpus > 0 ? cpus : 1;
}

bool pn_os_enables_avx512(uint64_t xcr0) {
#if defined(__APPLE__)
  int value = 0;
  size_t bytes = sizeof value;
  (void)xcr0;
  return sysctlbyname("hw.optional.avx512f", &value, &bytes, NULL, 0) == 0 && value;
#else
  return (xcr0 & 0xe6u) == 0xe6u; /* SSE, AVX, opmask, upper ZMM, ZMM16-31 */
#endif
}

uint64_t pn_entropy(void) {
  uint64_t bits = 0;
  FILE *f = fopen("/dev/urandom", "rb");
  size_t got = f ? fread(&bits, sizeof bits, 1, f) : 0;
  if (f) fclose(f);
  if (got != 1) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    bits = (uint64_t)t.tv_sec * 1000000007u ^ (uint64_t)t.tv_nsec << 20 ^ (uint64_t)getpid();
  }
  return bits;
}

#else
typedef int pn_platform_posix_is_empty; /* a translation unit may not be empty */
#endif

/* What differs between operating systems, and nothing else: threads, waiting,
 * pages, time, processors, fork.  platform_posix.c (Linux with glibc or musl,
 * macOS, BSD) and platform_windows.c implement it; only they include system
 * headers beyond the C library's (and pthread.h for the mutex below). */
#ifndef PN_PLATFORM_H
#define PN_PLATFORM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/thread_local.h"

/* ---- mutex: for rare things; zero system calls when uncontended ---------- */
#if defined(_WIN32)
typedef struct pn_mutex {
  void *lock; /* SRWLOCK */
} pn_mutex;
#define PN_MUTEX_INIT \
  { 0 }
#else
#include <pthread.h>
typedef struct pn_mutex {
  pthread_mutex_t lock;
} pn_mutex;
#define PN_MUTEX_INIT \
  { PTHREAD_MUTEX_INITIALIZER }
#endif
void pn_mutex_lock(pn_mutex *m);
bool pn_mutex_trylock(pn_mutex *m);
void pn_mutex_unlock(pn_mutex *m);

/* ---- waiting on a word --------------------------------------------------- */
/* Sleeps while *word == expected; may return early, so callers loop and
 * re-read with acquire order themselves (the wait orders nothing). */
void pn_wait(_Atomic uint32_t *word, uint32_t expected);
void pn_wake_one(_Atomic uint32_t *word);
void pn_wake_all(_Atomic uint32_t *word);

/* ---- threads ------------------------------------------------------------- */
typedef struct pn_thread {
  uintptr_t handle;
} pn_thread;
/* Starts fn(arg) with every signal blocked, a 2 MB stack (musl's default of
 * 128 KB is too little for tiles) and the default floating-point state. */
bool pn_thread_start(pn_thread *t, void (*fn)(void *), void *arg);
void pn_thread_join(pn_thread t);
void pn_thread_yield(void);
void pn_thread_sleep(double seconds);
/* Once, at library start: what to do when a thread ends.  Then, per thread:
 * fn(value) will run at its end; false when the system has no room for it. */
void pn_thread_exit_function(void (*fn)(void *));
bool pn_thread_at_exit(void *value);
/* Processor the caller runs on, -1 where the system cannot say cheaply. */
int pn_current_cpu(void);

/* Hint to the core that this is a spin loop. */
static inline void pn_cpu_relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("isb" ::: "memory"); /* yield is a no-op on most cores */
#else
  __asm__ __volatile__("" ::: "memory");
#endif
}

/* fork: prepare and parent/child run in the forking thread.  Nothing where
 * there is no fork. */
void pn_at_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void));

/* ---- memory -------------------------------------------------------------- */
/* Blocks of the C library's heap, aligned to PN_ALIGN; NULL on failure. */
void *pn_heap_alloc(size_t bytes);
void pn_heap_free(void *p);
/* Whole pages, zeroed on first touch, with huge pages asked for (and the start
 * aligned to them) from PN_HUGE_PAGE bytes up. */
#define PN_HUGE_PAGE ((size_t)2 << 20)
void *pn_pages_map(size_t bytes);
void pn_pages_unmap(void *p, size_t bytes);
int64_t pn_physical_memory(void); /* bytes; 0: unknown */

/* ---- the machine --------------------------------------------------------- */
/* Processors this process may use: affinity, then the container's quota. */
int pn_usable_cpus(void);
/* What the operating system adds to CPUID: macOS switches AVX-512 state on at
 * first use, so XCR0 does not show it there. */
bool pn_os_enables_avx512(uint64_t xcr0);
uint64_t pn_entropy(void);

/* ---- cgroup.c: the quota of Linux control groups ------------------------- */
/* Whole processors that the quota allows, 0 for none.  proc is the text file
 * of /proc/self/cgroup, root the mount point (/sys/fs/cgroup). */
int pn_cgroup_cpus(const char *proc, const char *root);

#endif

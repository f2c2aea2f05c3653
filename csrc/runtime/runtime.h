/* The runtime: everything between the operating system and the operators.
 * It knows no operator.  All functions are thread-safe unless they say not. */
#ifndef PN_RUNTIME_H
#define PN_RUNTIME_H

#include "kernels/table.h"
#include "pn_types.h"

/* ---- errors (error.c): one code per Python exception type ---------------- */
typedef enum pn_status {
  PN_OK = 0,
  PN_VALUE_ERROR,
  PN_TYPE_ERROR,
  PN_INDEX_ERROR,
  PN_RUNTIME_ERROR,
  PN_MEMORY_ERROR,
  PN_OVERFLOW_ERROR,
  PN_BUFFER_ERROR,
  PN_INTERRUPTED, /* a callback into the host language failed; it holds the error */
  PN_STATUS_COUNT
} pn_status;

#if defined(__GNUC__)
#define PN_PRINTF(a, b) __attribute__((format(printf, a, b)))
#else
#define PN_PRINTF(a, b)
#endif
/* Sets the calling thread's last error; returns its code. */
pn_status pn_fail(pn_status code, const char *format, ...) PN_PRINTF(2, 3);
pn_status pn_last_status(void);
const char *pn_last_message(void);
void pn_clear_error(void);
/* PN_TEXT_BYTES of the calling thread's to write a part of a message in; the
 * next PN_TEXT_BUFFERS - 1 calls give others. */
enum { PN_TEXT_BYTES = 200, PN_TEXT_BUFFERS = 4 };
char *pn_text_buffer(void);
const char *pn_status_name(pn_status code); /* "ValueError", ... */

/* ---- checked size arithmetic (error.h is not needed for it) -------------- */
bool pn_mul_ok(int64_t a, int64_t b, int64_t *out); /* false on overflow */
bool pn_add_ok(int64_t a, int64_t b, int64_t *out);

/* ---- CPU and dispatch (cpu.c, dispatch.c) -------------------------------- */
/* Levels from best to worst; the last is always scalar. */
int pn_level_count(void);              /* built into this library */
const char *pn_level_name(int i);      /* i-th built level */
bool pn_level_runnable(int i);         /* CPU and operating system allow it */
const pn_level *pn_active_level(void); /* never NULL; chosen once */
extern const pn_level *pn_active;      /* the same, as a plain load (after pn_init) */
/* name NULL: PYNN_ISA if set, else the best runnable.  An unknown or
 * unrunnable name is PN_VALUE_ERROR and lists those that can run. */
pn_status pn_select_level(const char *name);
bool pn_cpu_has_fma(void);
/* Library start: dispatch and fork handlers; idempotent; starts no thread.
 * PN_VALUE_ERROR for a bad PYNN_ISA or PYNN_NUM_THREADS (the library works on,
 * with its defaults). */
pn_status pn_init(void);
int pn_numerics_version(void); /* PN_NUMERICS_VERSION of the library in memory */

/* ---- memory (memory.c) --------------------------------------------------- */
/* Size-class cache, 64-byte aligned, per-thread lists for small classes; a
 * block may be freed on another thread.  0 bytes gives a valid pointer.
 * Sizes that cannot be had return NULL with PN_MEMORY_ERROR set. */
void *pn_alloc(size_t bytes);
void pn_free(void *p);
size_t pn_alloc_size(const void *p); /* usable bytes of a block */
/* The calling thread's scratch, grown on demand, kept; NULL on failure. */
void *pn_scratch(size_t bytes);
void pn_memory_trim(void); /* gives cached blocks back to the system */
typedef struct pn_memory_stats {
  int64_t live_bytes, peak_bytes, cached_bytes, allocations;
} pn_memory_stats;
void pn_memory_get_stats(pn_memory_stats *s);
/* Tests: the n-th allocation from now fails (n = 1: the next; 0: off);
 * persistent: all after it too. */
void pn_memory_fail_at(int64_t n, bool persistent);

/* ---- thread pool (pool.c) ------------------------------------------------ */
/* Runs fn over [0, units) on up to pn_get_num_threads() threads, the caller
 * among them; returns when all units are done.  Contiguous ranges, then
 * stealing in whole chunks; nested and concurrent calls run on the caller
 * alone.  Every thread gets `scratch` bytes of its own.  Never fails: what a
 * worker cannot do (thread or scratch not to be had) the caller does.
 * caller_scratch is the caller's own scratch block (from pn_scratch). */
void pn_parallel(pn_kernel_fn fn, const pn_args *a, int64_t units, size_t scratch,
                 void *caller_scratch);
/* The same for one phase as its row planned it: work that is not worth a region
 * runs on the caller, and no thread is woken for less than half of
 * pn_parallel_threshold. */
void pn_parallel_work(pn_kernel_fn fn, const pn_args *a, const pn_work *w, void *caller_scratch);
int pn_get_num_threads(void);
pn_status pn_set_num_threads(int n); /* 1..PN_MAX_THREADS */
enum { PN_MAX_THREADS = 256 };
int pn_default_num_threads(void); /* PYNN_NUM_THREADS, affinity, cgroup quota */
/* Work below this (nanoseconds) stays on the caller; measured, see pool.c. */
extern double pn_parallel_threshold;
/* Tests: threshold 0, single-unit chunks, ranges handed out in random order. */
void pn_pool_set_chaos(bool on);
/* Threads that took chunks since the last reset, chunks, parallel regions. */
typedef struct pn_pool_stats {
  int64_t regions, chunks;
  int threads; /* distinct threads that took at least one chunk */
} pn_pool_stats;
void pn_pool_get_stats(pn_pool_stats *s);
void pn_pool_reset_stats(void);
int pn_pool_worker_count(void); /* threads started so far */
/* Joins the workers; they start again when needed.  Not from inside a kernel.
 * Whoever unloads the library calls it; at process exit it is optional, because
 * idle workers touch static memory only. */
void pn_pool_shutdown(void);
/* Tests: no more than n workers can be started (as if the system refused);
 * n < 0: no limit. */
void pn_pool_limit_workers(int n);

/* ---- time and the host (platform.h has the system's side) ---------------- */
double pn_now(void); /* monotonic seconds */
/* The host language's lock: set by the binding, no-ops by default.  release()
 * is called around one record's kernels when its cost is above
 * pn_release_threshold nanoseconds. */
typedef struct pn_host {
  void *(*release)(void);
  void (*acquire)(void *);
} pn_host;
extern pn_host pn_host_lock;
extern double pn_release_threshold;

/* ---- random streams (philox.c) ------------------------------------------- */
/* Philox4x32-10 (Salmon et al. 2011).  Element i of a draw that starts at
 * `offset` uses block (offset + i / 4) (float32) or (offset + i / 2) (float64)
 * of the stream `seed`: the numbers do not depend on threads or lanes. */
typedef struct pn_generator {
  uint64_t seed;
  uint64_t offset; /* in blocks of 128 bits */
} pn_generator;
void pn_generator_seed(pn_generator *g, uint64_t seed);
pn_generator *pn_default_generator(void);

#endif

/* The two halves of the allocator: memory.c (classes, lists of a thread) and
 * memory_shared.c (lists of the process, the system, counters, tests). */
#ifndef PN_MEMORY_H
#define PN_MEMORY_H

#include "runtime/internal.h"

#if defined(__SANITIZE_ADDRESS__)
#define PN_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PN_ASAN 1
#endif
#endif
#ifndef PN_ASAN
#define PN_ASAN 0
#endif
#if PN_ASAN
#include <sanitizer/asan_interface.h>
#endif

#define PN_NOINLINE __attribute__((noinline))

/* In front of the bytes; `next` is used while the block is in a list. */
typedef struct pn_block {
  struct pn_block *next;
  size_t bytes;     /* of its class */
  size_t requested; /* with AddressSanitizer only */
  int32_t size_class;
  char pad[PN_ALIGN - 3 * sizeof(void *) - sizeof(int32_t)];
} pn_block;
_Static_assert(sizeof(pn_block) == PN_ALIGN, "the header keeps the alignment");

/* Class 51 is 1 MB; the last one that size_t arithmetic can hold comfortably is
 * 2^46 bytes, more than any machine has. */
enum { PN_SMALL_CLASSES = 52, PN_CLASSES = 160 };
#define PN_SMALL_BYTES ((size_t)1 << 20)
#define PN_MAX_BYTES ((size_t)1 << 46)

/* A thread's list holds at most so many blocks and (above 2 blocks) bytes. */
#define PN_LIST_BYTES ((size_t)1 << 20)
enum { PN_LIST_BLOCKS = 256 };

/* What error messages are written in (error.c): long enough for two shapes of
 * 8 dimensions and a sentence.  Not thread-local itself: see thread_local.h. */
enum { PN_MESSAGE_BYTES = 1024 };
typedef struct pn_thread_texts {
  char message[PN_MESSAGE_BYTES];
  char buffer[PN_TEXT_BUFFERS][PN_TEXT_BYTES];
  unsigned turn;
} pn_thread_texts;
/* The calling thread's; one for all threads that have no memory for their own. */
pn_thread_texts *pn_thread_text(void);

typedef struct pn_block_list {
  pn_block *head;
  _Atomic int32_t count;
  int32_t limit;
} pn_block_list;

typedef struct pn_thread_cache {
  pn_block_list list[PN_SMALL_CLASSES];
  _Atomic int64_t live;        /* bytes handed out minus taken back, this thread */
  _Atomic int64_t allocations; /* since the thread began */
  _Atomic int64_t reported;    /* part of `live` that the process's counter has */
  void *scratch;
  pn_thread_texts text;
  struct pn_thread_cache *previous, *following; /* all caches of the process */
} pn_thread_cache;

int pn_class_of(size_t bytes);
size_t pn_class_bytes(int size_class);

/* Caches come and go with their threads. */
void pn_shared_enroll(pn_thread_cache *c);
void pn_shared_retire(pn_thread_cache *c); /* lists and counters to the process; frees c */
void pn_shared_empty_cache(pn_thread_cache *c);

/* Lists of the process.  give: n blocks linked by next.  take: one block (or
 * NULL) and up to `more` others as a list. */
void pn_shared_give(int size_class, pn_block *list, int32_t n);
pn_block *pn_shared_take(int size_class, int more, pn_block **list, int32_t *taken);
pn_block *pn_shared_new_block(int size_class); /* from the system; NULL: none to be had */
void pn_shared_release_all(void);
void pn_shared_report(int64_t live_bytes);

/* pn_memory_fail_at */
extern atomic_bool pn_shared_fail_armed;
static inline bool pn_shared_failing(void) {
  return __builtin_expect(atomic_load_explicit(&pn_shared_fail_armed, memory_order_relaxed), 0);
}
bool pn_shared_injected_failure(void);

/* With AddressSanitizer a cached block is forbidden ground, and of a block in
 * use exactly the bytes that were asked for are allowed. */
static inline void pn_poison(pn_block *b) {
#if PN_ASAN
  __asan_poison_memory_region(b + 1, b->bytes);
#else
  (void)b;
#endif
}

static inline void pn_unpoison(pn_block *b, size_t bytes) {
#if PN_ASAN
  b->requested = bytes;
  __asan_unpoison_memory_region(b + 1, bytes);
#else
  (void)b;
  (void)bytes;
#endif
}

static inline size_t pn_usable(const pn_block *b) {
#if PN_ASAN
  return b->requested;
#else
  return b->bytes;
#endif
}

#endif

/* Memory that ends, or begins, at a page that may not be touched: an access
 * one element past either end is a fault. */
#ifndef PN_TEST_GUARD_H
#define PN_TEST_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#include <windows.h>
static inline size_t guard_page(void) { return 65536; }
static inline char *guard_map(size_t bytes) {
  return VirtualAlloc(NULL, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}
static inline bool guard_forbid(char *p, size_t bytes) {
  DWORD old;
  return VirtualProtect(p, bytes, PAGE_NOACCESS, &old) != 0;
}
static inline void guard_free(char *map, size_t bytes) {
  (void)bytes;
  VirtualFree(map, 0, MEM_RELEASE);
}
#else
#include <sys/mman.h>
#include <unistd.h>
static inline size_t guard_page(void) { return (size_t)sysconf(_SC_PAGESIZE); }
static inline char *guard_map(size_t bytes) {
  void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? NULL : p;
}
static inline bool guard_forbid(char *p, size_t bytes) {
  return mprotect(p, bytes, PROT_NONE) == 0;
}
static inline void guard_free(char *map, size_t bytes) { munmap(map, bytes); }
#endif

/* `bytes` (a multiple of the item) that end at a forbidden page, or begin
 * after one; *map and *total are for guard_free.  Aborts when there is no
 * memory: a test without its guards proves nothing. */
static inline char *guard_alloc(size_t bytes, bool at_end, char **map, size_t *total) {
  const size_t page = guard_page(), inner = (bytes + page - 1) / page * page;
  *total = inner + 2 * page;
  *map = guard_map(*total);
  if (!*map) abort();
  memset(*map, 0xA5, *total);
  if (!guard_forbid(*map, page) || !guard_forbid(*map + page + inner, page)) abort();
  return at_end ? *map + page + inner - bytes : *map + page;
}

#endif

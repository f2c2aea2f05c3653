/* A program's own memory: blocks that live as long as the program and its last tensor. */
#include "engine/program.h"

void *pn_pinned_alloc(pn_pinned *m, size_t bytes) {
  void **spare = m->spare.items;
  for (int i = m->spare.count - 1; i >= 0; i--) {
    size_t have = pn_alloc_size(spare[i]);
    if (have < bytes || have > 2 * bytes + 4096) continue;
    void *block = spare[i];
    spare[i] = spare[--m->spare.count];
    return block;
  }
  void *block = pn_alloc(bytes);
  if (!block) return NULL;
  void **entry = pn_list_add(&m->blocks, sizeof *entry);
  if (!entry) {
    pn_free(block);
    return NULL;
  }
  *entry = block;
  m->bytes += pn_alloc_size(block);
  return block;
}

void pn_pinned_free(pn_pinned *m, void *block, size_t bytes) {
  if (!m->recording) return;
  void **entry = pn_list_add(&m->spare, sizeof *entry);
  if (entry) *entry = block; /* without room it just is not reused */
}

bool pn_pinned_dead(const pn_pinned *m, const char *lo, const char *hi) {
  for (int i = 0; i < m->spare.count; i++) {
    const char *block = ((char **)m->spare.items)[i];
    if (lo >= block && hi <= block + pn_alloc_size(block)) return true;
  }
  return false;
}

void pn_pinned_retain(pn_pinned *m) { m->refs++; }
void pn_pinned_release(pn_pinned *m) {
  if (--m->refs) return;
  for (int i = 0; i < m->blocks.count; i++) pn_free(((void **)m->blocks.items)[i]);
  pn_free(m->blocks.items);
  pn_free(m->spare.items);
  pn_free(m);
}

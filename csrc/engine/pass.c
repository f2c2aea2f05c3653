/* The queue of a backward pass: a heap by creation, and a table to find a node's
 * task in it. */
#include "engine/pass.h"

static uint64_t hash(const pn_node *n) {
  return (uint64_t)(uintptr_t)n * 0x9E3779B97F4A7C15u >> 20;
}

/* ---- the heap --------------------------------------------------------------------- */
static pn_status push(pass *p, task *t) {
  if (p->count == p->room) {
    int64_t room = p->room ? 2 * p->room : 32;
    task **h = pn_alloc((size_t)room * sizeof *h);
    if (!h) return pn_last_status();
    if (p->count) memcpy(h, p->heap, (size_t)p->count * sizeof *h);
    pn_free(p->heap);
    p->heap = h;
    p->room = room;
  }
  int64_t i = p->count++;
  for (; i && p->heap[(i - 1) / 2]->node->seq < t->node->seq; i = (i - 1) / 2)
    p->heap[i] = p->heap[(i - 1) / 2];
  p->heap[i] = t;
  return PN_OK;
}

task *pn_pass_pop(pass *p) {
  task *top = p->heap[0], *last = p->heap[--p->count];
  int64_t i = 0;
  for (;;) {
    int64_t c = 2 * i + 1;
    if (c >= p->count) break;
    if (c + 1 < p->count && p->heap[c + 1]->node->seq > p->heap[c]->node->seq) c++;
    if (p->heap[c]->node->seq <= last->node->seq) break;
    p->heap[i] = p->heap[c];
    i = c;
  }
  if (p->count) p->heap[i] = last;
  return top;
}

/* ---- the table node -> task --------------------------------------------------------- */
static pn_status grow(pass *p) {
  int64_t size = p->mask ? 2 * (p->mask + 1) : 64;
  task **t = pn_alloc((size_t)size * sizeof *t);
  if (!t) return pn_last_status();
  memset(t, 0, (size_t)size * sizeof *t);
  for (int64_t i = 0; p->mask && i <= p->mask; i++) {
    if (!p->table[i]) continue;
    uint64_t h = hash(p->table[i]->node);
    while (t[h & (uint64_t)(size - 1)]) h++;
    t[h & (uint64_t)(size - 1)] = p->table[i];
  }
  pn_free(p->table);
  p->table = t;
  p->mask = size - 1;
  return PN_OK;
}

task *pn_pass_task(pass *p, pn_node *n) {
  if (2 * p->used >= p->mask && grow(p)) return NULL;
  uint64_t h = hash(n);
  task **slot;
  while (*(slot = &p->table[h & (uint64_t)p->mask])) {
    if ((*slot)->node == n) return *slot;
    h++;
  }
  task *t = pn_alloc(sizeof *t + (n->nout > 1 ? (size_t)n->nout * sizeof(pn_tensor *) : 0));
  if (!t) return NULL;
  t->node = n;
  t->g1 = NULL;
  t->g = n->nout > 1 ? (pn_tensor **)(t + 1) : &t->g1;
  for (int k = 0; k < n->nout; k++) t->g[k] = NULL;
  if (push(p, t)) {
    pn_free(t);
    return NULL;
  }
  n->refs++;
  *slot = t;
  p->used++;
  return t;
}

void pn_pass_drop(task *t) {
  for (int k = 0; k < t->node->nout; k++) pn_release(t->g[k]);
  t->g[0] = NULL;
}

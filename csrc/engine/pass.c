/* The queue of a backward pass: a heap by creation.  Only nodes that wait are in
 * it (whoever adds to a node was made later and has run), so a node's own list
 * of tasks is all the index it needs. */
#include "engine/pass.h"

#include <stdlib.h>

/* ---- the heap --------------------------------------------------------------------- */
static pn_status push(pass *p, task *t) {
  if (p->count == p->room) {
    int64_t room = 2 * p->room;
    task **h = pn_alloc((size_t)room * sizeof *h);
    if (!h) return pn_last_status();
    memcpy(h, p->heap, (size_t)p->count * sizeof *h);
    if (p->heap != p->first_heap) pn_free(p->heap);
    p->heap = h;
    p->room = room;
  }
  int64_t i = p->count++;
  for (; i && p->heap[(i - 1) / 2]->node->seq < t->node->seq; i = (i - 1) / 2)
    p->heap[i] = p->heap[(i - 1) / 2];
  p->heap[i] = t;
  return PN_OK;
}

static task *pop(pass *p) {
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

/* ---- tasks ------------------------------------------------------------------------ */
static bool is_first(const pass *p, const task *t) {
  return t >= p->first && t < p->first + PN_PASS_TASKS;
}

/* Tasks of nodes with one output are used again; the rest have their own size. */
static task *take(pass *p, int nout) {
  if (nout > 1) return pn_alloc(sizeof(task) + (size_t)nout * sizeof(pn_tensor *));
  task *t = p->spare;
  if (t) {
    p->spare = t->other;
    return t;
  }
  return p->used < PN_PASS_TASKS ? &p->first[p->used++] : pn_alloc(sizeof *t);
}

static void give(pass *p, task *t) {
  if (t->g != &t->g1) {
    pn_free(t);
    return;
  }
  t->other = p->spare;
  p->spare = t;
}

static void unlink_task(task *t) {
  task **at = &t->node->tasks;
  while (*at != t) at = &(*at)->other;
  *at = t->other;
}

task *pn_pass_task(pass *p, pn_node *n) {
  for (task *t = n->tasks; t; t = t->other)
    if (t->owner == p) return t;
  task *t = take(p, n->nout);
  if (!t) return NULL;
  t->node = n;
  t->owner = p;
  t->g1 = NULL;
  t->g = n->nout > 1 ? (pn_tensor **)(t + 1) : &t->g1;
  for (int k = 0; k < n->nout; k++) t->g[k] = NULL;
  if (push(p, t)) {
    give(p, t);
    return NULL;
  }
  t->other = n->tasks;
  n->tasks = t;
  n->refs++;
  return t;
}

task *pn_pass_pop(pass *p) {
  task *t = pop(p);
  unlink_task(t);
  return t;
}

void pn_pass_done(pass *p, task *t) {
  pn_node *n = t->node;
  for (int k = 0; k < n->nout; k++) {
    pn_tensor *g = t->g[k];
    t->g[k] = NULL;
    pn_release(g);
  }
  give(p, t);
  pn_node_release(n);
}

static int by_key(const void *a, const void *b) {
  const wanted *x = a, *y = b;
  if (x->key != y->key) return (uintptr_t)x->key < (uintptr_t)y->key ? -1 : 1;
  return x->i - y->i;
}

pn_status pn_pass_want(pass *p) {
  p->wanted = pn_alloc((size_t)p->ninputs * sizeof *p->wanted);
  if (!p->wanted) return pn_last_status();
  for (int i = 0; i < p->ninputs; i++) {
    pn_tensor *x = p->inputs[i];
    p->wanted[i] = (wanted){x->node ? (const void *)x->node : x, i};
  }
  qsort(p->wanted, (size_t)p->ninputs, sizeof *p->wanted, by_key);
  return PN_OK;
}

int pn_pass_find(const pass *p, const void *key) {
  int lo = 0, hi = p->ninputs;
  while (lo < hi) {
    int mid = lo + (hi - lo) / 2;
    if ((uintptr_t)p->wanted[mid].key < (uintptr_t)key)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo < p->ninputs && p->wanted[lo].key == key ? lo : p->ninputs;
}

void pn_pass_end(pass *p) {
  pn_free(p->wanted);
  while (p->count) pn_pass_done(p, pn_pass_pop(p));
  for (task *t = p->spare, *next; t; t = next) {
    next = t->other;
    if (!is_first(p, t)) pn_free(t);
  }
  for (int64_t i = 0; i < p->nlate; i++) {
    pn_release(p->late[i].leaf);
    pn_release(p->late[i].g);
  }
  pn_free(p->late);
  if (p->heap != p->first_heap) pn_free(p->heap);
}

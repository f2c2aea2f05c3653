/* The state of one backward pass: which nodes have gradients waiting. */
#ifndef PN_PASS_H
#define PN_PASS_H

#include "engine/internal.h"

typedef struct pass pass;

/* Gradients that wait for their node.  A node knows the tasks that passes have
 * for it: one, unless a pass runs inside another or beside it. */
typedef struct pn_task {
  pn_node *node;
  pn_tensor **g; /* per output; inline for one */
  pn_tensor *g1;
  const pass *owner;
  struct pn_task *other; /* of another pass for the same node; or the next spare one */
} task;

typedef struct late {
  pn_tensor *leaf, *g;
} late;

/* Input i of grad(), found by the node that made it, or, of a leaf, by itself. */
typedef struct wanted {
  const void *key;
  int i;
} wanted;

enum { PN_PASS_TASKS = 16 };

struct pass {
  task **heap; /* by seq, greatest first */
  int64_t count, room;
  task *spare; /* tasks that were done */
  int used;    /* of the first ones */
  bool create_graph, retain;
  bool into; /* the gradients of inputs go into their .grad */
  int ninputs;
  pn_tensor **inputs, **out; /* grad() mode */
  wanted *wanted;            /* of every input, sorted: thousands may be asked for */
  uint64_t oldest;           /* nodes made before it lead to none of the inputs */
  late *late;                /* leaves with hooks: their sums, delivered at the end */
  int64_t nlate, late_room;
  /* enough for a small graph: not cleared */
  task *first_heap[PN_PASS_TASKS], first[PN_PASS_TASKS];
};

static inline void pn_pass_begin(pass *p) {
  memset(p, 0, offsetof(pass, first_heap));
  p->heap = p->first_heap;
  p->room = PN_PASS_TASKS;
}
void pn_pass_end(pass *p); /* releases what still waits */

/* Sorts p->wanted; views among the inputs are up to date. */
pn_status pn_pass_want(pass *p);
/* The first place in p->wanted with this key, or p->ninputs. */
int pn_pass_find(const pass *p, const void *key);

/* The task of a node, made and queued if it has none; NULL without memory. */
task *pn_pass_task(pass *p, pn_node *n);
task *pn_pass_pop(pass *p);          /* of the node that was made last; then it is the caller's */
void pn_pass_done(pass *p, task *t); /* a popped one: releases its gradients and its node */

#endif

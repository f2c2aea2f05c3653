/* The state of one backward pass: which nodes have gradients waiting. */
#ifndef PN_PASS_H
#define PN_PASS_H

#include "engine/internal.h"

typedef struct task {
  pn_node *node;
  pn_tensor **g; /* per output; inline for one */
  pn_tensor *g1;
} task;

typedef struct late {
  pn_tensor *leaf, *g;
} late;

typedef struct pass {
  task **heap; /* by seq, greatest first */
  int64_t count, room;
  task **table; /* open addressing by node */
  int64_t mask, used;
  bool create_graph, retain;
  bool into; /* the gradients of inputs go into their .grad */
  int ninputs;
  pn_tensor **inputs, **out; /* grad() mode */
  uint64_t oldest;           /* nodes made before it lead to none of the inputs */
  late *late;                /* leaves with hooks: their sums, delivered at the end */
  int64_t nlate, late_room;
} pass;

/* The task of a node, made and queued if it has none; NULL without memory. */
task *pn_pass_task(pass *p, pn_node *n);
task *pn_pass_pop(pass *p); /* of the node that was made last */
void pn_pass_drop(task *t); /* releases its gradients */

#endif

/* Code of the host language that the backward pass calls: gradient hooks, what
 * replaces saved tensors, and a look at the graph. */
#ifndef PN_HOOKS_H
#define PN_HOOKS_H

#include "engine/engine.h"

/* ---- hooks on tensors ------------------------------------------------------- */
typedef enum pn_hook_kind {
  PN_HOOK_GRAD,        /* run(ctx, gradient) gives the gradient that goes on */
  PN_HOOK_ACCUMULATED, /* of a leaf: run(ctx, leaf) once its .grad is complete */
  PN_HOOK_RETAIN       /* the engine's own: retain_grad() */
} pn_hook_kind;
/* A new reference, or NULL: the host holds an exception (PN_INTERRUPTED). */
typedef pn_tensor *(*pn_hook_fn)(void *ctx, pn_tensor *t);
/* Hooks of one tensor run in the order they were added.  A non-leaf's belong to
 * the operator that made it.  release(ctx) is called once, also on failure. */
pn_status pn_add_hook(pn_tensor *t, pn_hook_kind kind, pn_hook_fn run, void (*release)(void *),
                      void *ctx);
/* The ctx of a hook that t has already, or NULL. */
void *pn_hook_context(pn_tensor *t, pn_hook_kind kind);

/* Adds the gradients of the roots to the .grad of these inputs only, leaves or
 * not; else as pn_backward. */
pn_status pn_backward_into(int nroots, pn_tensor **roots, pn_tensor **grads, bool retain_graph,
                           bool create_graph, int ninputs, pn_tensor **inputs);

/* ---- saved tensors ----------------------------------------------------------- */
/* While set (per thread), what operators save goes through pack; what their
 * derivatives ask for comes from unpack, a new reference or NULL with the
 * host's exception.  Leaves that require grad, and tensors that the host never
 * saw, are saved as ever. */
typedef struct pn_saved_hooks {
  void *(*pack)(void *ctx, pn_tensor *t);
  pn_tensor *(*unpack)(void *packed);
  void (*release)(void *packed);
  void *ctx;
} pn_saved_hooks;
const pn_saved_hooks *pn_set_saved_hooks(const pn_saved_hooks *hooks); /* returns the old ones */

/* ---- modes ------------------------------------------------------------------- */
bool pn_inference_mode(void);
bool pn_set_inference_mode(bool on); /* returns the old value; grad mode is set apart */
pn_status pn_detach_(pn_tensor *t);  /* forgets the history, in place */

/* ---- a look at the graph ------------------------------------------------------- */
pn_node *pn_grad_node(pn_tensor *t); /* borrowed; NULL of a leaf */
int pn_node_outputs(const pn_node *n);
void pn_node_keep(pn_node *n);
void pn_node_drop(pn_node *n);
const char *pn_node_label(const pn_node *n);
int pn_node_inputs(const pn_node *n);
/* Where input k came from (borrowed): a node and which output of it, or a leaf;
 * both NULL without gradient. */
void pn_node_input(const pn_node *n, int k, pn_node **from, int *output, pn_tensor **leaf);

#endif

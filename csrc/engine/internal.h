/* What operator files use: running records, the tape, and small helpers.
 *
 * An operator is a shape rule, a record, and a derivative written as a
 * composition of other operators; its file holds all three side by side:
 *
 *   static pn_status exp_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
 *     pn_tensor *y = pn_saved_get(n, 0);           // exp(x)
 *     return pn_give(gin, 0, pn_take2(pn_mul, g, y)) ...
 *   }
 */
#ifndef PN_INTERNAL_H
#define PN_INTERNAL_H

#include <string.h>

#include "engine/engine.h"
#include "kernels/elementwise.h"
#include "runtime/thread_local.h"

/* ---- thread state --------------------------------------------------------- */
typedef struct pn_recording pn_recording;
typedef struct pn_thread {
  bool grad_disabled; /* zero is "enabled": the default of a new thread */
  uint16_t new_flags; /* of the tensors that are made: PN_T_INFERENCE or 0 */
  const struct pn_saved_hooks *saved_hooks;
  pn_recording *recording; /* the capture of this thread, or NULL */
} pn_thread;
extern PN_THREAD_LOCAL pn_thread pn_tls;
extern pn_engine_stats pn_stats;

/* ---- tape ------------------------------------------------------------------ */
typedef struct pn_edge {
  pn_node *node;   /* who made the input, or */
  pn_tensor *leaf; /* the leaf that accumulates; both NULL: no gradient wanted */
  int32_t output;
} pn_edge;

enum { PN_NODE_INPUTS = 4, PN_NODE_SAVED = 5, PN_NODE_INTS = 24 };

/* g: gradient of the output; fill gin[k] (new references) for the inputs that
 * pn_needs(n, k); the rest may stay NULL.  Failing half-way is fine: the tape
 * releases what is there.  A node of several outputs (pn_node_output) finds one
 * gradient each in n->g, NULL where nothing came; g is n->g[0] then. */
typedef pn_status (*pn_backward_fn)(pn_node *n, pn_tensor *g, pn_tensor **gin);
typedef struct pn_op {
  const char *name; /* "AddBackward" */
  pn_backward_fn backward;
} pn_op;

/* An input, or the node's own output: that one is its memory alone (a tensor
 * made of it when it is asked for), or, where that is not the whole of a
 * contiguous storage, an alias without history. */
typedef struct pn_packed pn_packed; /* what the host made of a saved tensor */
typedef struct pn_saved {
  pn_tensor *t;
  pn_storage *memory;
  uint32_t version;
  int32_t output;    /* >= 0: it is this output of the node itself */
  pn_packed *packed; /* instead of t and memory */
} pn_saved;

typedef struct pn_hook {
  struct pn_hook *next;
  int kind, output; /* pn_hook_kind */
  pn_tensor *(*run)(void *ctx, pn_tensor *t);
  void (*release)(void *);
  void *ctx;
  pn_tensor *kept; /* borrowed: whose gradient is retained */
} pn_hook;

typedef struct pn_foreign {
  pn_foreign_run run;
  void (*release)(void *);
  void *ctx;
  char name[64];
} pn_foreign;

struct pn_node {
  int64_t refs;
  uint64_t seq; /* order of creation: the order of the backward pass */
  const pn_op *op;
  pn_foreign *foreign;
  pn_edge *in;     /* = edges, or a block when there are more than PN_NODE_INPUTS */
  pn_saved *saved; /* = saves, or a block (pn_node_reserve) */
  int16_t nin, nsaved, nout;
  bool released; /* saved tensors were freed by a backward pass */
  uint8_t dtype, ndim;
  pn_hook *hooks;        /* of the outputs, and the outputs that keep their gradients */
  pn_tensor **g;         /* while the node runs: the gradients of its outputs */
  struct pn_task *tasks; /* what backward passes have waiting for it (pass.h) */
  pn_node *free_next;
  pn_edge edges[PN_NODE_INPUTS];
  pn_saved saves[PN_NODE_SAVED];
  int64_t shape[PN_MAX_DIMS]; /* of output 0 */
  int64_t i[PN_NODE_INTS];    /* the operator's constants */
  double f[4];
};

/* True if a node must be made for these inputs. */
static inline bool pn_wants_grad(const pn_tensor *t) {
  return !pn_tls.grad_disabled && pn_requires_grad(t);
}
/* Makes out's node with edges to in[0..nin).  NULL on failure. */
pn_node *pn_node_new(const pn_op *op, pn_tensor *out, int nin, pn_tensor *const *in);
pn_node *pn_node1(const pn_op *op, pn_tensor *out, pn_tensor *a);
pn_node *pn_node2(const pn_op *op, pn_tensor *out, pn_tensor *a, pn_tensor *b);
/* Makes out output k >= 1 of the node, in the order of k. */
void pn_node_output(pn_node *n, int k, pn_tensor *out);
/* Room for more than PN_NODE_SAVED saved tensors: before the first is saved. */
pn_status pn_node_reserve(pn_node *n, int saved);
void pn_node_free(pn_node *n); /* what pn_node_release ends with */
static inline void pn_node_release(pn_node *n) {
  if (n && !--n->refs) pn_node_free(n);
}
void pn_node_drop_saved(pn_node *n);
void pn_node_save(pn_node *n, int k, pn_tensor *t);
pn_status pn_node_save_output(pn_node *n, int k, pn_tensor *out);
/* Was anything saved there? */
static inline bool pn_saved_has(const pn_node *n, int k) {
  return n->saved[k].t || n->saved[k].memory || n->saved[k].packed;
}
/* New reference; NULL with an error when it was modified in place or freed. */
pn_tensor *pn_saved_get(pn_node *n, int k);
static inline bool pn_needs(const pn_node *n, int k) { return n->in[k].node || n->in[k].leaf; }
pn_edge pn_edge_of(pn_tensor *t); /* new references; regenerates stale views */
void pn_edge_drop(pn_edge *e);
/* Views: brings t->node up to date with its base. */
pn_status pn_refresh_view(pn_tensor *t);

/* Hooks (hooks.c).  A tensor that leaves its node takes its retention along. */
pn_hook *pn_retain_unlink(pn_tensor *t);
void pn_retain_relink(pn_tensor *t, pn_hook *h);
void pn_hooks_leave(pn_tensor *t); /* t is about to be freed or detached */
void pn_hooks_free(pn_hook *h);
pn_status pn_run_hooks(pn_hook *h, int output, int kind, pn_tensor **t);
/* Of every output that has a gradient; keep: retained gradients too. */
pn_status pn_run_node_hooks(pn_node *n, pn_tensor **g, bool keep);

/* ---- records --------------------------------------------------------------- */
void pn_record_bind(pn_args *a, int slot, pn_tensor *t, bool written);
/* Output and input slots; remembers, while recording, whose memory it is. */
static inline void pn_bind_out(pn_args *a, int slot, pn_tensor *t) {
  a->p[slot] = t->data;
  if (pn_tls.recording) pn_record_bind(a, slot, t, true);
}
static inline void pn_bind(pn_args *a, int slot, pn_tensor *t) {
  a->p[slot] = t->data;
  if (pn_tls.recording) pn_record_bind(a, slot, t, false);
}
/* Read, then written: what a kernel adds to, or writes only sometimes. */
static inline void pn_bind_inout(pn_args *a, int slot, pn_tensor *t) {
  pn_bind(a, slot, t);
  pn_bind_out(a, slot, t);
}
/* Pins memory that a block points to (optimiser segments). */
void pn_record_pin(pn_tensor *t, bool written);
/* Runs a record (and appends it while recording). block_bytes: size of
 * a->block, 0 if NULL.  status: a word that index kernels set, or NULL. */
pn_status pn_run(const pn_row *row, pn_args *a, size_t block_bytes);
pn_status pn_run_checked(const pn_row *row, pn_args *a, size_t block_bytes, int64_t *status);
/* One phase over the pool; work was planned. */
pn_status pn_run_phase(pn_kernel_fn fn, const pn_args *a, const pn_work *w);
/* IndexError if an index kernel noted one in its status words (NULL: fine). */
pn_status pn_check_status(const char *name, const int64_t *status);
pn_status pn_record_append(const pn_row *row, const pn_args *a, size_t block_bytes,
                           int64_t *status);
void pn_record_drop(const pn_args *a); /* it failed: forgets its bindings */
/* Fails with the operator's and the dtype's name. */
pn_status pn_no_kernel(const pn_row *row, int dtype);

/* Releases an output whose history could not be made; NULL, the error stays. */
pn_tensor *pn_discard(pn_tensor *out);

/* ---- tensors --------------------------------------------------------------- */
pn_storage *pn_storage_new(size_t bytes);
void pn_storage_release(pn_storage *s);
/* Contiguous, uninitialised, of t's shape.  Small ones are one block. */
pn_tensor *pn_new_like(const pn_tensor *t, int dtype);
/* The same with two dimensions, not negative. */
pn_tensor *pn_new_matrix(int dtype, int64_t rows, int64_t cols);
/* Whose block a PN_T_INSIDE tensor lies in: its own storage's, unless set_data()
 * has given it another, and then it holds both. */
static inline pn_storage *pn_home(pn_tensor *t) { return (pn_storage *)((char *)t - PN_ALIGN); }
pn_tensor *pn_tensor_new(int dtype, int ndim, const int64_t *shape, const int64_t *stride,
                         pn_storage *storage, void *data); /* takes the storage reference */
/* A view of t with this geometry; offset in elements from t->data. */
pn_tensor *pn_make_view(pn_tensor *t, int ndim, const int64_t *shape, const int64_t *stride,
                        int64_t offset);
static inline void pn_contiguous_strides(int ndim, const int64_t *shape, int64_t *stride) {
  int64_t s = 1;
  for (int i = ndim - 1; i >= 0; i--) {
    stride[i] = s;
    s *= shape[i] > 0 ? shape[i] : 1;
  }
}
pn_status pn_check_shape(int ndim, const int64_t *shape, int64_t *numel);
bool pn_same_shape(const pn_tensor *a, const pn_tensor *b);
bool pn_can_cast(int from,
                 int to); /* in place: floats go into no integers, integers into no bools */
pn_status pn_broadcast(const char *op, const pn_tensor *a, const pn_tensor *b, int *ndim,
                       int64_t *shape);
/* Negative axes count from the end; IndexError names the range. */
pn_status pn_axis(const pn_tensor *t, int axis, int *out);
/* A wrapped scalar as a real 0-d tensor of dtype; others: a new reference. */
pn_tensor *pn_materialize(pn_tensor *t, int dtype);
static inline bool pn_is_wrapped(const pn_tensor *t) { return t->flags & PN_T_WRAPPED; }
int64_t pn_tensor_offset(const pn_tensor *t); /* elements from the storage's first byte */
bool pn_overlaps_itself(const pn_tensor *t);
void pn_extent(const pn_tensor *t, char **lo, char **hi); /* bytes from lo up to hi */
/* May writing out disturb reading in?  (same memory with the same geometry is fine) */
bool pn_memory_conflict(const pn_tensor *out, const pn_tensor *in);
/* bumps the storage's version */
static inline void pn_mark_written(pn_tensor *t) { t->storage->version++; }

/* Elementwise record over out and in[0..nin): fills geometry and binds.
 * outer must live until pn_run returned. */
pn_status pn_ew_run(const pn_row *row, pn_args *a, pn_tensor *out, int nin, pn_tensor **in);
/* An operand in dtype (host scalars stay: the record carries them). */
pn_tensor *pn_ew_operand(pn_tensor *t, int dtype);
/* out = row(a, b) in dtype, without history; out_dtype -1: dtype; dst not NULL:
 * written there. */
pn_tensor *pn_ew_binary(const pn_row *row, pn_tensor *a, pn_tensor *b, int dtype, int out_dtype,
                        pn_tensor *dst);
/* TypeError for storage types, else the dtype; -1 on error. */
int pn_arithmetic_dtype(const char *name, pn_tensor *a, pn_tensor *b);
/* Shape and dtype of inputs 0 and 1 in node->i; constants start at PN_META_FREE. */
enum { PN_META = 2 + PN_MAX_DIMS, PN_META_FREE = 2 * PN_META };
void pn_keep_meta(pn_node *n, int k, const pn_tensor *t);
/* Input k has the output's shape and dtype. */
static inline void pn_keep_same(pn_node *n, int k) { n->i[k * PN_META] = -1; }
pn_status pn_give_back(pn_node *n, pn_tensor **gin, int k, pn_tensor *owned);
pn_status pn_check_writable(pn_tensor *t);
/* For what the host writes, not a record: outside of a recorded program's own
 * memory, which replays reuse, so that the program pins it. */
pn_tensor *pn_empty_constant(int dtype, int ndim, const int64_t *shape);
/* dst = src, broadcast and cast, nothing else: no checks, no history, no version. */
pn_status pn_copy_values(pn_tensor *dst, pn_tensor *src);
pn_status pn_rebase_history(pn_tensor *view, pn_tensor *src);

/* Composition helpers: each consumes the tensors it is given (also when one is
 * NULL because an earlier step failed, in which case it gives NULL). */
typedef pn_tensor *(*pn_unary_fn)(pn_tensor *);
pn_tensor *pn_use1(pn_unary_fn fn, pn_tensor *owned);
pn_tensor *pn_use2(pn_binary_fn fn, pn_tensor *owned_a, pn_tensor *owned_b);
static inline pn_tensor *pn_ref(pn_tensor *t) {
  if (t) pn_retain(t);
  return t;
}
/* gin[k] = t; the status of t. */
static inline pn_status pn_give(pn_tensor **gin, int k, pn_tensor *t) {
  gin[k] = t;
  return t ? PN_OK : pn_last_status();
}

/* A U8 tensor of this many bytes: workspace of one record. */
pn_tensor *pn_workspace(size_t bytes);
/* PN_LOSS_* flags of PN_REDUCE_*. */
uint32_t pn_reduction_flag(int reduction);

/* ---- capture --------------------------------------------------------------- */
/* While recording: a block of the program's memory for a storage's header and
 * data. */
pn_storage *pn_record_storage(size_t bytes);
void pn_pinned_free(pn_pinned *m, void *block, size_t bytes);
pn_pinned *pn_recording_memory(void); /* of this thread's recording, or NULL */
void pn_pinned_retain(pn_pinned *m);
void pn_pinned_release(pn_pinned *m);
/* The gradient of a leaf is about to be read or replaced. */
pn_status pn_record_grad_read(pn_tensor *leaf);
pn_status pn_record_grad_write(pn_tensor *leaf);

#endif

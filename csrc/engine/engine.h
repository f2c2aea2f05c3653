/* The engine's public face: tensors, operators, tape, capture and replay.
 * Knows nothing of Python.  The caller serialises all calls on shared objects
 * (in Python: the GIL); only kernels run without it.
 *
 * Functions that return pn_tensor * return a new reference, or NULL with the
 * thread's last error set (pn_last_status, pn_last_message). */
#ifndef PN_ENGINE_H
#define PN_ENGINE_H

#include "pn_types.h"
#include "runtime/runtime.h"

/* ---- storage and tensor --------------------------------------------------- */
typedef struct pn_pinned pn_pinned; /* a program's private memory */

enum { PN_STORAGE_READONLY = 1, PN_STORAGE_FOREIGN = 2 };

typedef struct pn_storage {
  int64_t refs;
  void *data;
  size_t bytes;
  uint32_t version; /* one per storage; views and detach() share it */
  uint32_t flags;
  pn_pinned *pinned;          /* allocated while recording: the block is the program's */
  void (*release)(void *ctx); /* foreign memory: called once when it dies */
  void *ctx;
} pn_storage;

typedef struct pn_node pn_node;
typedef struct pn_tensor pn_tensor;

enum {
  PN_T_REQUIRES_GRAD = 1,
  PN_T_CONTIGUOUS = 2,
  PN_T_WRAPPED = 4,     /* a host scalar: weak in promotion, no storage */
  PN_T_RETAIN_GRAD = 8, /* a non-leaf that keeps its gradient */
  PN_T_INSIDE = 16,     /* lies in its storage's block, and goes with it */
  PN_T_HOOKED = 32,     /* a leaf with hooks (hooks.h) */
  PN_T_INFERENCE = 64   /* made in inference mode */
};

struct pn_tensor {
  int64_t refs;
  void *py;            /* borrowed: the host language's object, or NULL */
  pn_storage *storage; /* NULL only for wrapped scalars */
  void *data;
  uint8_t dtype, ndim;
  uint16_t flags;
  uint32_t view_version; /* storage version at which `node` was right (views) */
  int64_t numel;
  pn_node *node; /* who made it, or NULL */
  pn_tensor *grad;
  pn_tensor *base; /* of a view: the tensor that owns the history (one level) */
  int32_t node_output;
  uint32_t pad;
  union {
    double f;
    int64_t i;
    struct pn_hook *hooks; /* of a leaf with PN_T_HOOKED */
  } scalar;                /* wrapped scalars */
  int64_t shape[PN_MAX_DIMS];
  int64_t stride[PN_MAX_DIMS]; /* in elements */
};

static inline void pn_retain(pn_tensor *t) { t->refs++; }
void pn_tensor_free(pn_tensor *t); /* what pn_release ends with */
static inline void pn_release(pn_tensor *t) {
  if (t && !--t->refs) pn_tensor_free(t);
}

/* dtypes */
static inline size_t pn_itemsize(int dtype) {
  static const uint8_t sizes[PN_DTYPE_COUNT] = {4, 8, 2, 2, 8, 4, 1, 1, 1};
  return sizes[dtype];
}
const char *pn_dtype_name(int dtype); /* "float32" */
/* any of the four floating types; float32 and float64, what kernels compute in */
static inline bool pn_is_float(int dtype) { return dtype <= PN_F16; }
static inline bool pn_is_real(int dtype) { return dtype <= PN_F64; }
int pn_promote_types(int a, int b);
int pn_result_type(const pn_tensor *a, const pn_tensor *b); /* as torch.result_type */
int pn_default_dtype(void);
pn_status pn_set_default_dtype(int dtype);

/* creation */
pn_tensor *pn_empty(int dtype, int ndim, const int64_t *shape);
pn_tensor *pn_empty_like(const pn_tensor *t, int dtype);
pn_tensor *pn_full(int dtype, int ndim, const int64_t *shape, const pn_tensor *value);
pn_tensor *pn_zeros(int dtype, int ndim, const int64_t *shape);
pn_tensor *pn_arange(int dtype, double start, double step, int64_t n);
pn_tensor *pn_scalar_float(double v); /* wrapped scalars */
pn_tensor *pn_scalar_int(int64_t v);
pn_tensor *pn_scalar_bool(bool v);
/* Shares foreign memory; release(ctx) is called once, also on failure.
 * strides in elements. */
pn_tensor *pn_from_memory(void *data, int dtype, int ndim, const int64_t *shape,
                          const int64_t *stride, bool readonly, void (*release)(void *), void *ctx);
pn_tensor *pn_alias(pn_tensor *t); /* same memory, no history: detach() */
/* t takes over src's memory, shape and dtype and stays the same object; what was
 * saved of it for a backward pass is then refused. */
pn_status pn_set_data(pn_tensor *t, pn_tensor *src);
pn_tensor *pn_clone(pn_tensor *t); /* contiguous copy, differentiable */
pn_tensor *pn_contiguous(pn_tensor *t);
pn_tensor *pn_cast(pn_tensor *t, int dtype);                  /* t itself if it has that dtype */
pn_status pn_item(const pn_tensor *t, double *f, int64_t *i); /* by its dtype */
pn_status pn_data_read(void); /* refused while recording (item, bool, numpy) */
/* "(2, 3)" into a static thread-local buffer (a few can be alive at once). */
const char *pn_shape_text(const pn_tensor *t);
const char *pn_shape_str(int ndim, const int64_t *shape);

/* ---- views ---------------------------------------------------------------- */
pn_tensor *pn_reshape(pn_tensor *t, int ndim, const int64_t *shape); /* one -1; copies if it must */
pn_tensor *pn_view(pn_tensor *t, int ndim, const int64_t *shape);    /* never copies */
pn_tensor *pn_transpose(pn_tensor *t, int d0, int d1);
pn_tensor *pn_permute(pn_tensor *t, int ndim, const int *dims);
pn_tensor *pn_expand(pn_tensor *t, int ndim, const int64_t *shape);
pn_tensor *pn_slice(pn_tensor *t, int dim, int64_t start, int64_t stop, int64_t step);
pn_tensor *pn_select(pn_tensor *t, int dim, int64_t index);
pn_tensor *pn_squeeze(pn_tensor *t, int dim); /* PN_ALL_DIMS: every dimension of size 1 */
pn_tensor *pn_unsqueeze(pn_tensor *t, int dim);
enum { PN_ALL_DIMS = -1000 };

/* ---- elementwise ---------------------------------------------------------- */
pn_tensor *pn_add(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_sub(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_mul(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_div(pn_tensor *a, pn_tensor *b); /* true division */
pn_tensor *pn_pow(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_maximum(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_minimum(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_eq(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_ne(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_lt(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_le(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_gt(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_ge(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_bit_and(pn_tensor *a, pn_tensor *b); /* bool: logical */
pn_tensor *pn_bit_or(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_bit_xor(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_bit_not(pn_tensor *a);
pn_tensor *pn_where(pn_tensor *cond, pn_tensor *a, pn_tensor *b);
pn_tensor *pn_neg(pn_tensor *a);
pn_tensor *pn_abs(pn_tensor *a);
pn_tensor *pn_sign(pn_tensor *a);
pn_tensor *pn_exp(pn_tensor *a);
pn_tensor *pn_log(pn_tensor *a);
pn_tensor *pn_sqrt(pn_tensor *a);
pn_tensor *pn_sigmoid(pn_tensor *a);
pn_tensor *pn_tanh(pn_tensor *a);
pn_tensor *pn_relu(pn_tensor *a);
pn_tensor *pn_leaky_relu(pn_tensor *a, double slope);
pn_tensor *pn_clamp(pn_tensor *a, double lo, double hi); /* -inf, inf: no bound */
/* fused derivatives; operators themselves, with derivatives of their own */
pn_tensor *pn_sigmoid_backward(pn_tensor *g, pn_tensor *y);
pn_tensor *pn_tanh_backward(pn_tensor *g, pn_tensor *y);
pn_tensor *pn_relu_backward(pn_tensor *g, pn_tensor *y);
pn_tensor *pn_leaky_relu_backward(pn_tensor *g, pn_tensor *x, double slope);

/* ---- reductions: axes as a bit mask, 0 = all ------------------------------ */
pn_tensor *pn_sum(pn_tensor *a, uint32_t axes, bool keepdim, int dtype /* -1: by rule */);
pn_tensor *pn_mean(pn_tensor *a, uint32_t axes, bool keepdim);
pn_tensor *pn_var(pn_tensor *a, uint32_t axes, double correction, bool keepdim);
pn_tensor *pn_amax(pn_tensor *a, uint32_t axes, bool keepdim);
pn_tensor *pn_amin(pn_tensor *a, uint32_t axes, bool keepdim);
/* values and indices along one axis */
pn_status pn_max_dim(pn_tensor *a, int axis, bool keepdim, bool is_min, pn_tensor **values,
                     pn_tensor **indices);
/* axis PN_ALL_DIMS: over the flattened tensor */
pn_tensor *pn_argmax(pn_tensor *a, int axis, bool keepdim, bool is_min);
/* Sums over the axes that broadcasting added, so that the shape is `like`'s. */
pn_tensor *pn_sum_to(pn_tensor *a, int ndim, const int64_t *shape);

pn_tensor *pn_softmax(pn_tensor *a, int axis);
pn_tensor *pn_log_softmax(pn_tensor *a, int axis);

/* ---- products ------------------------------------------------------------- */
pn_tensor *pn_matmul(pn_tensor *a, pn_tensor *b); /* as torch.matmul */
/* act(alpha * (a b) + bias): a (M, K), b (K, N), bias (N) or (1, N) or NULL;
 * act is PN_ACT_* of kernels/gemm.h. */
pn_tensor *pn_addmm(pn_tensor *bias, pn_tensor *a, pn_tensor *b, double alpha, int act);
/* x (..., in), weight (out, in), bias (out) or NULL */
pn_tensor *pn_linear(pn_tensor *x, pn_tensor *weight, pn_tensor *bias);

/* ---- indices -------------------------------------------------------------- */
pn_tensor *pn_index_select(pn_tensor *a, int axis, pn_tensor *index);
pn_tensor *pn_gather(pn_tensor *a, int axis, pn_tensor *index);
pn_tensor *pn_index_add(pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src);
pn_tensor *pn_scatter_add(pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src);

/* ---- losses --------------------------------------------------------------- */
enum { PN_REDUCE_NONE, PN_REDUCE_MEAN, PN_REDUCE_SUM };
pn_tensor *pn_mse_loss(pn_tensor *x, pn_tensor *y, int reduction);
pn_tensor *pn_bce_loss(pn_tensor *x, pn_tensor *y, int reduction);
pn_tensor *pn_bce_logits_loss(pn_tensor *x, pn_tensor *y, int reduction);
pn_tensor *pn_cross_entropy(pn_tensor *logits, pn_tensor *target, pn_tensor *weight,
                            int64_t ignore_index, int reduction);

/* ---- random --------------------------------------------------------------- */
pn_tensor *pn_rand(int dtype, int ndim, const int64_t *shape, pn_generator *g);  /* [0, 1) */
pn_tensor *pn_randn(int dtype, int ndim, const int64_t *shape, pn_generator *g); /* N(0, 1) */
pn_tensor *pn_uniform(int dtype, int ndim, const int64_t *shape, pn_generator *g, double low,
                      double high);
pn_tensor *pn_normal(int dtype, int ndim, const int64_t *shape, pn_generator *g, double mean,
                     double std);
/* value with probability p, else 0 */
pn_tensor *pn_bernoulli(int dtype, int ndim, const int64_t *shape, pn_generator *g, double p,
                        double value);

/* ---- in place ------------------------------------------------------------- */
/* dst = src (broadcast, cast); dst's history becomes src's.  A view's base is
 * rebased.  A leaf that requires grad, a read-only or an expanded dst raise. */
pn_status pn_copy_(pn_tensor *dst, pn_tensor *src);
typedef pn_tensor *(*pn_binary_fn)(pn_tensor *, pn_tensor *);
/* a = fn(a, b), for fn one of pn_add, pn_sub, pn_mul, pn_div, pn_pow, ... */
pn_status pn_inplace(pn_binary_fn fn, pn_tensor *a, pn_tensor *b);
/* a = r in place, for the result r of an operation on a: r's dtype must be one
 * that can be cast to a's. */
pn_status pn_assign(pn_tensor *a, pn_tensor *r);

/* ---- autograd -------------------------------------------------------------- */
bool pn_grad_enabled(void);        /* thread-local */
bool pn_set_grad_enabled(bool on); /* returns the old value */
static inline bool pn_requires_grad(const pn_tensor *t) {
  return (t->flags & PN_T_REQUIRES_GRAD) || t->node;
}
pn_status pn_set_requires_grad(pn_tensor *t, bool on);
bool pn_is_leaf(const pn_tensor *t);
const char *pn_node_name(pn_tensor *t); /* of the operator that made t, or NULL */
/* roots[i] gets grads[i] (NULL: ones for a single element).  inputs NULL: the
 * gradients go into the .grad of all leaves; else into out[] (new references;
 * NULL where unreached). */
pn_status pn_backward(int nroots, pn_tensor **roots, pn_tensor **grads, bool retain_graph,
                      bool create_graph, int ninputs, pn_tensor **inputs, pn_tensor **out);
pn_status pn_set_grad(pn_tensor *t, pn_tensor *grad); /* NULL clears */
/* t->grad, borrowed; while recording, the step then depends on it.  Bindings
 * read gradients through this. */
pn_tensor *pn_get_grad(pn_tensor *t);
pn_status pn_retain_grad(pn_tensor *t); /* a non-leaf keeps its gradient too */
/* Foreign nodes: code of the host language on the tape.  run receives one
 * gradient per output (NULL: zero) and fills one per input (new references or
 * NULL); it returns PN_INTERRUPTED when the host holds an exception. */
typedef pn_status (*pn_foreign_run)(void *ctx, int nout, pn_tensor **g, int nin, pn_tensor **gin);
pn_status pn_attach_foreign(const char *name, int nin, pn_tensor **in, int nout, pn_tensor **out,
                            pn_foreign_run run, void (*release)(void *), void *ctx);
/* An alias of t whose history is this output of the node (with recording off:
 * none): what a foreign node's saved outputs are while its run() runs. */
pn_tensor *pn_foreign_output(pn_node *n, int output, pn_tensor *t);

/* ---- capture and replay ---------------------------------------------------- */
typedef struct pn_program pn_program;
/* An input slot's stand-in: the same memory as t, but a storage of its own, so
 * that the recording can tell whose memory a kernel read.  Call fn with it. */
pn_tensor *pn_capture_input(pn_tensor *t);
/* Starts recording on this thread; inputs (from pn_capture_input) are the slots
 * 0..n-1. */
pn_program *pn_capture_begin(int ninputs, pn_tensor **inputs);
bool pn_capturing(void);
/* Ends it.  outputs: what a step hands out (contents are copied out per step). */
pn_status pn_capture_end(pn_program *p, int noutputs, pn_tensor **outputs);
void pn_capture_abort(pn_program *p); /* ends it and frees the program */
void pn_program_free(pn_program *p);
/* Binds input slot i to the memory of t (same dtype, shape, strides: checked). */
pn_status pn_program_bind(pn_program *p, int slot, pn_tensor *t);
/* True if the leaves' gradients are what the recording found, and the ISA level
 * is the one it was recorded on. */
bool pn_program_ready(const pn_program *p);
/* Runs whole steps until `steps` are done or `deadline` (pn_now() seconds, 0:
 * none) has passed; *done counts them.  Without the host's lock; trace[i]
 * (NULL or room for `steps` items of output i, which must be 0-d or any small
 * tensor) receives output i after every step.  scan: byte step by which input
 * slot i advances per step (NULL: none). */
pn_status pn_program_run(pn_program *p, int64_t steps, double deadline, int64_t *done, void **trace,
                         const int64_t *scan);
/* Before the first and after the last step of a replay: versions, .grad. */
pn_status pn_program_enter(pn_program *p);
void pn_program_leave(pn_program *p);
int pn_program_records(const pn_program *p);
const char *pn_program_record_name(const pn_program *p, int i);
size_t pn_program_bytes(const pn_program *p);    /* of its own memory */
int64_t pn_program_replays(const pn_program *p); /* steps replayed so far */

/* ---- debugging ------------------------------------------------------------- */
typedef struct pn_engine_stats {
  int64_t tensors, storages, nodes; /* alive */
  int64_t records;                  /* kernels' records run so far */
} pn_engine_stats;
void pn_engine_get_stats(pn_engine_stats *s);

#endif

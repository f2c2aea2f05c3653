/* The tape: C structs with their own reference counts, freed by a loop (a chain
 * of a million operators must not recurse). */
#include "engine/hooks.h"
#include "engine/internal.h"

static uint64_t next_seq = 1;

static pn_status as_strided_backward(pn_node *n, pn_tensor *g, pn_tensor **gin);
static const pn_op op_as_strided = {"AsStridedBackward", as_strided_backward};
static pn_status copy_slices_backward(pn_node *n, pn_tensor *g, pn_tensor **gin);
static const pn_op op_copy_slices = {"CopySlices", copy_slices_backward};
static pn_status keep_layout(pn_node *n, const pn_tensor *base);

/* ---- life --------------------------------------------------------------------- */
static inline pn_node *node_alloc(const pn_op *op, int nin) {
  pn_node *n = pn_alloc(sizeof *n);
  if (!n) return NULL;
  n->in = n->edges;
  if (nin > PN_NODE_INPUTS) {
    n->in = pn_alloc((size_t)nin * sizeof *n->in);
    if (!n->in) {
      pn_free(n);
      return NULL;
    }
  }
  n->refs = 1;
  n->seq = next_seq++;
  n->op = op;
  n->foreign = NULL;
  n->nin = (int16_t)nin;
  n->saved = n->saves;
  n->nsaved = 0;
  n->nout = 1;
  n->g = NULL;
  n->tasks = NULL;
  n->released = false;
  n->hooks = NULL;
  n->free_next = NULL;
  pn_stats.nodes++;
  return n;
}

void pn_edge_drop(pn_edge *e) {
  if (e->node) pn_node_release(e->node);
  if (e->leaf) pn_release(e->leaf);
  e->node = NULL;
  e->leaf = NULL;
}

/* Releasing a node may release tensors, whose nodes come back here: those are
 * queued and freed by the outermost call. */
static PN_THREAD_LOCAL pn_node *free_queue;
static PN_THREAD_LOCAL bool freeing;

void pn_node_free(pn_node *n) {
  n->free_next = free_queue;
  free_queue = n;
  if (freeing) return;
  freeing = true;
  while ((n = free_queue)) {
    free_queue = n->free_next;
    if (!n->released) pn_node_drop_saved(n);
    for (int k = 0; k < n->nin; k++) pn_edge_drop(&n->in[k]);
    if (n->hooks) pn_hooks_free(n->hooks);
    if (n->foreign) {
      if (n->foreign->release) n->foreign->release(n->foreign->ctx);
      pn_free(n->foreign);
    }
    if (n->in != n->edges) pn_free(n->in);
    if (n->saved != n->saves) pn_free(n->saved);
    pn_free(n);
    pn_stats.nodes--;
  }
  freeing = false;
}

/* ---- edges --------------------------------------------------------------------- */
/* Gives the view t a node that says: these elements of the base. */
static pn_status strided_history(pn_tensor *t) {
  pn_tensor *base = t->base;
  pn_node *n = node_alloc(&op_as_strided, 1);
  if (!n) return pn_last_status();
  n->in[0] = pn_edge_of(base);
  n->dtype = t->dtype;
  n->ndim = t->ndim;
  memcpy(n->shape, t->shape, sizeof n->shape);
  n->i[0] = base->ndim;
  n->i[1] = pn_tensor_offset(t) - pn_tensor_offset(base);
  for (int d = 0; d < base->ndim; d++) n->i[2 + d] = base->shape[d];
  for (int d = 0; d < t->ndim; d++) n->i[2 + PN_MAX_DIMS + d] = t->stride[d];
  pn_hook *kept = pn_retain_unlink(t);
  if (keep_layout(n, base)) {
    pn_node_release(n);
    return pn_last_status();
  }
  pn_node_release(t->node);
  t->node = n;
  t->node_output = 0;
  t->view_version = t->storage->version;
  pn_retain_relink(t, kept);
  return PN_OK;
}

/* A view's history comes from its base: when the storage was written since, the
 * view's own node is stale and is made again. */
pn_status pn_refresh_view(pn_tensor *t) {
  if (!t->base || t->view_version == t->storage->version || !pn_requires_grad(t->base))
    return PN_OK;
  return strided_history(t);
}

/* A view of any geometry, differentiable; offset in elements from t's first. */
static pn_tensor *as_strided(pn_tensor *t, int ndim, const int64_t *shape, const int64_t *stride,
                             int64_t offset) {
  pn_tensor *v = pn_make_view(t, ndim, shape, stride, offset);
  if (!v || !pn_wants_grad(t) || strided_history(v) == PN_OK) return v;
  return pn_discard(v);
}

/* Of a tensor whose history is up to date. */
static inline pn_edge edge_of(pn_tensor *t) {
  pn_edge e = {t->node, NULL, t->node_output};
  if (e.node) {
    e.node->refs++;
  } else if (t->flags & PN_T_REQUIRES_GRAD) {
    e.leaf = t;
    pn_retain(t);
  }
  return e;
}

pn_edge pn_edge_of(pn_tensor *t) {
  if (t->base && pn_refresh_view(t) != PN_OK) return (pn_edge){NULL, NULL, 0};
  return edge_of(t);
}

static inline void node_output(pn_node *n, pn_tensor *out) {
  n->dtype = out->dtype;
  n->ndim = out->ndim;
  memcpy(n->shape, out->shape, sizeof n->shape);
  out->node = n;
  out->node_output = 0;
}

pn_node *pn_node_new(const pn_op *op, pn_tensor *out, int nin, pn_tensor *const *in) {
  pn_node *n = node_alloc(op, nin);
  if (!n) return NULL;
  for (int k = 0; k < nin; k++) {
    if (in[k]->base && pn_refresh_view(in[k])) {
      n->nin = (int16_t)k;
      pn_node_release(n);
      return NULL;
    }
    n->in[k] = edge_of(in[k]);
  }
  node_output(n, out);
  return n;
}

pn_node *pn_node1(const pn_op *op, pn_tensor *out, pn_tensor *a) {
  if (a->base) return pn_node_new(op, out, 1, &a);
  pn_node *n = node_alloc(op, 1);
  if (!n) return NULL;
  n->edges[0] = edge_of(a);
  node_output(n, out);
  return n;
}

pn_node *pn_node2(const pn_op *op, pn_tensor *out, pn_tensor *a, pn_tensor *b) {
  pn_tensor *in[2] = {a, b};
  if (a->base || b->base) return pn_node_new(op, out, 2, in);
  pn_node *n = node_alloc(op, 2);
  if (!n) return NULL;
  n->edges[0] = edge_of(a);
  n->edges[1] = edge_of(b);
  node_output(n, out);
  return n;
}

void pn_node_output(pn_node *n, int k, pn_tensor *out) {
  out->node = n;
  out->node_output = k;
  n->refs++;
  n->nout = (int16_t)(k + 1);
}

/* ---- the layout of a base ------------------------------------------------------------ */
/* A view's geometry is that of its base's memory.  Of a base that is not
 * contiguous the node keeps an alias, for its strides. */
static pn_status keep_layout(pn_node *n, const pn_tensor *base) {
  if (base->flags & PN_T_CONTIGUOUS) return PN_OK;
  pn_tensor *alias = pn_alias((pn_tensor *)base);
  pn_node_save(n, 0, alias);
  pn_release(alias);
  return n->saved[0].t ? PN_OK : pn_last_status();
}

/* Zeros laid out as the base was. */
static pn_tensor *zeros_like_base(pn_node *n, int ndim, const int64_t *shape) {
  const pn_tensor *base = n->nsaved ? n->saved[0].t : NULL;
  if (n->nsaved && !base) return pn_saved_get(n, 0); /* freed: the error */
  if (!base || !base->numel) return pn_zeros(n->dtype, ndim, shape);
  char *lo, *hi;
  int64_t size = (int64_t)pn_itemsize(base->dtype);
  pn_extent(base, &lo, &hi);
  int64_t items = (hi - lo) / size;
  pn_tensor *flat = pn_zeros(n->dtype, 1, &items);
  pn_tensor *z =
      flat ? pn_make_view(flat, ndim, shape, base->stride, ((const char *)base->data - lo) / size)
           : NULL;
  pn_release(flat);
  return z;
}

/* ---- views that were written ------------------------------------------------------- */
/* y = base as_strided: the gradient is scattered into zeros of the base's shape. */
static pn_status as_strided_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *z = zeros_like_base(n, (int)n->i[0], &n->i[2]);
  if (!z) return pn_last_status();
  pn_tensor *v = pn_make_view(z, n->ndim, n->shape, &n->i[2 + PN_MAX_DIMS], n->i[1]);
  pn_status s = v ? pn_copy_(v, g) : pn_last_status();
  pn_release(v);
  if (s) {
    pn_release(z);
    return s;
  }
  return pn_give(gin, 0, z);
}

/* base' = base with a region replaced by src: the region's gradient goes to
 * src, the rest to the old base.  Inputs: 0 the old base, 1 src. */
static pn_status copy_slices_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  int ndim = (int)n->i[0];
  const int64_t *shape = &n->i[2], *stride = &n->i[2 + PN_MAX_DIMS];
  pn_tensor *c = n->nsaved ? zeros_like_base(n, n->ndim, n->shape) : pn_clone(g);
  if (!c) return pn_last_status();
  if (n->nsaved && pn_copy_(c, g)) {
    pn_release(c);
    return pn_last_status();
  }
  pn_tensor *region = as_strided(c, ndim, shape, stride, n->i[1]);
  pn_status s = region ? PN_OK : pn_last_status();
  if (!s && pn_needs(n, 1)) s = pn_give(gin, 1, pn_clone(region));
  if (!s && pn_needs(n, 0)) {
    pn_tensor *zero = pn_scalar_float(0);
    s = zero ? pn_copy_(region, zero) : pn_last_status();
    pn_release(zero);
    if (!s) gin[0] = pn_ref(c);
  }
  pn_release(region);
  pn_release(c);
  return s;
}

pn_status pn_rebase_history(pn_tensor *view, pn_tensor *src) {
  pn_tensor *base = view->base;
  pn_node *n = node_alloc(&op_copy_slices, 2);
  if (!n) return pn_last_status();
  n->in[0] = pn_edge_of(base);
  n->in[1] = pn_edge_of(src);
  n->dtype = base->dtype;
  n->ndim = base->ndim;
  memcpy(n->shape, base->shape, sizeof n->shape);
  n->i[0] = view->ndim;
  n->i[1] = pn_tensor_offset(view) - pn_tensor_offset(base);
  for (int d = 0; d < view->ndim; d++) {
    n->i[2 + d] = view->shape[d];
    n->i[2 + PN_MAX_DIMS + d] = view->stride[d];
  }
  pn_hook *kept = pn_retain_unlink(base);
  if (keep_layout(n, base)) {
    pn_node_release(n);
    return pn_last_status();
  }
  pn_node_release(base->node);
  base->node = n;
  base->node_output = 0;
  pn_retain_relink(base, kept);
  return PN_OK;
}

/* ---- foreign nodes -------------------------------------------------------------------- */
static const pn_op op_foreign = {"ForeignBackward", NULL};

pn_status pn_attach_foreign(const char *name, int nin, pn_tensor **in, int nout, pn_tensor **out,
                            pn_foreign_run run, void (*release)(void *), void *ctx) {
  if (pn_tls.recording) {
    if (release) release(ctx);
    return pn_fail(PN_RUNTIME_ERROR, "%s: code of the host language on the tape cannot be captured",
                   name);
  }
  pn_foreign *f = pn_alloc(sizeof *f);
  pn_node *n = f ? node_alloc(&op_foreign, nin) : NULL;
  if (!n) {
    pn_free(f);
    if (release) release(ctx);
    return pn_last_status();
  }
  *f = (pn_foreign){run, release, ctx, ""};
  strncpy(f->name, name, sizeof f->name - 1);
  n->foreign = f;
  for (int k = 0; k < nin; k++) n->in[k] = pn_edge_of(in[k]);
  n->nout = (int16_t)nout;
  n->dtype = out[0]->dtype;
  n->ndim = out[0]->ndim;
  memcpy(n->shape, out[0]->shape, sizeof n->shape);
  for (int k = 0; k < nout; k++) {
    pn_hook *kept = pn_retain_unlink(out[k]);
    pn_node_release(out[k]->node);
    out[k]->node = n;
    out[k]->node_output = k;
    n->refs++;
    pn_retain_relink(out[k], kept);
  }
  pn_node_release(n);
  return PN_OK;
}

pn_tensor *pn_foreign_output(pn_node *n, int output, pn_tensor *t) {
  pn_tensor *a = pn_alias(t);
  if (!a || pn_tls.grad_disabled) return a;
  a->node = n;
  a->node_output = output;
  n->refs++;
  return a;
}

const char *pn_node_name(pn_tensor *t) {
  if (t->base) pn_refresh_view(t);
  if (!t->node) return NULL;
  return t->node->foreign ? t->node->foreign->name : t->node->op->name;
}

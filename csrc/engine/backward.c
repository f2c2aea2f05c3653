/* The backward pass.  Nodes run in descending order of creation, which is a
 * topological order (edges lead to nodes that existed), so no dependency count
 * is needed, and the gradients of one tensor are added in reverse order of
 * their consumers' creation: the order of the numerics contract. */
#include "engine/internal.h"

typedef struct task {
  pn_node *node;
  pn_tensor **g; /* per output; inline for one */
  pn_tensor *g1;
} task;

typedef struct pass {
  task **heap; /* by seq, greatest first */
  int64_t count, room;
  task **table; /* open addressing by node */
  int64_t mask, used;
  bool create_graph, retain;
  int ninputs;
  pn_tensor **inputs, **out; /* grad() mode */
  uint64_t oldest;           /* nodes made before it lead to none of the inputs */
} pass;

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

static task *task_of(pass *p, pn_node *n) {
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

static void drop(task *t) {
  for (int k = 0; k < t->node->nout; k++) pn_release(t->g[k]);
  t->g[0] = NULL;
}

/* ---- adding gradients ------------------------------------------------------------------ */
/* *sum += g, taking g.  Never in place: an addend may be shared (x + x gives
 * both inputs the same tensor), and while recording buffers are not reused. */
static pn_status add_to(pn_tensor **sum, pn_tensor *g) {
  if (*sum) {
    pn_tensor *s = pn_add(*sum, g);
    pn_release(g);
    if (!s) return pn_last_status();
    pn_release(*sum);
    *sum = s;
  } else {
    *sum = g;
  }
  return PN_OK;
}

/* A gradient can be kept as .grad as it is when nobody else has it. */
static pn_tensor *own(pn_tensor *g) {
  bool mine = g->refs == 1 && g->storage && g->storage->refs == 1 && (g->flags & PN_T_CONTIGUOUS) &&
              !(g->storage->flags & PN_STORAGE_FOREIGN);
  if (mine) {
    pn_retain(g);
    return g;
  }
  return pn_clone(g);
}

static pn_status accumulate_leaf(pass *p, pn_tensor *leaf, pn_tensor *g) {
  pn_status s = pn_record_grad_read(leaf);
  if (s) return s;
  if (!leaf->grad) {
    pn_tensor *kept = p->create_graph ? pn_ref(g) : own(g);
    if (!kept) return pn_last_status();
    leaf->grad = kept;
  } else if (p->create_graph) {
    pn_tensor *sum = pn_add(leaf->grad, g);
    if (!sum) return pn_last_status();
    pn_release(leaf->grad);
    leaf->grad = sum;
  } else {
    s = pn_inplace(pn_add, leaf->grad, g);
    if (s) return s;
  }
  return pn_record_grad_write(leaf);
}

/* Takes g. */
static pn_status deliver(pass *p, const pn_edge *e, pn_tensor *g) {
  pn_status s;
  if (e->node) {
    task *t = task_of(p, e->node);
    if (t) return add_to(&t->g[e->output], g);
    s = pn_last_status();
  } else if (p->inputs) {
    for (int i = 0; i < p->ninputs; i++)
      if (p->inputs[i] == e->leaf) return add_to(&p->out[i], g);
    s = PN_OK;
  } else {
    s = accumulate_leaf(p, e->leaf, g);
  }
  pn_release(g);
  return s;
}

/* ---- running a node ---------------------------------------------------------------------- */
static pn_status run_node(pass *p, task *t) {
  pn_node *n = t->node;
  pn_tensor *small[PN_NODE_INPUTS] = {NULL};
  pn_tensor **gin = small;
  if (n->nin > PN_NODE_INPUTS) {
    gin = pn_alloc((size_t)n->nin * sizeof *gin);
    if (!gin) return pn_last_status();
    memset(gin, 0, (size_t)n->nin * sizeof *gin);
  }
  pn_status s = PN_OK;
  if (n->foreign) {
    s = n->foreign->run(n->foreign->ctx, n->nout, t->g, n->nin, gin);
  } else if (t->g[0] || n->nout > 1) {
    n->g = t->g;
    s = n->op->backward(n, t->g[0], gin);
    n->g = NULL;
  }
  drop(t);
  for (int k = 0; k < n->nin; k++) {
    if (!gin[k]) continue;
    if (s == PN_OK && pn_needs(n, k)) {
      s = deliver(p, &n->in[k], gin[k]);
    } else {
      pn_release(gin[k]);
    }
  }
  if (!p->retain) {
    pn_node_drop_saved(n);
    n->released = n->nsaved > 0;
  }
  if (gin != small) pn_free(gin);
  return s;
}

/* Non-leaf inputs of grad(), and retain_grad(): a node's gradient is complete
 * when it comes off the heap. */
static pn_status collect(pass *p, task *t) {
  for (int i = 0; i < p->ninputs; i++) {
    pn_tensor *x = p->inputs[i];
    if (x->node != t->node || !t->g[x->node_output] || p->out[i]) continue;
    p->out[i] = pn_ref(t->g[x->node_output]);
  }
  pn_tensor *kept = p->inputs ? NULL : t->node->retain;
  if (!kept || !t->g[kept->node_output]) return PN_OK;
  pn_tensor *g = pn_ref(t->g[kept->node_output]);
  if (kept->grad) {
    pn_status s = add_to(&g, pn_ref(kept->grad));
    if (s) return s;
  }
  pn_release(kept->grad);
  kept->grad = g;
  return PN_OK;
}

/* d root / d root of a 0-d root: constants, so that no step has to write them. */
static pn_tensor *constant_one(int dtype) {
  static float one32 = 1;
  static double one64 = 1;
  static pn_storage storage[2] = {{.refs = 1, .data = &one32, .bytes = 4},
                                  {.refs = 1, .data = &one64, .bytes = 8}};
  static pn_tensor one[2] = {{.refs = 1,
                              .storage = &storage[0],
                              .data = &one32,
                              .dtype = PN_F32,
                              .flags = PN_T_CONTIGUOUS,
                              .numel = 1},
                             {.refs = 1,
                              .storage = &storage[1],
                              .data = &one64,
                              .dtype = PN_F64,
                              .flags = PN_T_CONTIGUOUS,
                              .numel = 1}};
  return pn_ref(&one[dtype == PN_F64]);
}

static pn_status seed(pass *p, pn_tensor *root, pn_tensor *grad) {
  if (!pn_requires_grad(root))
    return pn_fail(PN_RUNTIME_ERROR,
                   "element 0 of tensors does not require grad and does not have a grad_fn");
  if (!grad && root->numel != 1)
    return pn_fail(PN_RUNTIME_ERROR,
                   "grad can be implicitly created only for scalar outputs; this one has shape %s",
                   pn_shape_text(root));
  if (grad && !pn_same_shape(grad, root))
    return pn_fail(PN_RUNTIME_ERROR,
                   "Mismatch in shape: grad_output has a shape of %s and output has a shape of %s",
                   pn_shape_text(grad), pn_shape_text(root));
  pn_tensor *one = NULL, *g;
  if (grad) {
    g = pn_ref(grad);
  } else if (root->ndim == 0 && pn_is_real(root->dtype)) {
    g = constant_one(root->dtype);
  } else {
    one = pn_scalar_float(1);
    g = one ? pn_full(root->dtype, root->ndim, root->shape, one) : NULL;
    pn_release(one);
  }
  if (!g) return pn_last_status();
  pn_edge e = pn_edge_of(root);
  pn_status s = deliver(p, &e, g);
  pn_edge_drop(&e);
  return s;
}

/* The creation of the first node that an input hangs on; 0 with leaves, which
 * any node may lead to. */
static uint64_t oldest_input(const pass *p) {
  uint64_t oldest = UINT64_MAX;
  for (int i = 0; i < p->ninputs; i++) {
    if (!p->inputs[i]->node) return 0;
    if (p->inputs[i]->node->seq < oldest) oldest = p->inputs[i]->node->seq;
  }
  return p->ninputs ? oldest : 0;
}

static void finish(pass *p) {
  for (int64_t i = 0; p->mask && i <= p->mask; i++) {
    task *t = p->table[i];
    if (!t) continue;
    drop(t);
    pn_node_release(t->node);
    pn_free(t);
  }
  pn_free(p->table);
  pn_free(p->heap);
}

pn_status pn_backward(int nroots, pn_tensor **roots, pn_tensor **grads, bool retain_graph,
                      bool create_graph, int ninputs, pn_tensor **inputs, pn_tensor **out) {
  pass p = {0};
  p.create_graph = create_graph;
  p.retain = retain_graph || create_graph;
  p.ninputs = inputs ? ninputs : 0;
  p.inputs = inputs;
  p.out = out;
  for (int i = 0; i < p.ninputs; i++) {
    out[i] = NULL;
    if (inputs[i]->base && pn_refresh_view(inputs[i])) return pn_last_status();
  }
  p.oldest = oldest_input(&p);
  bool was = pn_set_grad_enabled(create_graph);
  pn_status s = PN_OK;
  for (int i = 0; i < nroots && !s; i++) s = seed(&p, roots[i], grads ? grads[i] : NULL);
  while (!s && p.count) {
    task *t = pop(&p);
    if (t->node->seq < p.oldest) break;
    s = collect(&p, t);
    if (!s) s = run_node(&p, t);
  }
  finish(&p);
  pn_set_grad_enabled(was);
  for (int i = 1; i < p.ninputs && !s; i++) /* the same input twice */
    for (int j = 0; j < i && !out[i]; j++)
      if (inputs[i] == inputs[j]) out[i] = pn_ref(out[j]);
  if (s)
    for (int i = 0; i < p.ninputs; i++) {
      pn_release(out[i]);
      out[i] = NULL;
    }
  return s;
}

/* ---- small public parts --------------------------------------------------------------------- */
bool pn_grad_enabled(void) { return !pn_tls.grad_disabled; }
bool pn_set_grad_enabled(bool on) {
  bool was = !pn_tls.grad_disabled;
  pn_tls.grad_disabled = !on;
  return was;
}

pn_status pn_retain_grad(pn_tensor *t) {
  if (!pn_requires_grad(t))
    return pn_fail(PN_RUNTIME_ERROR, "can't retain_grad on Tensor that has requires_grad=False");
  if (t->node) {
    t->flags |= PN_T_RETAIN_GRAD;
    t->node->retain = t;
  }
  return PN_OK;
}

bool pn_is_leaf(const pn_tensor *t) { return !t->node; }

pn_status pn_set_requires_grad(pn_tensor *t, bool on) {
  if (on && !pn_is_float(t->dtype))
    return pn_fail(PN_RUNTIME_ERROR,
                   "only Tensors of floating point dtype can require gradients; this one is %s",
                   pn_dtype_name(t->dtype));
  if (!on && t->node)
    return pn_fail(
        PN_RUNTIME_ERROR,
        "you can only change requires_grad flags of leaf variables. If you want to use a "
        "computed variable in a subgraph that doesn't require differentiation use "
        "var_no_grad = var.detach()");
  if (on)
    t->flags |= PN_T_REQUIRES_GRAD;
  else
    t->flags &= (uint16_t)~PN_T_REQUIRES_GRAD;
  return PN_OK;
}

pn_status pn_set_grad(pn_tensor *t, pn_tensor *grad) {
  if (grad && !pn_same_shape(grad, t))
    return pn_fail(PN_RUNTIME_ERROR,
                   "assigned grad has data of a different size: %s for a tensor of shape %s",
                   pn_shape_text(grad), pn_shape_text(t));
  if (grad && grad->dtype != t->dtype)
    return pn_fail(PN_RUNTIME_ERROR, "assigned grad is %s, the tensor is %s",
                   pn_dtype_name(grad->dtype), pn_dtype_name(t->dtype));
  if (grad) pn_retain(grad);
  pn_release(t->grad);
  t->grad = grad;
  return pn_tls.recording ? pn_record_grad_write(t) : PN_OK;
}

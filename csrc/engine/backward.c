/* The backward pass.  Nodes run in descending order of creation, which is a
 * topological order (edges lead to nodes that existed), so no dependency count
 * is needed, and the gradients of one tensor are added in reverse order of
 * their consumers' creation: the order of the numerics contract. */
#include "engine/hooks.h"
#include "engine/pass.h"

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
  if (!pn_same_shape(g, leaf)) /* its data was replaced since */
    return pn_fail(PN_RUNTIME_ERROR,
                   "a gradient of shape %s reached a leaf whose shape has become %s",
                   pn_shape_text(g), pn_shape_text(leaf));
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
    pn_tensor *sum = pn_ref(leaf->grad); /* another thread may clear it meanwhile */
    s = pn_inplace(pn_add, sum, g);
    pn_release(sum);
    if (s) return s;
  }
  return pn_record_grad_write(leaf);
}

/* A leaf with hooks gets its whole gradient at once, when the pass ends.  Takes g. */
static pn_status add_late(pass *p, pn_tensor *leaf, pn_tensor *g) {
  for (int64_t i = p->nlate - 1; i >= 0; i--)
    if (p->late[i].leaf == leaf) return add_to(&p->late[i].g, g);
  if (p->nlate == p->late_room) {
    int64_t room = p->late_room ? 2 * p->late_room : 16;
    late *block = pn_alloc((size_t)room * sizeof *block);
    if (!block) {
      pn_release(g);
      return pn_last_status();
    }
    if (p->nlate) memcpy(block, p->late, (size_t)p->nlate * sizeof *block);
    pn_free(p->late);
    p->late = block;
    p->late_room = room;
  }
  p->late[p->nlate++] = (late){pn_ref(leaf), g};
  return PN_OK;
}

static pn_status accumulate_hooked(pass *p, pn_tensor *leaf, pn_tensor *g) {
  if (!(leaf->flags & PN_T_HOOKED)) return accumulate_leaf(p, leaf, g);
  pn_tensor *same = pn_ref(leaf);
  pn_status s = accumulate_leaf(p, leaf, g);
  if (!s && !leaf->node) s = pn_run_hooks(leaf->scalar.hooks, 0, PN_HOOK_ACCUMULATED, &same);
  pn_release(same);
  return s;
}

static pn_status deliver_late(pass *p) {
  pn_status s = PN_OK;
  for (int64_t i = 0; i < p->nlate && !s; i++) {
    pn_tensor *leaf = p->late[i].leaf;
    if (leaf->flags & PN_T_HOOKED)
      s = pn_run_hooks(leaf->scalar.hooks, 0, PN_HOOK_GRAD, &p->late[i].g);
    if (!s) s = accumulate_hooked(p, leaf, p->late[i].g);
  }
  return s;
}

/* grad() and backward(inputs=): what has come for the inputs. */
static pn_status deliver_inputs(pass *p) {
  pn_status s = PN_OK;
  for (int k = 0; k < p->ninputs && !s; k++) {
    int i = p->wanted[k].i, before = k ? p->wanted[k - 1].i : i;
    pn_tensor *x = p->inputs[i];
    if (before != i && p->inputs[before] == x) { /* the same input twice */
      pn_tensor *same = p->into ? NULL : pn_ref(p->out[before]);
      pn_release(p->out[i]);
      p->out[i] = same;
      continue;
    }
    if (!p->out[i]) continue;
    if (!x->node && (x->flags & PN_T_HOOKED))
      s = pn_run_hooks(x->scalar.hooks, 0, PN_HOOK_GRAD, &p->out[i]);
    if (!s && p->into) s = accumulate_hooked(p, x, p->out[i]);
  }
  return s;
}

/* Takes g. */
static pn_status deliver(pass *p, const pn_edge *e, pn_tensor *g) {
  pn_status s;
  if (e->node) {
    task *t = pn_pass_task(p, e->node);
    if (t) return add_to(&t->g[e->output], g);
    s = pn_last_status();
  } else if (p->inputs) {
    int k = pn_pass_find(p, e->leaf);
    if (k < p->ninputs) return add_to(&p->out[p->wanted[k].i], g);
    s = PN_OK;
  } else if (e->leaf->flags & PN_T_HOOKED) {
    return add_late(p, e->leaf, g);
  } else {
    s = accumulate_leaf(p, e->leaf, g);
  }
  pn_release(g);
  return s;
}

/* ---- running a node ---------------------------------------------------------------------- */
static pn_status run_node(pass *p, task *t) {
  pn_node *n = t->node;
  if (n->g)
    return pn_fail(PN_RUNTIME_ERROR, "%s is being differentiated elsewhere at this moment",
                   pn_node_label(n));
  pn_tensor *small[PN_NODE_INPUTS] = {NULL};
  pn_tensor **gin = small;
  if (n->nin > PN_NODE_INPUTS) {
    gin = pn_alloc((size_t)n->nin * sizeof *gin);
    if (!gin) return pn_last_status();
    memset(gin, 0, (size_t)n->nin * sizeof *gin);
  }
  pn_status s = PN_OK;
  n->g = t->g;
  if (n->foreign)
    s = n->foreign->run(n->foreign->ctx, n->nout, t->g, n->nin, gin);
  else if (t->g[0] || n->nout > 1)
    s = n->op->backward(n, t->g[0], gin);
  n->g = NULL;
  for (int k = 0; k < n->nout; k++) { /* what the inputs get may be the same tensor */
    pn_release(t->g[k]);
    t->g[k] = NULL;
  }
  for (int k = 0; k < n->nin; k++) {
    if (!gin[k]) continue;
    if (s == PN_OK && pn_needs(n, k)) {
      s = deliver(p, &n->in[k], gin[k]);
    } else {
      pn_release(gin[k]);
    }
  }
  if (!p->retain && n->nsaved) {
    pn_node_drop_saved(n);
    n->released = true;
  }
  if (gin != small) pn_free(gin);
  return s;
}

/* Hooks, non-leaf inputs of grad(), and retain_grad(): a node's gradient is
 * complete when it comes off the heap. */
static pn_status collect(pass *p, task *t) {
  if (t->node->hooks) {
    pn_status s = pn_run_node_hooks(t->node, t->g, !p->inputs);
    if (s) return s;
  }
  if (!p->inputs) return PN_OK;
  for (int k = pn_pass_find(p, t->node); k < p->ninputs && p->wanted[k].key == t->node; k++) {
    int i = p->wanted[k].i;
    pn_tensor *g = t->g[p->inputs[i]->node_output];
    if (g && !p->out[i]) p->out[i] = pn_ref(g);
  }
  return PN_OK;
}

/* d root / d root of a 0-d root: constants, so that no step has to write them. */
static pn_tensor *constant_one(int dtype) {
  static float one32 = 1;
  static double one64 = 1;
  static pn_storage storage[2] = {
      {.refs = 1, .data = &one32, .bytes = 4, .flags = PN_STORAGE_READONLY},
      {.refs = 1, .data = &one64, .bytes = 8, .flags = PN_STORAGE_READONLY}};
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
  } else if (root->ndim == 0 && pn_is_real(root->dtype) &&
             !(root->node && (root->node->hooks || root->node->foreign))) {
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

static pn_status run_pass(pass *p, int nroots, pn_tensor **roots, pn_tensor **grads) {
  for (int i = 0; i < p->ninputs; i++) {
    p->out[i] = NULL;
    if (p->inputs[i]->base && pn_refresh_view(p->inputs[i])) return pn_last_status();
  }
  p->oldest = oldest_input(p);
  if (p->inputs && pn_pass_want(p)) return pn_last_status();
  bool was = pn_set_grad_enabled(p->create_graph);
  pn_status s = PN_OK;
  for (int i = 0; i < nroots && !s; i++) s = seed(p, roots[i], grads ? grads[i] : NULL);
  while (!s && p->count) {
    task *t = pn_pass_pop(p);
    bool before = t->node->seq < p->oldest;
    if (!before) s = collect(p, t);
    if (!before && !s) s = run_node(p, t);
    pn_pass_done(p, t);
    if (before) break;
  }
  if (!s) s = deliver_late(p);
  if (!s && p->ninputs) s = deliver_inputs(p);
  pn_pass_end(p);
  pn_set_grad_enabled(was);
  return s;
}

pn_status pn_backward(int nroots, pn_tensor **roots, pn_tensor **grads, bool retain_graph,
                      bool create_graph, int ninputs, pn_tensor **inputs, pn_tensor **out) {
  pass p;
  pn_pass_begin(&p);
  p.create_graph = create_graph;
  p.retain = retain_graph || create_graph;
  p.ninputs = inputs ? ninputs : 0;
  p.inputs = inputs;
  p.out = out;
  pn_status s = run_pass(&p, nroots, roots, grads);
  if (s)
    for (int i = 0; i < p.ninputs; i++) {
      pn_release(out[i]);
      out[i] = NULL;
    }
  return s;
}

pn_status pn_backward_into(int nroots, pn_tensor **roots, pn_tensor **grads, bool retain_graph,
                           bool create_graph, int ninputs, pn_tensor **inputs) {
  pn_tensor **out = pn_alloc((size_t)(ninputs + 1) * sizeof *out);
  if (!out) return pn_last_status();
  pass p;
  pn_pass_begin(&p);
  p.create_graph = create_graph;
  p.retain = retain_graph || create_graph;
  p.into = true;
  p.ninputs = ninputs;
  p.inputs = inputs;
  p.out = out;
  for (int i = 0; i < ninputs; i++) out[i] = NULL;
  pn_status s = run_pass(&p, nroots, roots, grads);
  for (int i = 0; i < ninputs; i++) pn_release(out[i]);
  pn_free(out);
  return s;
}

/* ---- small public parts --------------------------------------------------------------------- */
bool pn_grad_enabled(void) { return !pn_tls.grad_disabled; }
bool pn_set_grad_enabled(bool on) {
  bool was = !pn_tls.grad_disabled;
  pn_tls.grad_disabled = !on;
  return was;
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

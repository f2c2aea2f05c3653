/* What a node keeps for its derivative: inputs, its own outputs, or what the
 * host made of them (pn_saved_hooks). */
#include "engine/hooks.h"
#include "engine/internal.h"

/* A saved tensor as the host keeps it, and where its history comes from. */
struct pn_packed {
  pn_saved_hooks hooks;
  void *handle;
  pn_edge edge;
};

static void packed_free(pn_packed *p) {
  if (p->handle) p->hooks.release(p->handle);
  pn_edge_drop(&p->edge);
  pn_free(p);
}

void pn_node_drop_saved(pn_node *n) {
  for (int k = 0; k < n->nsaved; k++) {
    pn_saved *s = &n->saved[k];
    pn_tensor *t = s->t;
    pn_storage *memory = s->memory;
    s->t = NULL;
    s->memory = NULL;
    if (t) pn_release(t);
    if (memory) pn_storage_release(memory);
    if (s->packed) {
      pn_packed *packed = s->packed;
      s->packed = NULL;
      packed_free(packed);
    }
  }
}

pn_status pn_node_reserve(pn_node *n, int saved) {
  if (saved <= PN_NODE_SAVED) return PN_OK;
  pn_saved *block = pn_alloc((size_t)saved * sizeof *block);
  if (!block) return pn_last_status();
  n->saved = block;
  return PN_OK;
}

static pn_saved *slot(pn_node *n, int k) {
  while (n->nsaved <= k) n->saved[n->nsaved++] = (pn_saved){NULL, NULL, 0, -1, NULL};
  return &n->saved[k];
}

const pn_saved_hooks *pn_set_saved_hooks(const pn_saved_hooks *hooks) {
  const pn_saved_hooks *was = pn_tls.saved_hooks;
  pn_tls.saved_hooks = hooks;
  return was;
}

/* True if the host has taken t (or memory ran out: then t is saved as ever). */
static bool pack(pn_saved *s, pn_tensor *t, bool own_output) {
  const pn_saved_hooks *hooks = pn_tls.saved_hooks;
  bool leaf = !t->node && (t->flags & PN_T_REQUIRES_GRAD);
  if (pn_tls.recording || leaf || !t->storage || (!own_output && !t->py)) return false;
  pn_packed *p = pn_alloc(sizeof *p);
  if (!p) return false;
  *p = (pn_packed){*hooks, NULL, {NULL, NULL, 0}};
  pn_tensor *bare = pn_alias(t);
  pn_tls.saved_hooks = NULL; /* what pack does saves nothing through it */
  p->handle = bare ? hooks->pack(hooks->ctx, bare) : NULL;
  pn_tls.saved_hooks = hooks;
  pn_release(bare);
  if (!p->handle) {
    pn_free(p);
    return false;
  }
  if (!own_output) p->edge = pn_edge_of(t);
  s->packed = p;
  return true;
}

void pn_node_save(pn_node *n, int k, pn_tensor *t) {
  pn_saved *s = slot(n, k);
  if (pn_tls.saved_hooks && t && pack(s, t, false)) return;
  s->t = pn_ref(t);
  s->version = t && t->storage ? t->storage->version : 0;
}

/* The output itself would make a cycle (output -> node -> output): its memory
 * is saved, and gets the history back when it is fetched. */
pn_status pn_node_save_output(pn_node *n, int k, pn_tensor *out) {
  pn_saved *s = slot(n, k);
  s->output = out->node_output;
  s->version = out->storage->version;
  if (pn_tls.saved_hooks && pack(s, out, true)) return PN_OK;
  if (out->node_output == 0 && out->data == out->storage->data && (out->flags & PN_T_CONTIGUOUS)) {
    s->memory = out->storage;
    s->memory->refs++;
    return PN_OK;
  }
  s->t = pn_alias(out);
  return s->t ? PN_OK : pn_last_status();
}

static void *stale_saved(const pn_node *n, const pn_storage *storage, int ndim,
                         const int64_t *shape, uint32_t version) {
  pn_fail(PN_RUNTIME_ERROR,
          "one of the variables needed for gradient computation has been modified by an inplace "
          "operation: a tensor of shape %s saved by %s is at version %u; expected version %u",
          pn_shape_str(ndim, shape), n->op->name, storage->version, version);
  return NULL;
}

/* The saved output: with grad mode on it has its history. */
static pn_tensor *saved_output(pn_node *n, const pn_saved *s) {
  pn_tensor *t;
  if (s->memory) {
    s->memory->refs++;
    t = pn_tensor_new(n->dtype, n->ndim, n->shape, NULL, s->memory, s->memory->data);
  } else {
    t = pn_alias(s->t);
  }
  if (!t || pn_tls.grad_disabled) return t;
  t->node = n;
  n->refs++;
  t->node_output = s->output;
  return t;
}

/* What the host gives back, with the history that the saved tensor had. */
static pn_tensor *unpacked(pn_node *n, const pn_saved *s) {
  const pn_edge *e = &s->packed->edge;
  pn_node *node = s->output >= 0 ? n : e->node;
  int output = s->output >= 0 ? s->output : e->output;
  pn_tensor *got = s->packed->hooks.unpack(s->packed->handle);
  if (!got) {
    pn_fail(PN_INTERRUPTED, "unpacking a saved tensor failed");
    return NULL;
  }
  pn_tensor *t = pn_alias(got);
  pn_release(got);
  if (!t || pn_tls.grad_disabled || !node) return t;
  t->node = node;
  node->refs++;
  t->node_output = output;
  return t;
}

pn_tensor *pn_saved_get(pn_node *n, int k) {
  const pn_saved *s = &n->saved[k];
  if (s->packed) return unpacked(n, s);
  if (n->released || !(s->t || s->memory)) {
    pn_fail(PN_RUNTIME_ERROR,
            "Trying to backward through the graph a second time (%s): its saved tensors have been "
            "freed. Specify retain_graph=True if you need to backward through it again",
            n->op->name);
    return NULL;
  }
  const pn_storage *storage = s->memory ? s->memory : s->t->storage;
  if (storage && storage->version != s->version)
    return stale_saved(n, storage, s->memory ? n->ndim : s->t->ndim,
                       s->memory ? n->shape : s->t->shape, s->version);
  return s->output < 0 ? pn_ref(s->t) : saved_output(n, s);
}

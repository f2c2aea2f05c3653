/* Hooks on tensors, retained gradients, and modes.  A leaf's hooks hang on the
 * tensor (flag PN_T_HOOKED); a non-leaf's on the node that made it, by output,
 * because the tensor may be gone before the backward pass comes. */
#include "engine/hooks.h"

#include "engine/internal.h"

static pn_hook **list_of(pn_tensor *t) { return t->node ? &t->node->hooks : &t->scalar.hooks; }

static bool is_mine(const pn_hook *h, const pn_tensor *t, pn_hook_kind kind) {
  return h->kind == (int)kind && (!t->node || h->output == t->node_output);
}

static pn_hook *find(pn_tensor *t, pn_hook_kind kind) {
  if (!t->node && !(t->flags & PN_T_HOOKED)) return NULL;
  for (pn_hook *h = *list_of(t); h; h = h->next)
    if (is_mine(h, t, kind)) return h;
  return NULL;
}

void *pn_hook_context(pn_tensor *t, pn_hook_kind kind) {
  if (t->base && pn_refresh_view(t)) return NULL;
  pn_hook *h = find(t, kind);
  return h ? h->ctx : NULL;
}

static void append(pn_hook **list, pn_hook *h) {
  while (*list) list = &(*list)->next;
  h->next = NULL;
  *list = h;
}

pn_status pn_add_hook(pn_tensor *t, pn_hook_kind kind, pn_hook_fn run, void (*release)(void *),
                      void *ctx) {
  pn_status s = PN_OK;
  if (t->base) s = pn_refresh_view(t);
  if (!s && !pn_requires_grad(t))
    s = pn_fail(PN_RUNTIME_ERROR,
                "cannot register a hook on a tensor that doesn't require gradient");
  if (!s && kind == PN_HOOK_ACCUMULATED && t->node)
    s = pn_fail(PN_RUNTIME_ERROR,
                "post accumulate grad hooks cannot be registered on non-leaf tensors");
  pn_hook *h = s ? NULL : pn_alloc(sizeof *h);
  if (!h) {
    if (release) release(ctx);
    return pn_last_status();
  }
  *h = (pn_hook){NULL, kind, t->node ? t->node_output : 0, run, release, ctx, NULL};
  if (!t->node) t->flags |= PN_T_HOOKED;
  append(list_of(t), h);
  return PN_OK;
}

void pn_hooks_free(pn_hook *h) {
  while (h) {
    pn_hook *next = h->next;
    if (h->release) h->release(h->ctx);
    pn_free(h);
    h = next;
  }
}

/* ---- retained gradients -------------------------------------------------------- */
pn_status pn_retain_grad(pn_tensor *t) {
  if (t->base && pn_refresh_view(t)) return pn_last_status();
  if (!pn_requires_grad(t))
    return pn_fail(PN_RUNTIME_ERROR, "can't retain_grad on Tensor that has requires_grad=False");
  if (!t->node || (t->flags & PN_T_RETAIN_GRAD)) return PN_OK;
  pn_hook *h = pn_alloc(sizeof *h);
  if (!h) return pn_last_status();
  *h = (pn_hook){NULL, PN_HOOK_RETAIN, t->node_output, NULL, NULL, NULL, t};
  append(&t->node->hooks, h);
  t->flags |= PN_T_RETAIN_GRAD;
  return PN_OK;
}

pn_hook *pn_retain_unlink(pn_tensor *t) {
  if (!(t->flags & PN_T_RETAIN_GRAD) || !t->node) return NULL;
  for (pn_hook **at = &t->node->hooks; *at; at = &(*at)->next) {
    pn_hook *h = *at;
    if (h->kind != PN_HOOK_RETAIN || h->kept != t) continue;
    *at = h->next;
    t->flags &= (uint16_t)~PN_T_RETAIN_GRAD;
    return h;
  }
  return NULL;
}

void pn_retain_relink(pn_tensor *t, pn_hook *h) {
  if (!h) return;
  if (!t->node) {
    pn_free(h);
    return;
  }
  h->output = t->node_output;
  append(&t->node->hooks, h);
  t->flags |= PN_T_RETAIN_GRAD;
}

void pn_hooks_leave(pn_tensor *t) {
  if (t->flags & PN_T_RETAIN_GRAD) pn_free(pn_retain_unlink(t));
  if (t->flags & PN_T_HOOKED) {
    pn_hook *h = t->scalar.hooks;
    t->scalar.hooks = NULL;
    t->flags &= (uint16_t)~PN_T_HOOKED;
    pn_hooks_free(h);
  }
}

/* ---- running them ---------------------------------------------------------------- */
pn_status pn_run_hooks(pn_hook *h, int output, int kind, pn_tensor **t) {
  for (; h; h = h->next) {
    if (h->kind != kind || h->output != output) continue;
    if (pn_tls.recording)
      return pn_fail(PN_RUNTIME_ERROR,
                     "a tensor's hook cannot be captured: code of the host "
                     "language would not run in a replay");
    pn_tensor *made = h->run(h->ctx, *t);
    if (!made) return PN_INTERRUPTED;
    pn_release(*t);
    *t = made;
  }
  return PN_OK;
}

static pn_status keep_grad(pn_tensor *t, pn_tensor *g) {
  pn_tensor *sum = t->grad ? pn_add(t->grad, g) : pn_ref(g);
  if (!sum) return pn_last_status();
  pn_release(t->grad);
  t->grad = sum;
  return PN_OK;
}

pn_status pn_run_node_hooks(pn_node *n, pn_tensor **g, bool keep) {
  pn_status s = PN_OK;
  for (int k = 0; k < n->nout && !s; k++)
    if (g[k]) s = pn_run_hooks(n->hooks, k, PN_HOOK_GRAD, &g[k]);
  for (pn_hook *h = n->hooks; h && keep && !s; h = h->next)
    if (h->kind == PN_HOOK_RETAIN && g[h->output]) s = keep_grad(h->kept, g[h->output]);
  return s;
}

/* ---- modes ----------------------------------------------------------------------- */
bool pn_inference_mode(void) { return pn_tls.new_flags & PN_T_INFERENCE; }

bool pn_set_inference_mode(bool on) {
  bool was = pn_inference_mode();
  pn_tls.new_flags = on ? PN_T_INFERENCE : 0;
  return was;
}

pn_status pn_detach_(pn_tensor *t) {
  if (t->base)
    return pn_fail(PN_RUNTIME_ERROR,
                   "Can't detach views in-place. Use detach() instead. If you are using an "
                   "in-place operation on it, detach its base.");
  pn_hooks_leave(t);
  pn_node_release(t->node);
  t->node = NULL;
  t->flags &= (uint16_t)~PN_T_REQUIRES_GRAD;
  return PN_OK;
}

/* ---- a look at the graph --------------------------------------------------------- */
pn_node *pn_grad_node(pn_tensor *t) {
  if (t->base) pn_refresh_view(t);
  return t->node;
}

int pn_node_outputs(const pn_node *n) { return n->nout; }
void pn_node_keep(pn_node *n) { n->refs++; }
void pn_node_drop(pn_node *n) { pn_node_release(n); }
const char *pn_node_label(const pn_node *n) { return n->foreign ? n->foreign->name : n->op->name; }
int pn_node_inputs(const pn_node *n) { return n->nin; }

void pn_node_input(const pn_node *n, int k, pn_node **from, int *output, pn_tensor **leaf) {
  *from = n->in[k].node;
  *output = n->in[k].output;
  *leaf = n->in[k].leaf;
}

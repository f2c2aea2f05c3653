/* Scaled dot-product attention and its gradients: two operators of one kernel
 * each (kernels/attention.h); the gradients' own derivative is that of a
 * composition. */
#include "kernels/attention.h"
#include "engine/ops.h"
#include "engine/second.h"

enum { Q, K, V, MASK, KEEP, INPUTS };

typedef struct options {
  uint32_t flags;
  double scale, kept;
} options;

/* ---- the record ------------------------------------------------------------------------- */
/* Strides of t's batch dimensions, of `ndim` all in all. */
static void batch_strides(const pn_tensor *t, int ndim, int64_t *stride) {
  for (int d = 0; d < ndim; d++) {
    const int i = d - (ndim - (t->ndim - 2));
    stride[d] = i < 0 || t->shape[i] == 1 ? 0 : t->stride[i];
  }
}

static void fill(pn_args *a, pn_attention_batch *b, pn_tensor **t, int ndim, const int64_t *shape,
                 const options *o) {
  uint32_t flags = o->flags;
  const int dq = t[Q]->ndim, dv = t[V]->ndim;
  memset(a->p, 0, sizeof a->p);
  memset(b, 0, sizeof *b);
  b->ndim = ndim;
  a->n[PN_AT_BATCH] = 1;
  for (int d = 0; d < ndim; d++) a->n[PN_AT_BATCH] *= b->shape[d] = shape[d];
  batch_strides(t[Q], ndim, b->q);
  batch_strides(t[K], ndim, b->k);
  batch_strides(t[V], ndim, b->v);
  a->n[PN_AT_L] = t[Q]->shape[dq - 2];
  a->n[PN_AT_E] = t[Q]->shape[dq - 1];
  a->n[PN_AT_S] = t[V]->shape[dv - 2];
  a->n[PN_AT_EV] = t[V]->shape[dv - 1];
  a->n[PN_AT_ROW_Q] = t[Q]->stride[dq - 2];
  a->n[PN_AT_ROW_K] = t[K]->stride[t[K]->ndim - 2];
  a->n[PN_AT_ROW_V] = t[V]->stride[dv - 2];
  a->n[PN_AT_ROW_MASK] = a->n[PN_AT_COL_MASK] = 0;
  if (t[MASK]) {
    const int dm = t[MASK]->ndim;
    batch_strides(t[MASK], ndim, b->mask);
    if (t[MASK]->shape[dm - 2] > 1) a->n[PN_AT_ROW_MASK] = t[MASK]->stride[dm - 2];
    if (t[MASK]->shape[dm - 1] > 1) a->n[PN_AT_COL_MASK] = t[MASK]->stride[dm - 1];
    if (t[MASK]->dtype == PN_BOOL) flags |= PN_AT_BOOL;
  }
  a->f[PN_AT_SCALE] = o->scale;
  a->f[PN_AT_KEPT] = o->kept;
  a->flags = flags;
  a->dtype = t[Q]->dtype;
  a->block = b;
}

static void bind_inputs(pn_args *a, int first, pn_tensor **t) {
  for (int k = 0; k < INPUTS; k++)
    if (t[k]) pn_bind(a, first + k, t[k]);
}

/* The kernels read rows whose elements lie side by side. */
static pn_tensor *with_rows(pn_tensor *t) {
  const bool fits = t->stride[t->ndim - 1] == 1 || t->shape[t->ndim - 1] <= 1;
  return fits ? pn_ref(t) : pn_contiguous(t);
}

static void release_all(int count, pn_tensor **t) {
  for (int k = 0; k < count; k++) pn_release(t[k]);
}

/* ---- gradients --------------------------------------------------------------------------- */
enum { SAVE_G, SAVE_INPUTS, SAVED = SAVE_INPUTS + INPUTS };

/* Rows of s that are -inf as a whole: p = 0 there, and no gradient. */
static pn_tensor *hidden_rows(pn_tensor *s) {
  pn_tensor *plain = pn_alias(s), *inf = pn_scalar_float(-__builtin_inf());
  pn_tensor *top = plain ? pn_amax(plain, 1u << (s->ndim - 1), true) : NULL;
  pn_tensor *r = top && inf ? pn_eq(top, inf) : NULL;
  pn_release(plain);
  pn_release(inf);
  pn_release(top);
  return r;
}

/* where(mask, a, value); takes a and mask. */
static pn_tensor *where_or(pn_tensor *mask, pn_tensor *a, pn_tensor *b) {
  pn_tensor *r = mask && a && b ? pn_where(mask, a, b) : NULL;
  pn_release(mask);
  pn_release(a);
  pn_release(b);
  return r;
}

/* (L, S): may row i see column j? */
static pn_tensor *causal(int64_t rows, int64_t columns) {
  pn_tensor *i = pn_arange(PN_I64, 0, 1, rows), *j = pn_arange(PN_I64, 0, 1, columns);
  pn_tensor *down = i ? pn_unsqueeze(i, 1) : NULL, *r = down && j ? pn_ge(down, j) : NULL;
  pn_release(i);
  pn_release(j);
  pn_release(down);
  return r;
}

/* softmax(s) with zeros in the rows that are hidden as a whole; takes s. */
static pn_tensor *safe_softmax(pn_tensor *s) {
  pn_tensor *hidden = s ? hidden_rows(s) : NULL;
  pn_tensor *shown = where_or(pn_ref(hidden), pn_scalar_float(0), s);
  pn_tensor *p = shown ? pn_softmax(shown, -1) : NULL;
  pn_release(shown);
  return where_or(hidden, pn_scalar_float(0), p);
}

static pn_status compose(const void *context, pn_tensor **v, pn_roots *roots) {
  const options *o = context;
  pn_tensor **in = v + SAVE_INPUTS;
  const int64_t rows = in[Q]->shape[in[Q]->ndim - 2], columns = in[K]->shape[in[K]->ndim - 2];
  pn_tensor *kt = pn_transpose(in[K], -2, -1);
  pn_tensor *s = pn_use2(pn_mul, kt ? pn_matmul(in[Q], kt) : NULL, pn_scalar_float(o->scale));
  if (in[MASK] && in[MASK]->dtype == PN_BOOL)
    s = where_or(pn_ref(in[MASK]), s, pn_scalar_float(-__builtin_inf()));
  else if (in[MASK])
    s = pn_use2(pn_add, s, pn_ref(in[MASK]));
  if (o->flags & PN_AT_CAUSAL)
    s = where_or(causal(rows, columns), s, pn_scalar_float(-__builtin_inf()));
  pn_tensor *p = safe_softmax(s);
  if (in[KEEP])
    p = where_or(pn_ref(in[KEEP]), pn_use2(pn_mul, p, pn_scalar_float(o->kept)),
                 pn_scalar_float(0));
  roots->out[0] = p ? pn_matmul(p, in[V]) : NULL;
  roots->g[0] = pn_ref(v[SAVE_G]);
  roots->count = 1;
  pn_release(kt);
  pn_release(p);
  return roots->out[0] ? PN_OK : pn_last_status();
}

/* saved[k], NULL where there was none. */
static pn_status fetch(pn_node *n, int k, pn_tensor **t) {
  *t = NULL;
  if (!n->released && !n->saved[k].t && !n->saved[k].memory) return PN_OK;
  *t = pn_saved_get(n, k);
  return *t ? PN_OK : pn_last_status();
}

static pn_status gradients_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *t[SAVED] = {NULL}, *h[INPUTS] = {n->g[Q], n->g[K], n->g[V], NULL, NULL};
  bool want[SAVED] = {false};
  pn_status s = PN_OK;
  for (int k = 0; k < SAVED && !s; k++) s = fetch(n, k, &t[k]);
  for (int k = 0; k < n->nin; k++) want[k] = pn_needs(n, k);
  const options o = {(uint32_t)n->i[0], n->f[0], n->f[1]};
  const pn_second p = {compose, &o, 1, INPUTS, 1};
  if (!s) s = pn_second_derivative(&p, t, h, want, gin);
  release_all(SAVED, t);
  return s;
}
static const pn_op op_gradients = {"ScaledDotProductAttentionBackwardBackward", gradients_backward};

/* The kernel, and sums over what was broadcast: out[0..2] for q, k, v. */
static pn_status run_backward(pn_tensor *g, pn_tensor **t, pn_tensor *stats, const options *o,
                              pn_tensor **out) {
  pn_args a;
  pn_attention_batch batch;
  pn_tensor *cg = pn_contiguous(g), *full[3] = {NULL};
  pn_status s = cg ? PN_OK : pn_last_status();
  for (int k = 0; k < 3 && !s; k++) {
    int64_t shape[PN_MAX_DIMS];
    memcpy(shape, g->shape, sizeof shape);
    shape[g->ndim - 2] = t[k]->shape[t[k]->ndim - 2];
    shape[g->ndim - 1] = t[k]->shape[t[k]->ndim - 1];
    full[k] = pn_empty(g->dtype, g->ndim, shape);
    if (!full[k]) s = pn_last_status();
  }
  if (!s && full[Q]->numel + full[K]->numel + full[V]->numel > 0) {
    fill(&a, &batch, t, g->ndim - 2, g->shape, o);
    pn_bind_out(&a, PN_AB_DQ, full[Q]);
    pn_bind_out(&a, PN_AB_DK, full[K]);
    pn_bind_out(&a, PN_AB_DV, full[V]);
    pn_bind(&a, PN_AB_STATS, stats);
    bind_inputs(&a, PN_AB_Q, t);
    pn_bind(&a, PN_AB_G, cg);
    s = pn_run(&pn_row_attention_backward, &a, sizeof batch);
  }
  for (int k = 0; k < 3 && !s; k++) {
    out[k] = pn_sum_to(full[k], t[k]->ndim, t[k]->shape);
    if (!out[k]) s = pn_last_status();
  }
  release_all(3, full);
  pn_release(cg);
  return s;
}

static pn_status gradients(pn_tensor *g, pn_tensor **t, pn_tensor *stats, const options *o,
                           pn_tensor **out) {
  const bool was = pn_set_grad_enabled(false);
  pn_status s = run_backward(g, t, stats, o, out);
  pn_set_grad_enabled(was);
  if (s) return s;
  pn_tensor *in[4] = {g, t[Q], t[K], t[V]};
  bool wanted = false;
  for (int k = 0; k < 4; k++) wanted = wanted || pn_wants_grad(in[k]);
  if (!wanted) return PN_OK;
  pn_node *n = pn_node_new(&op_gradients, out[Q], 4, in);
  if (!n) return pn_last_status();
  pn_node_output(n, K, out[K]);
  pn_node_output(n, V, out[V]);
  if (pn_node_reserve(n, SAVED)) return pn_last_status();
  pn_node_save(n, SAVE_G, g);
  for (int k = 0; k < INPUTS; k++) pn_node_save(n, SAVE_INPUTS + k, t[k]);
  n->i[0] = o->flags;
  n->f[0] = o->scale;
  n->f[1] = o->kept;
  return PN_OK;
}

/* ---- forward ----------------------------------------------------------------------------- */
enum { KEPT_STATS = INPUTS };

static pn_status attention_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *t[INPUTS] = {NULL}, *stats = NULL;
  pn_status s = PN_OK;
  for (int k = 0; k < INPUTS && !s; k++) s = fetch(n, k, &t[k]);
  if (!s) s = fetch(n, KEPT_STATS, &stats);
  const options o = {(uint32_t)n->i[0], n->f[0], n->f[1]};
  if (!s) s = gradients(g, t, stats, &o, gin);
  release_all(INPUTS, t);
  pn_release(stats);
  return s;
}
static const pn_op op_attention = {"ScaledDotProductAttentionBackward", attention_back};

/* The batch dimensions of all operands broadcast together. */
static pn_status batch_shape(pn_tensor **t, int *ndim, int64_t *shape) {
  pn_tensor all = {.ndim = 0};
  for (int k = 0; k <= MASK; k++) {
    if (!t[k]) continue;
    pn_tensor one = {.ndim = (uint8_t)(t[k]->ndim - 2)};
    memcpy(one.shape, t[k]->shape, sizeof one.shape);
    int n;
    int64_t both[PN_MAX_DIMS];
    if (pn_broadcast("scaled_dot_product_attention (batch dimensions)", &all, &one, &n, both))
      return pn_last_status();
    all.ndim = (uint8_t)n;
    memcpy(all.shape, both, (size_t)n * sizeof *both);
  }
  *ndim = all.ndim;
  memcpy(shape, all.shape, (size_t)all.ndim * sizeof *shape);
  return PN_OK;
}

static pn_status check(pn_tensor **t) {
  for (int k = 0; k <= MASK; k++)
    if (k != MASK || t[k]) {
      if (t[k]->ndim < 2)
        return pn_fail(PN_RUNTIME_ERROR,
                       "scaled_dot_product_attention: Expected query, key and value to be at least "
                       "2 dimensional, got shape %s",
                       pn_shape_text(t[k]));
      const bool mask = k == MASK && t[k]->dtype == PN_BOOL;
      if (t[k]->dtype != t[Q]->dtype && !mask)
        return pn_fail(PN_RUNTIME_ERROR,
                       "scaled_dot_product_attention: Expected query, key, value and a mask that "
                       "is not bool to have the same dtype, got %s and %s",
                       pn_dtype_name(t[Q]->dtype), pn_dtype_name(t[k]->dtype));
    }
  if (!pn_is_real(t[Q]->dtype)) return pn_no_kernel(&pn_row_attention, t[Q]->dtype);
  const int64_t *q = t[Q]->shape + t[Q]->ndim - 2, *k = t[K]->shape + t[K]->ndim - 2;
  const int64_t *v = t[V]->shape + t[V]->ndim - 2;
  bool fits = q[1] == k[1] && k[0] == v[0];
  if (fits && t[MASK]) {
    const int64_t *m = t[MASK]->shape + t[MASK]->ndim - 2;
    fits = (m[0] == 1 || m[0] == q[0]) && (m[1] == 1 || m[1] == k[0]);
  }
  if (fits) return PN_OK;
  return pn_fail(PN_RUNTIME_ERROR,
                 "scaled_dot_product_attention: query %s, key %s, value %s and mask %s do not fit "
                 "(expected (..., L, E), (..., S, E), (..., S, Ev) and (..., L, S))",
                 pn_shape_text(t[Q]), pn_shape_text(t[K]), pn_shape_text(t[V]),
                 t[MASK] ? pn_shape_text(t[MASK]) : "None");
}

/* keep has the shape of the weights: batch, L, S. */
static pn_status check_keep(pn_tensor **t, int ndim, const int64_t *shape) {
  if (!t[KEEP]) return PN_OK;
  bool fits = t[KEEP]->dtype == PN_BOOL && t[KEEP]->ndim == ndim + 2;
  for (int d = 0; d <= ndim && fits; d++) fits = t[KEEP]->shape[d] == shape[d];
  if (fits && t[KEEP]->shape[ndim + 1] == t[K]->shape[t[K]->ndim - 2]) return PN_OK;
  return pn_fail(PN_RUNTIME_ERROR, "attention: keep is %s %s, expected bool of the weights' shape",
                 pn_dtype_name(t[KEEP]->dtype), pn_shape_text(t[KEEP]));
}

static pn_tensor *run_forward(pn_tensor **t, const options *o, pn_tensor **stats) {
  int ndim = 0;
  int64_t shape[PN_MAX_DIMS] = {0}, rows = 2;
  if (batch_shape(t, &ndim, shape)) return NULL;
  shape[ndim] = t[Q]->shape[t[Q]->ndim - 2];
  shape[ndim + 1] = t[V]->shape[t[V]->ndim - 1];
  for (int d = 0; d <= ndim; d++) rows *= shape[d];
  if (check_keep(t, ndim, shape)) return NULL;
  pn_tensor *out = pn_empty(t[Q]->dtype, ndim + 2, shape);
  *stats = pn_empty(t[Q]->dtype, 1, &rows);
  pn_status s = out && *stats ? PN_OK : pn_last_status();
  if (!s && rows) {
    pn_args a;
    pn_attention_batch batch;
    fill(&a, &batch, t, ndim, shape, o);
    pn_bind_out(&a, PN_AT_OUT, out);
    pn_bind_out(&a, PN_AT_STATS, *stats);
    bind_inputs(&a, PN_AT_Q, t);
    s = pn_run(&pn_row_attention, &a, sizeof batch);
  }
  return s ? pn_discard(out) : out;
}

/* in: q, k, v, mask or None (which gets no gradient), keep or None (bool, of the
 * weights' shape); i: causal; f: scale, the factor of kept weights. */
pn_status pn_op_attention(pn_call *c) {
  pn_status r = pn_call_check(c, "attention", INPUTS, 1, 2);
  if (!r && !(c->in[Q] && c->in[K] && c->in[V]))
    r = pn_fail(PN_TYPE_ERROR, "attention: expected query, key and value");
  if (!r) r = check(c->in);
  if (r) return r;
  const options o = {c->i[0] ? PN_AT_CAUSAL : 0, c->f[0], c->f[1]};
  pn_tensor *t[INPUTS] = {NULL}, *stats = NULL, *out = NULL;
  for (int k = 0; k < INPUTS && !r; k++) {
    if (!c->in[k]) continue;
    t[k] = k == MASK ? pn_ref(c->in[k]) : k == KEEP ? pn_contiguous(c->in[k]) : with_rows(c->in[k]);
    if (!t[k]) r = pn_last_status();
  }
  const bool was = pn_set_grad_enabled(false);
  if (!r) out = run_forward(t, &o, &stats);
  pn_set_grad_enabled(was);
  if (out && (pn_wants_grad(t[Q]) || pn_wants_grad(t[K]) || pn_wants_grad(t[V]))) {
    pn_node *n = pn_node_new(&op_attention, out, 3, t);
    if (n && !pn_node_reserve(n, INPUTS + 1)) {
      for (int k = 0; k < INPUTS; k++) pn_node_save(n, k, t[k]);
      pn_node_save(n, KEPT_STATS, stats);
      n->i[0] = o.flags;
      n->f[0] = o.scale;
      n->f[1] = o.kept;
    } else {
      out = pn_discard(out);
    }
  }
  release_all(INPUTS, t);
  pn_release(stats);
  return pn_call_give(c, out);
}

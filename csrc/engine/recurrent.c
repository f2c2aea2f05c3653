/* Recurrent layers: one direction of one layer over all steps is one operator,
 * its gradients are another.  The product with the inputs is one for all steps;
 * the rest is one kernel (kernels/recurrent.h). */
#include "engine/recurrent.h"
#include "engine/ops.h"

/* ---- gradients ------------------------------------------------------------------------- */
enum { SAVE_G = 0, SAVE_IN = 3, SAVE_SIZES = SAVE_IN + RN_INPUTS, SAVED };
/* n->i: flags, steps, batch, hidden, and from I_KIND on which input's gradient
 * each output is */
enum { I_FLAGS, I_STEPS, I_BATCH, I_HIDDEN, I_KIND };

static rn_spec spec_of(const pn_node *n, const pn_tensor *sizes) {
  return (rn_spec){(uint32_t)n->i[I_FLAGS], n->i[I_STEPS], n->i[I_BATCH], n->i[I_HIDDEN],
                   sizes ? sizes->data : NULL};
}
static void keep_spec(pn_node *n, const rn_spec *s) {
  n->i[I_FLAGS] = s->flags;
  n->i[I_STEPS] = s->steps;
  n->i[I_BATCH] = s->batch;
  n->i[I_HIDDEN] = s->hidden;
}

/* saved[at + k] of a node into t[0..count), NULL where nothing was saved */
static pn_status fetch(pn_node *n, int at, int count, pn_tensor **t) {
  for (int k = 0; k < count; k++) t[k] = NULL;
  for (int k = 0; k < count; k++) {
    const bool empty = !pn_saved_has(n, at + k);
    if (empty && !n->released) continue;
    t[k] = pn_saved_get(n, at + k);
    if (!t[k]) return pn_last_status();
  }
  return PN_OK;
}
static void release_all(int count, pn_tensor **t) {
  for (int k = 0; k < count; k++) pn_release(t[k]);
}

/* Inputs: g[0..2], in[0..6]; saved likewise, then the steps' sizes. */
static pn_status gradients_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *t[SAVED], *h[RN_INPUTS] = {NULL};
  bool want[RN_OUTPUTS + RN_INPUTS];
  pn_status s = fetch(n, 0, SAVED, t);
  for (int k = 0; k < n->nout; k++) h[n->i[I_KIND + k]] = n->g[k];
  for (int k = 0; k < n->nin; k++) want[k] = pn_needs(n, k);
  const rn_spec spec = spec_of(n, t[SAVE_SIZES]);
  if (!s) s = pn_recurrent_second(&spec, t + SAVE_G, t + SAVE_IN, h, want, gin);
  release_all(SAVED, t);
  return s;
}
static const pn_op op_gradients = {"RecurrentBackwardBackward", gradients_backward};

static void fill(pn_args *a, const rn_spec *s, int dtype) {
  a->flags = s->flags;
  a->dtype = (uint32_t)dtype;
  a->block = s->sizes;
  a->n[PN_RN_STEPS] = s->steps;
  a->n[PN_RN_BATCH] = s->batch;
  a->n[PN_RN_HIDDEN] = s->hidden;
  memset(a->p, 0, sizeof a->p);
}
static size_t block_bytes(const rn_spec *s) {
  return s->sizes ? (size_t)s->steps * sizeof *s->sizes : 0;
}

/* t (owned), or zeros like `like` */
static pn_tensor *copy_or_zeros(pn_tensor *t, const pn_tensor *like) {
  return t ? pn_clone(t) : pn_zeros(like->dtype, like->ndim, like->shape);
}
static pn_tensor *contiguous_or_null(pn_tensor *t) { return t ? pn_contiguous(t) : NULL; }

enum { D_X, D_A, D_HPREV, D_H, D_C, D_COUNT };

/* The kernel: gradients before the activations, of h0 and c0, and the states
 * that the steps began with, into d. */
static pn_status run_backward(const rn_spec *s, pn_tensor **g, pn_tensor **in, pn_tensor *y,
                              pn_tensor *gates, pn_tensor *aux, pn_tensor **d) {
  const bool lstm = in[RN_C0] != NULL, gru = (s->flags & PN_RN_MODE) == PN_RN_GRU;
  pn_tensor *c[] = {contiguous_or_null(g[RN_Y]), pn_contiguous(in[RN_H0]),
                    contiguous_or_null(in[RN_C0]), pn_contiguous(in[RN_WHH])};
  d[D_X] = pn_empty_like(gates, gates->dtype);
  d[D_A] = gru ? pn_empty_like(gates, gates->dtype) : NULL;
  d[D_HPREV] = pn_empty_like(y, y->dtype);
  d[D_H] = copy_or_zeros(g[RN_HN], in[RN_H0]);
  d[D_C] = lstm ? copy_or_zeros(g[RN_CN], in[RN_C0]) : NULL;
  bool there = d[D_X] && (d[D_A] || !gru) && d[D_HPREV] && d[D_H] && (d[D_C] || !lstm) &&
               (c[0] || !g[RN_Y]) && c[1] && (c[2] || !lstm) && c[3];
  pn_status r = there ? PN_OK : pn_last_status();
  if (!r && y->numel) {
    pn_args a;
    fill(&a, s, y->dtype);
    pn_bind_out(&a, PN_RB_DX, d[D_X]);
    if (gru) pn_bind_out(&a, PN_RB_DA, d[D_A]);
    pn_bind_out(&a, PN_RB_HPREV, d[D_HPREV]);
    pn_bind_inout(&a, PN_RB_DH, d[D_H]);
    if (lstm) pn_bind_inout(&a, PN_RB_DC, d[D_C]);
    pn_bind(&a, PN_RB_GATES, gates);
    if (aux) pn_bind(&a, PN_RB_AUX, aux);
    pn_bind(&a, PN_RB_Y, y);
    pn_bind(&a, PN_RB_H0, c[1]);
    if (lstm) pn_bind(&a, PN_RB_C0, c[2]);
    pn_bind(&a, PN_RB_W, c[3]);
    if (c[0]) pn_bind(&a, PN_RB_GY, c[0]);
    r = pn_run(&pn_row_recurrent_backward, &a, block_bytes(s));
  }
  release_all(4, c);
  return r;
}

/* d^T x for d (N, G H), x (N, K) */
static pn_tensor *weight_gradient(pn_tensor *d, pn_tensor *x) {
  pn_tensor *t = pn_transpose(d, 0, 1), *r = t ? pn_matmul(t, x) : NULL;
  pn_release(t);
  return r;
}

static pn_tensor *gradient_of(int k, pn_tensor **in, pn_tensor **d) {
  pn_tensor *da = d[D_A] ? d[D_A] : d[D_X];
  switch (k) {
    case RN_X:
      return pn_matmul(d[D_X], in[RN_WIH]);
    case RN_H0:
      return pn_ref(d[D_H]);
    case RN_C0:
      return pn_ref(d[D_C]);
    case RN_WIH:
      return weight_gradient(d[D_X], in[RN_X]);
    case RN_WHH:
      return weight_gradient(da, d[D_HPREV]);
    default:
      return pn_sum(k == RN_BIH ? d[D_X] : da, 1, false, -1);
  }
}

static pn_status record_gradients(const rn_spec *s, pn_tensor **g, pn_tensor **in, pn_tensor *sizes,
                                  pn_tensor **out) {
  pn_tensor none = {.refs = 1}, *t[RN_OUTPUTS + RN_INPUTS];
  bool wanted = false;
  for (int k = 0; k < RN_OUTPUTS + RN_INPUTS; k++) {
    t[k] = k < RN_OUTPUTS ? g[k] : in[k - RN_OUTPUTS];
    if (t[k] && pn_wants_grad(t[k])) wanted = true;
    if (!t[k]) t[k] = &none;
  }
  if (!wanted) return PN_OK;
  pn_node *n = NULL;
  for (int k = 0, made = 0; k < RN_INPUTS; k++) {
    if (!out[k]) continue;
    if (made == 0) {
      n = pn_node_new(&op_gradients, out[k], RN_OUTPUTS + RN_INPUTS, t);
      if (!n || pn_node_reserve(n, SAVED)) return pn_last_status();
      keep_spec(n, s);
      for (int j = 0; j < RN_OUTPUTS + RN_INPUTS; j++)
        pn_node_save(n, j, t[j] == &none ? NULL : t[j]);
      pn_node_save(n, SAVE_SIZES, sizes);
    } else {
      pn_node_output(n, made, out[k]);
    }
    n->i[I_KIND + made++] = k;
  }
  return PN_OK;
}

pn_status pn_recurrent_gradients(const rn_spec *s, pn_tensor **g, pn_tensor **in, pn_tensor *y,
                                 pn_tensor *gates, pn_tensor *aux, pn_tensor *sizes,
                                 const bool *want, pn_tensor **out) {
  pn_tensor *d[D_COUNT] = {NULL};
  for (int k = 0; k < RN_INPUTS; k++) out[k] = NULL;
  const bool was = pn_set_grad_enabled(false);
  pn_status r = run_backward(s, g, in, y, gates, aux, d);
  for (int k = 0; k < RN_INPUTS && !r; k++) {
    if (!want[k]) continue;
    /* without GRU both biases have one gradient */
    const bool same = k == RN_BHH && out[RN_BIH] && !d[D_A];
    out[k] = same ? pn_clone(out[RN_BIH]) : gradient_of(k, in, d);
    if (!out[k]) r = pn_last_status();
  }
  pn_set_grad_enabled(was);
  release_all(D_COUNT, d);
  if (!r) r = record_gradients(s, g, in, sizes, out);
  if (!r) return PN_OK;
  for (int k = 0; k < RN_INPUTS; k++) {
    pn_release(out[k]);
    out[k] = NULL;
  }
  return r;
}

/* ---- forward ----------------------------------------------------------------------------- */
enum { KEEP_SIZES = RN_INPUTS, KEEP_GATES, KEEP_AUX, KEEP_Y, KEPT };

static pn_status recurrent_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *t[KEPT], *grads[RN_OUTPUTS] = {NULL};
  bool want[RN_INPUTS];
  pn_status s = fetch(n, 0, KEPT, t);
  for (int k = 0; k < n->nout; k++) grads[k] = n->g[k];
  for (int k = 0; k < RN_INPUTS; k++) want[k] = pn_needs(n, k);
  const rn_spec spec = spec_of(n, t[KEEP_SIZES]);
  if (!s)
    s = pn_recurrent_gradients(&spec, grads, t, t[KEEP_Y], t[KEEP_GATES], t[KEEP_AUX],
                               t[KEEP_SIZES], want, gin);
  release_all(KEPT, t);
  return s;
}
static const pn_op op_recurrent = {"RecurrentBackward", recurrent_back};

/* Makes out[0..2] and what the backward pass needs of them. */
static pn_status run_forward(const rn_spec *s, pn_tensor **in, pn_tensor **out, pn_tensor **gates,
                             pn_tensor **aux) {
  const uint32_t mode = s->flags & PN_RN_MODE;
  const bool lstm = mode == PN_RN_LSTM, has_aux = lstm || mode == PN_RN_GRU;
  const int64_t shape[2] = {in[RN_X]->shape[0], s->hidden};
  pn_tensor *wt = pn_use1(pn_contiguous, pn_transpose(in[RN_WHH], 0, 1));
  pn_tensor *bias = contiguous_or_null(in[RN_BHH]);
  *gates = pn_linear(in[RN_X], in[RN_WIH], in[RN_BIH]);
  out[RN_Y] = pn_empty(in[RN_X]->dtype, 2, shape);
  out[RN_HN] = pn_clone(in[RN_H0]);
  out[RN_CN] = lstm ? pn_clone(in[RN_C0]) : NULL;
  *aux = has_aux ? pn_empty(in[RN_X]->dtype, 2, shape) : NULL;
  bool there = wt && (bias || !in[RN_BHH]) && *gates && out[RN_Y] && out[RN_HN] &&
               (out[RN_CN] || !lstm) && (*aux || !has_aux);
  pn_status r = there ? PN_OK : pn_last_status();
  if (!r && out[RN_Y]->numel) {
    pn_args a;
    fill(&a, s, in[RN_X]->dtype);
    pn_bind_inout(&a, PN_RN_GATES, *gates);
    pn_bind_inout(&a, PN_RN_H, out[RN_HN]);
    if (lstm) pn_bind_inout(&a, PN_RN_C, out[RN_CN]);
    pn_bind_out(&a, PN_RN_Y, out[RN_Y]);
    if (*aux) pn_bind_out(&a, PN_RN_AUX, *aux);
    pn_bind(&a, PN_RN_W, wt);
    if (bias) pn_bind(&a, PN_RN_BIAS, bias);
    r = pn_run(&pn_row_recurrent, &a, block_bytes(s));
  }
  pn_release(wt);
  pn_release(bias);
  return r;
}

static pn_status record(const rn_spec *s, pn_tensor **in, pn_tensor **out, pn_tensor *gates,
                        pn_tensor *aux) {
  pn_tensor none = {.refs = 1}, *t[RN_INPUTS];
  bool wanted = false;
  for (int k = 0; k < RN_INPUTS; k++) {
    if (in[k] && pn_wants_grad(in[k])) wanted = true;
    t[k] = in[k] ? in[k] : &none;
  }
  if (!wanted) return PN_OK;
  pn_node *n = pn_node_new(&op_recurrent, out[RN_Y], RN_INPUTS, t);
  if (!n || pn_node_reserve(n, KEPT)) return pn_last_status();
  for (int k = RN_HN; k < RN_OUTPUTS && out[k]; k++) pn_node_output(n, k, out[k]);
  keep_spec(n, s);
  for (int k = 0; k < RN_INPUTS; k++) pn_node_save(n, k, in[k]);
  pn_tensor *sizes = s->sizes ? pn_empty(PN_I64, 1, &s->steps) : NULL;
  if (s->sizes && !sizes) return pn_last_status();
  if (sizes) memcpy(sizes->data, s->sizes, block_bytes(s));
  pn_node_save(n, KEEP_SIZES, sizes);
  pn_node_save(n, KEEP_GATES, gates);
  pn_node_save(n, KEEP_AUX, aux);
  pn_release(sizes);
  return pn_node_save_output(n, KEEP_Y, out[RN_Y]);
}

static bool is_shape(const pn_tensor *t, int64_t rows, int64_t columns) {
  return t->ndim == 2 && t->shape[0] == rows && t->shape[1] == columns;
}
static bool is_bias(const pn_tensor *t, int64_t size) {
  return !t || (t->ndim == 1 && t->shape[0] == size);
}

static pn_status check(const rn_spec *s, pn_tensor **in) {
  const int64_t gates = pn_rn_gates(s->flags) * s->hidden, items = in[RN_X]->shape[1];
  const bool lstm = (s->flags & PN_RN_MODE) == PN_RN_LSTM;
  if (!pn_is_real(in[RN_X]->dtype)) return pn_no_kernel(&pn_row_recurrent, in[RN_X]->dtype);
  for (int k = 0; k < RN_INPUTS; k++)
    if (in[k] && in[k]->dtype != in[RN_X]->dtype)
      return pn_fail(PN_RUNTIME_ERROR,
                     "recurrent: input and parameters must have the same dtype, got %s and %s",
                     pn_dtype_name(in[RN_X]->dtype), pn_dtype_name(in[k]->dtype));
  const bool known = s->steps > 0 && s->hidden > 0;
  bool fits = known && (s->batch == 0 || s->steps <= in[RN_X]->shape[0]);
  int64_t rows = s->sizes || !fits ? 0 : s->steps * s->batch, last = s->batch;
  for (int64_t t = 0; s->sizes && t < s->steps && fits; t++) {
    fits = s->sizes[t] > 0 && s->sizes[t] <= last;
    rows += last = s->sizes[t];
  }
  if (s->sizes && s->sizes[0] != s->batch) fits = false;
  if (!fits || in[RN_X]->shape[0] != rows)
    return pn_fail(PN_RUNTIME_ERROR,
                   "recurrent: input %s does not hold %lld steps of a batch of %lld sequences",
                   pn_shape_text(in[RN_X]), (long long)s->steps, (long long)s->batch);
  if (!is_shape(in[RN_WIH], gates, items) || !is_shape(in[RN_WHH], gates, s->hidden) ||
      !is_bias(in[RN_BIH], gates) || !is_bias(in[RN_BHH], gates) || lstm != (in[RN_C0] != NULL) ||
      (lstm && !is_shape(in[RN_C0], s->batch, s->hidden)))
    return pn_fail(PN_RUNTIME_ERROR,
                   "recurrent: input %s and h0 %s do not fit weights %s and %s (expected (%lld, "
                   "%lld) and (%lld, %lld))",
                   pn_shape_text(in[RN_X]), pn_shape_text(in[RN_H0]), pn_shape_text(in[RN_WIH]),
                   pn_shape_text(in[RN_WHH]), (long long)gates, (long long)items, (long long)gates,
                   (long long)s->hidden);
  return PN_OK;
}

/* in: the inputs above; i: mode, reversed, steps, and the rows of every step
 * unless all are h0's.  Gives y, the last h and, for LSTM, the last c. */
pn_status pn_op_recurrent(pn_call *c) {
  pn_status r = pn_call_check(c, "recurrent", RN_INPUTS, -1, 0);
  if (r) return r;
  pn_tensor *in[RN_INPUTS], *gates = NULL, *aux = NULL;
  memcpy(in, c->in, sizeof in);
  const bool there = in[RN_X] && in[RN_H0] && in[RN_WIH] && in[RN_WHH];
  if (!there || in[RN_X]->ndim != 2 || in[RN_H0]->ndim != 2 || c->nints < 3 || c->i[0] < 0 ||
      c->i[0] > PN_RN_GRU || (c->nints > 3 && c->nints != 3 + c->i[2]))
    return pn_fail(PN_RUNTIME_ERROR,
                   "recurrent: expected x and h0 with 2 dimensions, weights, "
                   "mode, direction and steps");
  const rn_spec s = {(uint32_t)c->i[0] | (c->i[1] ? PN_RN_REVERSED : 0), c->i[2],
                     in[RN_H0]->shape[0], in[RN_H0]->shape[1], c->nints > 3 ? c->i + 3 : NULL};
  r = check(&s, in);
  if (r) return r;
  const bool was = pn_set_grad_enabled(false);
  r = run_forward(&s, in, c->out, &gates, &aux);
  pn_set_grad_enabled(was);
  if (!r) r = record(&s, in, c->out, gates, aux);
  pn_release(gates);
  pn_release(aux);
  c->nout = c->out[RN_CN] ? 3 : 2;
  if (!r) return PN_OK;
  release_all(RN_OUTPUTS, c->out);
  c->nout = 0;
  return r;
}

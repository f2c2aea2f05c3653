/* The gradients of normalisation: one operator of three outputs, whose own
 * derivative is that of a composition of mean, square, root and product. */
#include "engine/norm.h"

void pn_norm_record(pn_args *a, const pn_norm_shape *shape, int dtype) {
  memset(a->p, 0, sizeof a->p);
  a->block = NULL;
  a->dtype = (uint32_t)dtype;
  a->flags = (shape->rms ? PN_NORM_RMS : 0) | (shape->batch ? PN_NORM_BATCH : 0);
  a->n[PN_NORM_N] = shape->n;
  a->n[PN_NORM_C] = shape->c;
  a->n[PN_NORM_S] = shape->s;
  a->n[PN_NORM_GROUPS] = shape->groups;
  a->f[PN_NORM_EPS] = shape->eps;
  a->f[PN_NORM_FACTOR] = 0;
}

static void bind_some(pn_args *a, int slot, pn_tensor *t) {
  if (t) pn_bind(a, slot, t);
}
static void bind_saved(pn_args *a, const pn_norm_saved *saved) {
  pn_bind(a, PN_NORM_X, saved->x);
  bind_some(a, PN_NORM_MEAN, saved->mean);
  pn_bind(a, PN_NORM_RSTD, saved->rstd);
  bind_some(a, PN_NORM_WEIGHT, saved->weight);
}

pn_status pn_norm_sums(const pn_norm_shape *shape, pn_tensor *g, const pn_norm_saved *saved,
                       pn_tensor *dw, pn_tensor *db) {
  pn_args a;
  pn_tensor *work = NULL;
  pn_norm_record(&a, shape, g->dtype);
  size_t bytes = pn_norm_work(&a);
  if (bytes) {
    work = pn_workspace(bytes);
    if (!work) return pn_last_status();
    pn_bind_out(&a, PN_NORM_WORK, work);
  }
  if (dw) pn_bind_out(&a, PN_NORM_DWEIGHT, dw);
  if (db) pn_bind_out(&a, PN_NORM_DBIAS, db);
  bind_saved(&a, saved);
  pn_bind(&a, PN_NORM_G, g);
  pn_status s = pn_run(&pn_row_norm_sums, &a, 0);
  pn_release(work);
  return s;
}

static pn_status dx_of(const pn_row *row, const pn_norm_shape *shape, pn_tensor *dx, pn_tensor *g,
                       const pn_norm_saved *saved, pn_tensor *dw, pn_tensor *db) {
  pn_args a;
  pn_norm_record(&a, shape, g->dtype);
  pn_bind_out(&a, PN_NORM_OUT, dx);
  bind_saved(&a, saved);
  pn_bind(&a, PN_NORM_G, g);
  bind_some(&a, PN_NORM_DWEIGHT, dw);
  bind_some(&a, PN_NORM_DBIAS, db);
  return pn_run(row, &a, 0);
}

/* ---- the composition ----------------------------------------------------------------- */
typedef struct composed {
  pn_norm_shape shape;
  pn_tensor *mean, *rstd; /* batch_norm by running statistics: constants */
} composed;

/* (x - m) / sqrt(v + eps) over the axes of x. */
static pn_tensor *normalised(pn_tensor *x, uint32_t axes, bool rms, double eps) {
  pn_tensor *m = rms ? NULL : pn_mean(x, axes, true);
  pn_tensor *d = rms ? pn_ref(x) : pn_use2(pn_sub, pn_ref(x), m);
  pn_tensor *squares = d ? pn_mul(d, d) : NULL;
  pn_tensor *v = squares ? pn_mean(squares, axes, true) : NULL;
  pn_release(squares);
  pn_tensor *root = pn_use1(pn_sqrt, pn_use2(pn_add, v, pn_scalar_float(eps)));
  return pn_use2(pn_div, d, root);
}

static pn_tensor *reshaped(pn_tensor *owned, int ndim, const int64_t *shape) {
  pn_tensor *r = owned ? pn_reshape(owned, ndim, shape) : NULL;
  pn_release(owned);
  return r;
}
static pn_tensor *per_channel(pn_tensor *t, int64_t channels) {
  return pn_reshape(t, 2, (int64_t[]){channels, 1});
}

static pn_status compose(const void *context, pn_tensor **v, pn_roots *roots) {
  const composed *c = context;
  const pn_norm_shape *k = &c->shape;
  pn_tensor *x = v[1], *y;
  const int64_t whole[3] = {k->n, k->c, k->s};
  if (k->groups) {
    const int64_t rows[3] = {k->n, k->groups, k->c / k->groups * k->s};
    pn_tensor *r = pn_reshape(x, 3, rows);
    y = r ? normalised(r, 1u << 2, k->rms, k->eps) : NULL;
    pn_release(r);
    y = reshaped(y, 3, whole);
  } else {
    pn_tensor *r = pn_reshape(x, 3, whole);
    if (k->batch) {
      y = r ? normalised(r, 1u << 0 | 1u << 2, false, k->eps) : NULL;
      pn_release(r);
    } else {
      y = pn_use2(pn_mul, pn_use2(pn_sub, r, per_channel(c->mean, k->c)),
                  per_channel(c->rstd, k->c));
    }
  }
  if (v[2]) y = pn_use2(pn_mul, y, per_channel(v[2], k->c));
  if (v[3]) y = pn_use2(pn_add, y, per_channel(v[3], k->c));
  y = reshaped(y, x->ndim, x->shape);
  if (!y) return pn_last_status();
  roots->out[0] = y;
  roots->g[0] = pn_ref(v[0]);
  roots->count = 1;
  return PN_OK;
}

/* ---- nodes: the shape in i[] and f[], then which inputs there are ------------------------ */
enum { AT_N, AT_C, AT_S, AT_GROUPS, AT_RMS, AT_BATCH, AT_HAS };

static void keep(pn_node *n, const pn_norm_shape *k, uint32_t has) {
  const int64_t values[] = {k->n, k->c, k->s, k->groups, k->rms, k->batch, has};
  memcpy(n->i, values, sizeof values);
  n->f[0] = k->eps;
}
static pn_norm_shape kept(const pn_node *n) {
  return (pn_norm_shape){.n = n->i[AT_N],
                         .c = n->i[AT_C],
                         .s = n->i[AT_S],
                         .groups = n->i[AT_GROUPS],
                         .rms = n->i[AT_RMS],
                         .batch = n->i[AT_BATCH],
                         .eps = n->f[0]};
}
static uint32_t present(const pn_norm_saved *s) {
  return 1u | (s->weight ? 2u : 0) | (s->bias ? 4u : 0);
}
/* The node's edges are the inputs that there are, in order. */
static int edges_of(const pn_norm_saved *s, pn_tensor **in) {
  int n = 0;
  in[n++] = s->x;
  if (s->weight) in[n++] = s->weight;
  if (s->bias) in[n++] = s->bias;
  return n;
}
/* Saved: x, weight, mean, rstd, bias from `first` on. */
static void save_all(pn_node *n, int first, const pn_norm_saved *s) {
  pn_tensor *t[] = {s->x, s->weight, s->mean, s->rstd, s->bias};
  for (int k = 0; k < 5; k++) pn_node_save(n, first + k, t[k]);
}
static pn_status fetch(pn_node *n, int first, pn_norm_saved *s, bool mean) {
  const int64_t has = n->i[AT_HAS];
  *s = (pn_norm_saved){0};
  if (!(s->x = pn_saved_get(n, first)) || !(s->rstd = pn_saved_get(n, first + 3)))
    return pn_last_status();
  if (has & 2 && !(s->weight = pn_saved_get(n, first + 1))) return pn_last_status();
  if (mean && !(s->mean = pn_saved_get(n, first + 2))) return pn_last_status();
  if (has & 4 && !(s->bias = pn_saved_get(n, first + 4))) return pn_last_status();
  return PN_OK;
}
static void drop(pn_norm_saved *s) {
  pn_release(s->x);
  pn_release(s->weight);
  pn_release(s->bias);
  pn_release(s->mean);
  pn_release(s->rstd);
}

/* ---- the gradients --------------------------------------------------------------------- */
static pn_tensor *zeros_like(const pn_tensor *t) { return pn_zeros(t->dtype, t->ndim, t->shape); }

/* out[0..2] = dx, dw, db where want says so. */
static pn_status gradients(const pn_norm_shape *k, pn_tensor *g, const pn_norm_saved *s,
                           const bool *want, pn_tensor **out) {
  pn_tensor *like[PN_NORM_INPUTS] = {s->x, s->weight, s->bias}, *sums[PN_NORM_INPUTS] = {NULL};
  bool empty = s->x->numel == 0, through = !k->groups && k->batch && want[0] && !empty;
  for (int i = 0; i < PN_NORM_INPUTS; i++) {
    if (!want[i]) continue;
    out[i] = empty ? zeros_like(like[i]) : pn_empty_like(like[i], like[i]->dtype);
    if (!out[i]) return pn_last_status();
  }
  if (empty) return PN_OK;
  pn_status status = PN_OK;
  for (int i = 1; i < PN_NORM_INPUTS && !status; i++) {
    sums[i] = pn_ref(out[i]);
    if (!sums[i] && through && !(sums[i] = pn_empty(g->dtype, 1, &k->c))) status = pn_last_status();
  }
  if (!status && (sums[1] || sums[2])) status = pn_norm_sums(k, g, s, sums[1], sums[2]);
  if (!status && want[0])
    status = dx_of(k->groups ? &pn_row_group_norm_backward : &pn_row_batch_norm_backward, k, out[0],
                   g, s, sums[1], sums[2]);
  pn_release(sums[1]);
  pn_release(sums[2]);
  return status;
}

static pn_status second_backward(pn_node *n, pn_tensor *h0, pn_tensor **gin) {
  pn_tensor *h[PN_NORM_INPUTS] = {NULL}, *all[1 + PN_NORM_INPUTS] = {NULL};
  bool want[1 + PN_NORM_INPUTS] = {false};
  pn_norm_saved s;
  pn_norm_shape k = kept(n);
  pn_tensor *g = pn_saved_get(n, 0);
  pn_status status = fetch(n, 1, &s, !k.rms);
  if (!g || status) status = pn_last_status();
  int output = 0, edge = 1;
  want[0] = pn_needs(n, 0);
  for (int i = 0; i < PN_NORM_INPUTS; i++) {
    if (n->i[AT_HAS + 1] >> i & 1) h[i] = n->g[output++];
    if (n->i[AT_HAS] >> i & 1) want[1 + i] = pn_needs(n, edge++);
  }
  pn_tensor *v[1 + PN_NORM_INPUTS] = {g, s.x, s.weight, s.bias};
  composed c = {k, s.mean, s.rstd};
  pn_second p = {compose, &c, 1, PN_NORM_INPUTS, 1};
  if (!status) status = pn_second_derivative(&p, v, h, want, all);
  gin[0] = all[0];
  edge = 1;
  for (int i = 0; i < PN_NORM_INPUTS; i++)
    if (n->i[AT_HAS] >> i & 1) gin[edge++] = all[1 + i];
  drop(&s);
  pn_release(g);
  return status;
}
static const pn_op op_backward = {"NormBackwardBackward", second_backward};

/* The history of the gradients out[], if one is wanted. */
static pn_status attach_second(const pn_norm_shape *k, pn_tensor *g, const pn_norm_saved *s,
                               pn_tensor **out) {
  pn_tensor *in[1 + PN_NORM_INPUTS];
  in[0] = g;
  int nin = 1 + edges_of(s, in + 1), outputs = 0;
  bool wanted = false;
  for (int i = 0; i < nin; i++) wanted |= pn_wants_grad(in[i]);
  if (!wanted) return PN_OK;
  pn_node *n = NULL;
  uint32_t which = 0;
  for (int i = 0; i < PN_NORM_INPUTS; i++) {
    if (!out[i]) continue;
    which |= 1u << i;
    if (n) {
      pn_node_output(n, outputs++, out[i]);
      continue;
    }
    n = pn_node_new(&op_backward, out[i], nin, in);
    if (!n || pn_node_reserve(n, 6)) return pn_last_status();
    outputs = 1;
  }
  if (!n) return PN_OK;
  pn_node_save(n, 0, g);
  save_all(n, 1, s);
  keep(n, k, present(s));
  n->i[AT_HAS + 1] = which;
  return PN_OK;
}

static pn_status first_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_norm_saved s;
  pn_norm_shape k = kept(n);
  pn_tensor *out[PN_NORM_INPUTS] = {NULL}, *dense = pn_contiguous(g);
  bool want[PN_NORM_INPUTS] = {false};
  pn_status status = fetch(n, 0, &s, !k.rms);
  if (!dense) status = pn_last_status();
  int edge = 0;
  for (int i = 0; i < PN_NORM_INPUTS; i++)
    if (n->i[AT_HAS] >> i & 1) want[i] = pn_needs(n, edge++);
  pn_norm_saved flat = s;
  flat.x = status ? NULL : pn_contiguous(s.x);
  flat.weight = status || !s.weight ? NULL : pn_contiguous(s.weight);
  if (!status && (!flat.x || (s.weight && !flat.weight))) status = pn_last_status();
  if (!status) status = gradients(&k, dense, &flat, want, out);
  if (!status) status = attach_second(&k, g, &s, out);
  edge = 0;
  for (int i = 0; i < PN_NORM_INPUTS; i++) {
    if (n->i[AT_HAS] >> i & 1)
      gin[edge++] = out[i];
    else
      pn_release(out[i]);
  }
  pn_release(dense);
  pn_release(flat.x);
  pn_release(flat.weight);
  drop(&s);
  return status;
}
static const pn_op op_layer = {"GroupNormBackward", first_backward};
static const pn_op op_batch = {"BatchNormBackward", first_backward};

pn_status pn_norm_attach(pn_tensor *y, const pn_norm_shape *shape, const pn_norm_saved *saved) {
  pn_tensor *in[PN_NORM_INPUTS];
  int nin = edges_of(saved, in);
  bool wanted = false;
  for (int i = 0; i < nin; i++) wanted |= pn_wants_grad(in[i]);
  if (!wanted) return PN_OK;
  pn_node *n = pn_node_new(shape->groups ? &op_layer : &op_batch, y, nin, in);
  if (!n) return pn_last_status();
  save_all(n, 0, saved);
  keep(n, shape, present(saved));
  return PN_OK;
}

/* layer_norm, rms_norm, group_norm, batch_norm: shapes, records, running
 * statistics; the gradients are in norm_grad.c. */
#include "engine/norm.h"

#include "engine/ops.h"
#include "engine/reduce.h"

static pn_status check_operand(const char *name, const char *what, const pn_tensor *x,
                               const pn_tensor *t, int64_t numel) {
  if (!t) return PN_OK;
  if (t->dtype != x->dtype)
    return pn_fail(PN_RUNTIME_ERROR, "%s: expected a %s %s, as the input is, but got %s", name,
                   pn_dtype_name(x->dtype), what, pn_dtype_name(t->dtype));
  if (t->numel != numel)
    return pn_fail(PN_RUNTIME_ERROR, "%s: %s should contain %lld elements, its shape is %s", name,
                   what, (long long)numel, pn_shape_text(t));
  return PN_OK;
}

pn_status pn_norm_check(const pn_row *row, const pn_norm_shape *k, const pn_norm_saved *s) {
  if (!pn_is_real(s->x->dtype)) return pn_no_kernel(row, s->x->dtype);
  pn_status status = check_operand(row->name, "weight", s->x, s->weight, k->c);
  return status ? status : check_operand(row->name, "bias", s->x, s->bias, k->c);
}

static pn_status bind_dense(pn_args *a, int slot, pn_tensor *t, pn_tensor **held) {
  *held = NULL;
  if (!t) return PN_OK;
  *held = pn_contiguous(t);
  if (!*held) return pn_last_status();
  pn_bind(a, slot, *held);
  return PN_OK;
}

/* ---- per sample and group ------------------------------------------------------------- */
static pn_status run_groups(const pn_norm_shape *k, pn_tensor *y, pn_norm_saved *s) {
  pn_args a;
  pn_tensor *held[3] = {NULL};
  pn_norm_record(&a, k, y->dtype);
  pn_bind_out(&a, PN_NORM_OUT, y);
  if (s->mean) pn_bind_out(&a, PN_NORM_MEAN, s->mean);
  pn_bind_out(&a, PN_NORM_RSTD, s->rstd);
  pn_status status = bind_dense(&a, PN_NORM_X, s->x, &held[0]);
  if (!status) status = bind_dense(&a, PN_NORM_WEIGHT, s->weight, &held[1]);
  if (!status) status = bind_dense(&a, PN_NORM_BIAS, s->bias, &held[2]);
  if (!status) status = pn_run(&pn_row_group_norm, &a, 0);
  for (int i = 0; i < 3; i++) pn_release(held[i]);
  return status;
}

static pn_tensor *group_norm(const pn_norm_shape *k, pn_tensor *x, pn_tensor *w, pn_tensor *b) {
  pn_norm_saved s = {x, w, b, NULL, NULL};
  if (pn_norm_check(&pn_row_group_norm, k, &s)) return NULL;
  int64_t rows = k->n * k->groups;
  pn_tensor *y = pn_empty(x->dtype, x->ndim, x->shape);
  s.rstd = pn_empty(x->dtype, 1, &rows);
  if (!k->rms) s.mean = pn_empty(x->dtype, 1, &rows);
  pn_status status = y && s.rstd && (k->rms || s.mean) ? PN_OK : pn_last_status();
  if (!status && x->numel) status = run_groups(k, y, &s);
  if (!status) status = pn_norm_attach(y, k, &s);
  pn_release(s.mean);
  pn_release(s.rstd);
  return status ? pn_discard(y) : y;
}

/* Numbers of arguments, and an input of at least so many dimensions. */
static pn_status check_call(const pn_call *c, const char *name, int nin, int nfloats, int ndim) {
  pn_status s = pn_call_check(c, name, nin, 1, nfloats);
  if (s) return s;
  if (!c->in[0]) return pn_fail(PN_TYPE_ERROR, "%s: the input is a Tensor, not None", name);
  if (c->in[0]->ndim < ndim)
    return pn_fail(PN_RUNTIME_ERROR, "%s: the input needs %d dimensions, its shape is %s", name,
                   ndim, pn_shape_text(c->in[0]));
  return PN_OK;
}

/* The last `dims` dimensions are a row. */
static pn_norm_shape rows_shape(const pn_tensor *x, int64_t dims, double eps, bool rms) {
  pn_norm_shape k = {.n = 1, .c = 1, .s = 1, .groups = 1, .rms = rms, .eps = eps};
  for (int d = 0; d < x->ndim; d++) *(d < x->ndim - dims ? &k.n : &k.c) *= x->shape[d];
  return k;
}

pn_status pn_op_layer_norm(pn_call *c) {
  pn_status s = check_call(c, "layer_norm", 3, 1, 0);
  if (s) return s;
  pn_norm_shape k = rows_shape(c->in[0], c->i[0], c->f[0], false);
  return pn_call_give(c, group_norm(&k, c->in[0], c->in[1], c->in[2]));
}

pn_status pn_op_rms_norm(pn_call *c) {
  pn_status s = check_call(c, "rms_norm", 2, 1, 0);
  if (s) return s;
  pn_norm_shape k = rows_shape(c->in[0], c->i[0], c->f[0], true);
  return pn_call_give(c, group_norm(&k, c->in[0], c->in[1], NULL));
}

static pn_norm_shape channels_shape(const pn_tensor *x, int64_t groups, double eps) {
  pn_norm_shape k = {.n = x->shape[0], .c = x->shape[1], .s = 1, .groups = groups, .eps = eps};
  for (int d = 2; d < x->ndim; d++) k.s *= x->shape[d];
  return k;
}

pn_status pn_op_group_norm(pn_call *c) {
  pn_status s = check_call(c, "group_norm", 3, 1, 2);
  if (s) return s;
  if (c->i[0] <= 0 || c->in[0]->shape[1] % c->i[0])
    return pn_fail(PN_RUNTIME_ERROR, "group_norm: %lld channels are not %lld groups",
                   (long long)c->in[0]->shape[1], (long long)c->i[0]);
  pn_norm_shape k = channels_shape(c->in[0], c->i[0], c->f[0]);
  return pn_call_give(c, group_norm(&k, c->in[0], c->in[1], c->in[2]));
}

/* ---- per channel -------------------------------------------------------------------------- */
typedef struct batch_call {
  pn_norm_shape shape;
  pn_tensor *running_mean, *running_var, *count;
  double factor;
} batch_call;

static pn_status check_running(const pn_tensor *x, pn_tensor *t, bool written) {
  pn_status s = check_operand("batch_norm", "a running statistic", x, t, x->shape[1]);
  if (s || !t) return s;
  if (written && !(t->flags & PN_T_CONTIGUOUS))
    return pn_fail(PN_RUNTIME_ERROR,
                   "batch_norm: running statistics of stride %s cannot be updated; they must be "
                   "contiguous",
                   pn_shape_str(t->ndim, t->stride));
  return written ? pn_check_writable(t) : PN_OK;
}

/* The batch's mean and (biased) variance, over samples and S. */
static pn_status batch_statistics(pn_tensor *x, pn_norm_saved *s, pn_tensor **var) {
  int64_t channels = x->shape[1];
  s->mean = pn_empty(x->dtype, 1, &channels);
  *var = pn_empty(x->dtype, 1, &channels);
  if (!s->mean || !*var) return pn_last_status();
  uint32_t axes = ((1u << x->ndim) - 1) & ~2u;
  return x->numel ? pn_run_reduce(&pn_row_var, x, axes, *var, s->mean, 0, 0) : PN_OK;
}

/* The running ones, in memory of their own: the next batch moves them. */
static pn_status running_statistics(const batch_call *c, pn_norm_saved *s, pn_tensor **var) {
  bool was = pn_set_grad_enabled(false);
  s->mean = pn_clone(c->running_mean);
  *var = pn_contiguous(c->running_var);
  pn_set_grad_enabled(was);
  return s->mean && *var ? PN_OK : pn_last_status();
}

static pn_status run_batch(const batch_call *c, pn_tensor *y, pn_norm_saved *s, pn_tensor *var) {
  pn_args a;
  pn_tensor *held[3] = {NULL};
  pn_norm_record(&a, &c->shape, y->dtype);
  a.f[PN_NORM_FACTOR] = c->factor;
  pn_bind_out(&a, PN_NORM_OUT, y);
  pn_bind_out(&a, PN_NORM_RSTD, s->rstd);
  pn_bind(&a, PN_NORM_MEAN, s->mean);
  pn_bind(&a, PN_NORM_VAR, var);
  bool moves = c->shape.batch;
  if (moves && c->running_mean) pn_bind_inout(&a, PN_NORM_RUNNING_MEAN, c->running_mean);
  if (moves && c->running_var) pn_bind_inout(&a, PN_NORM_RUNNING_VAR, c->running_var);
  if (moves && c->count) pn_bind(&a, PN_NORM_COUNT, c->count);
  pn_status status = bind_dense(&a, PN_NORM_X, s->x, &held[0]);
  if (!status) status = bind_dense(&a, PN_NORM_WEIGHT, s->weight, &held[1]);
  if (!status) status = bind_dense(&a, PN_NORM_BIAS, s->bias, &held[2]);
  if (!status) status = pn_run(&pn_row_batch_norm, &a, 0);
  for (int i = 0; i < 3; i++) pn_release(held[i]);
  if (!status && moves && c->running_mean) pn_mark_written(c->running_mean);
  if (!status && moves && c->running_var) pn_mark_written(c->running_var);
  return status;
}

static pn_tensor *batch_norm(const batch_call *c, pn_tensor *x, pn_tensor *w, pn_tensor *b) {
  pn_norm_saved s = {x, w, b, NULL, NULL};
  pn_tensor *var = NULL, *y = NULL;
  pn_status status = pn_norm_check(&pn_row_batch_norm, &c->shape, &s);
  if (!status) status = check_running(x, c->running_mean, c->shape.batch);
  if (!status) status = check_running(x, c->running_var, c->shape.batch);
  if (!status)
    status = c->shape.batch ? batch_statistics(x, &s, &var) : running_statistics(c, &s, &var);
  if (!status) {
    y = pn_empty(x->dtype, x->ndim, x->shape);
    s.rstd = pn_empty(x->dtype, 1, &c->shape.c);
    status = y && s.rstd ? PN_OK : pn_last_status();
  }
  if (!status && x->numel) status = run_batch(c, y, &s, var);
  if (!status) status = pn_norm_attach(y, &c->shape, &s);
  pn_release(s.mean);
  pn_release(s.rstd);
  pn_release(var);
  return status && y ? pn_discard(y) : y;
}

/* x, running mean, running variance, weight, bias, count of batches; training;
 * factor, eps. */
pn_status pn_op_batch_norm(pn_call *c) {
  pn_status s = check_call(c, "batch_norm", 6, 2, 2);
  if (s) return s;
  if (!c->i[0] && (!c->in[1] || !c->in[2]))
    return pn_fail(PN_RUNTIME_ERROR, "batch_norm: no running statistics in evaluation mode");
  if (c->in[5] && (c->in[5]->dtype != PN_I64 || c->in[5]->numel != 1))
    return pn_fail(PN_RUNTIME_ERROR, "batch_norm: the count of batches is one int64, not %s %s",
                   pn_dtype_name(c->in[5]->dtype), pn_shape_text(c->in[5]));
  batch_call b = {channels_shape(c->in[0], 0, c->f[1]), c->in[1], c->in[2], c->in[5], c->f[0]};
  b.shape.batch = c->i[0];
  return pn_call_give(c, batch_norm(&b, c->in[0], c->in[3], c->in[4]));
}

/* Optimiser steps: one record per dtype over a list of segments. */
#include "engine/optim.h"

#include "engine/internal.h"

static const pn_row *const rows[PN_ALGORITHM_COUNT] = {
    [PN_SGD] = &pn_row_sgd,           [PN_ADAM] = &pn_row_adam,
    [PN_NADAM] = &pn_row_nadam,       [PN_RADAM] = &pn_row_radam,
    [PN_RMSPROP] = &pn_row_rmsprop,   [PN_ADAGRAD] = &pn_row_adagrad,
    [PN_ADADELTA] = &pn_row_adadelta, [PN_ADAMAX] = &pn_row_adamax};

static pn_status check_slot(const pn_tensor *p, const pn_tensor *g) {
  if (!pn_is_real(p->dtype))
    return pn_fail(PN_TYPE_ERROR,
                   "an optimiser cannot step a %s parameter of shape %s; float32 "
                   "and float64 are implemented",
                   pn_dtype_name(p->dtype), pn_shape_text(p));
  if (!(p->flags & PN_T_CONTIGUOUS))
    return pn_fail(PN_RUNTIME_ERROR, "a parameter of shape %s and stride %s is not contiguous",
                   pn_shape_text(p), pn_shape_str(p->ndim, p->stride));
  if (p->storage->flags & PN_STORAGE_READONLY)
    return pn_fail(PN_VALUE_ERROR,
                   "a parameter of shape %s shares read-only memory and cannot be "
                   "stepped",
                   pn_shape_text(p));
  if (g->dtype != p->dtype || !pn_same_shape(g, p))
    return pn_fail(PN_RUNTIME_ERROR, "the gradient %s %s does not fit its parameter %s %s",
                   pn_dtype_name(g->dtype), pn_shape_text(g), pn_dtype_name(p->dtype),
                   pn_shape_text(p));
  return PN_OK;
}

/* Buffers outlive the step, so a recording must not give them memory of its
 * own, which it uses for other values earlier in the step. */
static pn_status make_missing(pn_algorithm algorithm, uint32_t needs, pn_optim_slot *s) {
  pn_recording *recording = pn_tls.recording;
  pn_tls.recording = NULL;
  int64_t two = PN_OPT_PROGRESS;
  pn_status status = PN_OK;
  bool initial = algorithm == PN_ADAGRAD;
  pn_tensor *value = pn_scalar_float(initial ? s->options[PN_ADAGRAD_INITIAL] : 0);
  if (!s->progress) {
    s->progress = pn_zeros(PN_F64, 1, &two);
    if (s->progress) ((double *)s->progress->data)[PN_OPT_PRODUCT] = 1;
  }
  if (!value || !s->progress) status = pn_last_status();
  for (int k = 0; k < PN_OPT_BUFFERS && !status; k++) {
    if (!(needs >> k & 1) || s->buffer[k]) continue;
    s->buffer[k] = pn_full(s->param->dtype, s->param->ndim, s->param->shape, value);
    if (!s->buffer[k]) status = pn_last_status();
  }
  pn_release(value);
  pn_tls.recording = recording;
  return status;
}

/* The parameter may have got other memory since its buffers were made. */
static pn_status check_buffers(const pn_optim_slot *s, uint32_t needs) {
  for (int k = 0; k < PN_OPT_BUFFERS; k++) {
    const pn_tensor *b = needs >> k & 1 ? s->buffer[k] : NULL;
    if (b && (b->dtype != s->param->dtype || b->numel != s->param->numel))
      return pn_fail(PN_RUNTIME_ERROR,
                     "an optimiser's state, %s %s, does not fit its parameter, which is %s %s now",
                     pn_dtype_name(b->dtype), pn_shape_text(b), pn_dtype_name(s->param->dtype),
                     pn_shape_text(s->param));
  }
  return PN_OK;
}

/* Everything that can fail, before anything is written; counts[dtype]. */
static pn_status prepare(pn_algorithm algorithm, int n, pn_optim_slot *slots, bool *made,
                         int *counts) {
  const double *options = NULL;
  uint32_t needs = 0;
  for (int i = 0; i < n; i++) {
    pn_optim_slot *s = &slots[i];
    if (!s->grad) continue;
    pn_status status = check_slot(s->param, s->grad);
    if (status) return status;
    counts[s->param->dtype]++;
    if (s->options != options) {
      options = s->options;
      needs = pn_optim_buffers(algorithm, options);
    }
    bool complete = s->progress || !needs;
    for (int k = 0; k < PN_OPT_BUFFERS; k++) complete &= !(needs >> k & 1) || s->buffer[k];
    if (needs) status = check_buffers(s, needs);
    if (!status && !complete) {
      *made = true;
      status = make_missing(algorithm, needs, s);
    }
    if (status) return status;
  }
  return PN_OK;
}

/* Fills segments of one dtype; gradients made contiguous are kept in held[]. */
static pn_status collect(pn_algorithm algorithm, int n, pn_optim_slot *slots, int dtype,
                         pn_optim_segment *seg, pn_tensor **held, int *count) {
  for (int i = 0; i < n; i++) {
    pn_optim_slot *s = &slots[i];
    pn_tensor *p = s->param;
    if (!s->grad || p->dtype != dtype) continue;
    pn_tensor *g = pn_contiguous(s->grad);
    if (!g) return pn_last_status();
    uint32_t needs = pn_optim_buffers(algorithm, s->options);
    held[*count] = g;
    pn_optim_segment *to = &seg[(*count)++];
    to->param = p->data;
    to->grad = g->data;
    to->options = s->options;
    to->progress = needs ? s->progress->data : NULL;
    to->n = p->numel;
    for (int k = 0; k < PN_OPT_BUFFERS; k++)
      to->buffer[k] = needs >> k & 1 ? s->buffer[k]->data : NULL;
    if (!pn_tls.recording) continue;
    pn_record_pin(p, true);
    pn_record_pin(g, false);
    if (needs) pn_record_pin(s->progress, true);
    for (int k = 0; k < PN_OPT_BUFFERS; k++)
      if (needs >> k & 1) pn_record_pin(s->buffer[k], true);
  }
  return PN_OK;
}

static pn_status step_dtype(pn_algorithm algorithm, int n, pn_optim_slot *slots, int dtype,
                            pn_optim_segment *seg, pn_tensor **held) {
  int count = 0;
  pn_status s = collect(algorithm, n, slots, dtype, seg, held, &count);
  if (!s) {
    pn_args a;
    a.flags = 0;
    a.dtype = (uint32_t)dtype;
    pn_optim_record(&a, seg, count);
    s = pn_run(rows[algorithm], &a, (size_t)count * sizeof *seg);
  }
  for (int i = 0; i < count; i++) pn_release(held[i]);
  return s;
}

pn_status pn_optim_step(pn_algorithm algorithm, int n, pn_optim_slot *slots, bool *made) {
  enum { SMALL = 16 };
  pn_optim_segment small[SMALL], *seg = small;
  pn_tensor *small_held[SMALL], **held = small_held;
  int counts[PN_DTYPE_COUNT] = {0};
  *made = false;
  pn_status s = prepare(algorithm, n, slots, made, counts);
  if (s) return s;
  int most = counts[PN_F32] > counts[PN_F64] ? counts[PN_F32] : counts[PN_F64];
  if (most > SMALL) {
    seg = pn_alloc((size_t)most * (sizeof *seg + sizeof *held));
    if (!seg) return pn_last_status();
    held = (pn_tensor **)(seg + most);
  }
  if (counts[PN_F32]) s = step_dtype(algorithm, n, slots, PN_F32, seg, held);
  if (!s && counts[PN_F64]) s = step_dtype(algorithm, n, slots, PN_F64, seg, held);
  if (seg != small) pn_free(seg);
  for (int i = 0; i < n && !s; i++)
    if (slots[i].grad) pn_mark_written(slots[i].param);
  return s;
}

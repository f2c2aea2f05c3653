/* Optimiser steps: one record per dtype over a list of segments. */
#include "kernels/optim.h"
#include "engine/internal.h"

static pn_status check_segment(const pn_tensor *p, const pn_tensor *g) {
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

typedef struct sgd_call {
  int n;
  pn_tensor **params, **grads, **momentum, *first;
  const pn_sgd_scalars *scalars;
} sgd_call;

/* The buffers start unwritten: `first` makes the kernel write them whole.  They
 * outlive the step, so a recording must not give them memory of its own, which
 * it uses for other values earlier in the step. */
static pn_status momentum_buffer(const sgd_call *c, int i) {
  if (!c->momentum || c->momentum[i] || c->scalars->momentum == 0) return PN_OK;
  pn_recording *recording = pn_tls.recording;
  pn_tls.recording = NULL;
  c->momentum[i] = pn_empty_like(c->params[i], c->params[i]->dtype);
  pn_tls.recording = recording;
  if (!c->momentum[i]) return pn_last_status();
  ((int64_t *)c->first->data)[i] = 1;
  return PN_OK;
}

/* Fills segments of one dtype; grads made contiguous are kept in held[]. */
static pn_status collect(const sgd_call *c, int dtype, pn_sgd_segment *seg, pn_tensor **held,
                         int *count) {
  for (int i = 0; i < c->n; i++) {
    pn_tensor *p = c->params[i];
    if (!c->grads[i] || p->dtype != dtype || !p->numel) continue;
    pn_tensor *g = pn_contiguous(c->grads[i]);
    if (!g) return pn_last_status();
    held[*count] = g;
    pn_sgd_segment *s = &seg[(*count)++];
    pn_status st = momentum_buffer(c, i);
    if (st) return st;
    pn_tensor *m = c->momentum ? c->momentum[i] : NULL;
    *s = (pn_sgd_segment){.param = p->data,
                          .grad = g->data,
                          .momentum = m ? m->data : NULL,
                          .scalars = c->scalars,
                          .first = m ? (int64_t *)c->first->data + i : NULL,
                          .n = p->numel};
    if (!pn_tls.recording) continue;
    pn_record_pin(p, true);
    pn_record_pin(g, false);
    if (m) pn_record_pin(m, true);
    if (m) pn_record_pin(c->first, true);
  }
  return PN_OK;
}

static pn_status step_dtype(const sgd_call *c, int dtype, pn_sgd_segment *seg, pn_tensor **held) {
  int count = 0;
  pn_status s = collect(c, dtype, seg, held, &count);
  if (!s && count) {
    pn_args a;
    a.flags = 0;
    a.dtype = (uint32_t)dtype;
    pn_sgd_record(&a, seg, count);
    s = pn_run(&pn_row_sgd, &a, (size_t)count * sizeof *seg);
  }
  for (int i = 0; i < count; i++) pn_release(held[i]);
  return s;
}

pn_status pn_sgd_step(int n, pn_tensor **params, pn_tensor **grads, pn_tensor **momentum,
                      pn_tensor *first, const pn_sgd_scalars *scalars) {
  sgd_call c = {n, params, grads, momentum, first, scalars};
  enum { SMALL = 16 };
  pn_sgd_segment small[SMALL], *seg = small;
  pn_tensor *small_held[SMALL], **held = small_held;
  for (int i = 0; i < n; i++) {
    pn_status s = grads[i] ? check_segment(params[i], grads[i]) : PN_OK;
    if (s) return s;
  }
  if (n > SMALL) {
    seg = pn_alloc((size_t)n * (sizeof *seg + sizeof *held));
    if (!seg) return pn_last_status();
    held = (pn_tensor **)(seg + n);
  }
  pn_status s = step_dtype(&c, PN_F32, seg, held);
  if (!s) s = step_dtype(&c, PN_F64, seg, held);
  if (seg != small) pn_free(seg);
  for (int i = 0; i < n && !s; i++)
    if (grads[i]) pn_mark_written(params[i]);
  return s;
}

/* ctc_loss per sample; reductions are compositions.  Like PyTorch's it has no
 * second derivative. */
#include "kernels/ctc.h"
#include "engine/internal.h"
#include "engine/ops.h"

typedef struct ctc_call {
  pn_tensor *x, *target; /* (T, N, C); int64, contiguous */
  const pn_ctc_sample *samples;
  int64_t blank, states;
  bool zero_infinity;
} ctc_call;

static void fill_record(pn_args *a, const ctc_call *c) {
  const pn_tensor *x = c->x;
  a->block = c->samples;
  a->flags = c->zero_infinity ? PN_CTC_ZERO_INFINITY : 0;
  a->dtype = x->dtype;
  for (int d = 0; d < 3; d++) {
    a->n[PN_CTC_T + d] = x->shape[d];
    a->n[PN_CTC_STRIDE_X + d] = x->stride[d];
  }
  a->n[PN_CTC_BLANK] = c->blank;
  a->n[PN_CTC_STATES] = c->states;
  a->n[PN_CTC_STRIDE_G] = 0;
  a->p[PN_CTC_G] = a->p[PN_CTC_STATUS] = NULL;
}

static size_t block_bytes(const pn_tensor *x) {
  return (size_t)x->shape[1] * sizeof(pn_ctc_sample);
}

/* saved */
enum { CTC_X, CTC_TARGET, CTC_ALPHA, CTC_NLL, CTC_SAMPLES };

static pn_status no_second(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_fail(PN_RUNTIME_ERROR,
                 "derivative for _ctc_loss_backward is not implemented: ctc_loss has no second "
                 "derivative");
}
static const pn_op op_ctc_backward = {"CtcLossBackwardBackward", no_second};

static pn_status ctc_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, CTC_X);
  pn_tensor *dx = x ? pn_empty_like(x, x->dtype) : NULL;
  if (!dx) {
    pn_release(x);
    return pn_last_status();
  }
  pn_status s = PN_OK;
  if (dx->numel) {
    ctc_call c = {
        x, n->saved[CTC_TARGET].t, n->saved[CTC_SAMPLES].t->data, n->i[0], n->i[1], n->i[2] != 0};
    pn_args a;
    fill_record(&a, &c);
    a.n[PN_CTC_STRIDE_G] = g->stride[0];
    pn_bind_out(&a, PN_CTC_OUT, dx);
    pn_bind(&a, PN_CTC_ALPHA, n->saved[CTC_ALPHA].t);
    pn_bind(&a, PN_CTC_NLL, n->saved[CTC_NLL].t);
    pn_bind(&a, PN_CTC_X, x);
    pn_bind(&a, PN_CTC_TARGET, c.target);
    pn_bind(&a, PN_CTC_G, g);
    s = pn_run(&pn_row_ctc_backward, &a, block_bytes(x));
  }
  if (!s && (pn_wants_grad(g) || pn_wants_grad(x)) && !pn_node2(&op_ctc_backward, dx, g, x))
    s = pn_last_status();
  pn_release(x);
  if (!s) return pn_give(gin, 0, dx);
  pn_release(dx);
  return s;
}
static const pn_op op_ctc = {"CtcLossBackward", ctc_backward};

/* Losses in out[0]; alpha and the plain losses in out[1..2]. */
static pn_status run_ctc(const ctc_call *c, pn_tensor **out) {
  const pn_tensor *x = c->x;
  int64_t alpha[3] = {x->shape[1], x->shape[0], c->states}, three = 3;
  out[0] = pn_empty(x->dtype, 1, &x->shape[1]);
  out[1] = pn_empty(x->dtype, 3, alpha);
  out[2] = pn_empty(x->dtype, 1, &x->shape[1]);
  pn_tensor *status = pn_zeros(PN_I64, 1, &three);
  pn_status s = out[0] && out[1] && out[2] && status ? PN_OK : pn_last_status();
  if (!s && x->shape[1]) {
    pn_args a;
    fill_record(&a, c);
    pn_bind_out(&a, PN_CTC_OUT, out[0]);
    pn_bind_out(&a, PN_CTC_ALPHA, out[1]);
    pn_bind_out(&a, PN_CTC_NLL, out[2]);
    pn_bind(&a, PN_CTC_X, c->x);
    pn_bind(&a, PN_CTC_TARGET, c->target);
    pn_bind_inout(&a, PN_CTC_STATUS, status);
    s = pn_run_checked(&pn_row_ctc, &a, block_bytes(x), status->data);
  }
  pn_release(status);
  return s;
}

/* Frames and targets of every sample, checked; the longest target in *longest. */
static pn_status read_samples(pn_tensor *x, const pn_tensor *target, const int64_t *frames,
                              const int64_t *lengths, pn_ctc_sample *samples, int64_t *longest) {
  int64_t count = x->shape[1], used = 0;
  *longest = 0;
  for (int64_t b = 0; b < count; b++) {
    if (frames[b] < 0 || frames[b] > x->shape[0])
      return pn_fail(PN_RUNTIME_ERROR,
                     "Expected input_lengths to have value at most %lld and not negative, but got "
                     "value %lld (sample %lld)",
                     (long long)x->shape[0], (long long)frames[b], (long long)b);
    int64_t most = target->ndim == 2 ? target->shape[1] : target->numel - used;
    if (lengths[b] < 0 || lengths[b] > most)
      return pn_fail(PN_RUNTIME_ERROR,
                     "Expected target_lengths to have value at most %lld and not negative, but got "
                     "value %lld (sample %lld)",
                     (long long)most, (long long)lengths[b], (long long)b);
    samples[b] = (pn_ctc_sample){frames[b], lengths[b], target->ndim == 2 ? b * most : used};
    used += lengths[b];
    *longest = pn_max64(*longest, lengths[b]);
  }
  if (target->ndim == 1 && used != target->numel)
    return pn_fail(PN_RUNTIME_ERROR,
                   "Expected tensor to have size %lld at dimension 0, but got size %lld for "
                   "targets (the sum of target_lengths)",
                   (long long)used, (long long)target->numel);
  return PN_OK;
}

static pn_status check(const pn_call *c, const pn_tensor *x, const pn_tensor *target) {
  if (!x || !target || x->ndim != 3 || target->ndim < 1 || target->ndim > 2 ||
      (target->ndim == 2 && target->shape[0] != x->shape[1]))
    return pn_fail(
        PN_RUNTIME_ERROR,
        "ctc_loss: expected log_probs (T, N, C) and targets (N, S) or (sum of lengths,)");
  if (!pn_is_real(x->dtype) || target->dtype != PN_I64)
    return pn_fail(PN_RUNTIME_ERROR, "ctc_loss: expected real log_probs and integer targets");
  if (c->nints != 2 + 2 * x->shape[1])
    return pn_fail(PN_RUNTIME_ERROR, "input_lengths and target_lengths must be of size batch_size");
  if (c->i[0] < 0 || c->i[0] >= x->shape[2])
    return pn_fail(PN_RUNTIME_ERROR, "blank must be in label range (0 to %lld), not %lld",
                   (long long)x->shape[2] - 1, (long long)c->i[0]);
  return PN_OK;
}

/* (log_probs, targets; blank, zero_infinity, input_lengths ..., target_lengths ...) */
pn_status pn_op_ctc_loss(pn_call *call) {
  pn_status s = pn_call_given(call, "ctc_loss", 2, -1, 0);
  if (!s) s = check(call, call->in[0], call->in[1]);
  if (s) return s;
  pn_tensor *x = call->in[0], *out[3] = {NULL};
  int64_t count = x->shape[1], longest, words = 3 * count;
  pn_tensor *samples = pn_empty(PN_I64, 1, &words), *target = pn_contiguous(call->in[1]);
  s = samples && target ? PN_OK : pn_last_status();
  const int64_t *lengths = call->i + 2;
  if (!s) s = read_samples(x, target, lengths, lengths + count, samples->data, &longest);
  if (!s) {
    ctc_call c = {x, target, samples->data, call->i[0], 2 * longest + 1, call->i[1] != 0};
    s = run_ctc(&c, out);
    if (!s && pn_wants_grad(x)) {
      pn_node *n = pn_node1(&op_ctc, out[0], x);
      if (n) {
        n->i[0] = c.blank;
        n->i[1] = c.states;
        n->i[2] = c.zero_infinity;
        pn_tensor *kept[] = {x, target, out[1], out[2], samples};
        for (int k = 0; k < 5; k++) pn_node_save(n, k, kept[k]);
      } else {
        s = pn_last_status();
      }
    }
  }
  pn_tensor *drop[] = {samples, target, out[1], out[2]};
  for (int k = 0; k < 4; k++) pn_release(drop[k]);
  if (!s) return pn_call_give(call, out[0]);
  pn_release(out[0]);
  return s;
}

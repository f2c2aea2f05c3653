/* Convolution: forward, by the input (transposed), by the weight.  Each is
 * linear in both of its arguments, and the derivatives are the other two. */
#include "engine/conv.h"
#include "engine/internal.h"
#include "kernels/conv.h"

/* ---- records ---------------------------------------------------------------------- */
static void fill(pn_args *a, const pn_conv_shape *s, bool transposed, pn_tensor *out,
                 int64_t batch) {
  int64_t *n = a->n;
  a->block = NULL;
  a->flags = transposed ? PN_CV_TRANSPOSED : 0;
  a->dtype = out->dtype;
  n[PN_CV_BATCH] = batch;
  n[PN_CV_GROUPS] = s->groups;
  for (int d = 0; d < 3; d++) {
    n[PN_CV_SRC_DIM + d] = transposed ? s->dst[d] : s->src[d];
    n[PN_CV_DST_DIM + d] = transposed ? s->src[d] : s->dst[d];
    n[PN_CV_KERNEL + d] = s->kernel[d];
    n[PN_CV_STRIDE + d] = s->stride[d];
    n[PN_CV_PAD + d] = s->pad[d];
    n[PN_CV_DILATION + d] = s->dilation[d];
  }
  a->p[PN_CV_BIAS] = a->p[PN_CV_WORK] = NULL;
}

/* Runs it: source and weight (or grad) contiguous, a workspace of so many bytes. */
static pn_status run(const pn_row *row, pn_args *a, pn_tensor *out, pn_tensor *src, pn_tensor *w,
                     pn_tensor *bias, size_t work_bytes) {
  pn_tensor *x = pn_contiguous(src), *v = x ? pn_contiguous(w) : NULL;
  pn_tensor *b = v && bias ? pn_contiguous(bias) : NULL;
  pn_tensor *work = v && work_bytes ? pn_workspace(work_bytes) : NULL;
  pn_status s = PN_OK;
  if (!v || (bias && !b) || (work_bytes && !work)) {
    s = pn_last_status();
  } else {
    pn_bind_out(a, PN_CV_OUT, out);
    pn_bind(a, PN_CV_SRC, x);
    pn_bind(a, PN_CV_WEIGHT, v);
    if (b) pn_bind(a, PN_CV_BIAS, b);
    if (work) pn_bind_out(a, PN_CV_WORK, work);
    s = pn_run(row, a, 0);
  }
  pn_release(x);
  pn_release(v);
  pn_release(b);
  pn_release(work);
  return s;
}

static pn_tensor *convolve(pn_tensor *src, pn_tensor *w, pn_tensor *bias, const pn_conv_shape *s,
                           bool transposed) {
  const int64_t *size = transposed ? s->src : s->dst, lead = 3 - s->ndim;
  int64_t shape[5] = {src->shape[0], transposed ? s->groups * w->shape[1] : w->shape[0]};
  for (int d = 0; d < s->ndim; d++) shape[2 + d] = size[lead + d];
  pn_tensor *out = pn_empty(src->dtype, 2 + (int)s->ndim, shape);
  if (!out || out->numel == 0) return out;
  pn_args a;
  fill(&a, s, transposed, out, shape[0]);
  a.n[PN_CV_CI] = src->shape[1] / s->groups;
  a.n[PN_CV_CO] = shape[1] / s->groups;
  bool grad = pn_set_grad_enabled(false);
  pn_status status = run(&pn_row_conv_pack, &a, out, src, w, bias, pn_conv_workspace(&a));
  pn_set_grad_enabled(grad);
  return status ? pn_discard(out) : out;
}

/* ---- history ------------------------------------------------------------------------ */
static void keep_shape(pn_node *n, const pn_conv_shape *s) { memcpy(n->i, s, sizeof *s); }
_Static_assert(sizeof(pn_conv_shape) <= PN_NODE_INTS * sizeof(int64_t), "a node holds the shape");

static pn_tensor *recorded(const pn_op *op, pn_tensor *out, const pn_conv_shape *s, pn_tensor *a,
                           pn_tensor *b, pn_tensor *bias) {
  if (!out || !(pn_wants_grad(a) || pn_wants_grad(b) || (bias && pn_wants_grad(bias)))) return out;
  pn_tensor *in[3] = {a, b, bias};
  pn_node *n = pn_node_new(op, out, bias ? 3 : 2, in);
  if (!n) return pn_discard(out);
  keep_shape(n, s);
  if (pn_needs(n, 1)) pn_node_save(n, 0, a);
  if (pn_needs(n, 0)) pn_node_save(n, 1, b);
  return out;
}

typedef pn_tensor *(*part_fn)(pn_tensor *, pn_tensor *, const pn_conv_shape *);
static pn_tensor *forward(pn_tensor *x, pn_tensor *w, const pn_conv_shape *s) {
  return pn_conv(x, w, NULL, s);
}
static pn_tensor *transposed(pn_tensor *y, pn_tensor *w, const pn_conv_shape *s) {
  return pn_conv_transposed(y, w, NULL, s);
}
static pn_tensor *swapped_weight(pn_tensor *y, pn_tensor *x, const pn_conv_shape *s) {
  return pn_conv_weight(x, y, s);
}
static pn_tensor *swapped_transposed(pn_tensor *w, pn_tensor *y, const pn_conv_shape *s) {
  return pn_conv_transposed(y, w, NULL, s);
}

/* gin[0] = by_a(g, b), gin[1] = by_b(a, g), gin[2] = g summed over all but the channels. */
static pn_status gradients(pn_node *n, pn_tensor *g, pn_tensor **gin, part_fn by_a, part_fn by_b) {
  pn_conv_shape s;
  pn_status status = PN_OK;
  memcpy(&s, n->i, sizeof s);
  if (pn_needs(n, 0)) {
    pn_tensor *b = pn_saved_get(n, 1);
    status = pn_give(gin, 0, b ? by_a(g, b, &s) : NULL);
    pn_release(b);
  }
  if (!status && pn_needs(n, 1)) {
    pn_tensor *a = pn_saved_get(n, 0);
    status = pn_give(gin, 1, a ? by_b(a, g, &s) : NULL);
    pn_release(a);
  }
  if (!status && n->nin == 3 && pn_needs(n, 2))
    status = pn_give(gin, 2, pn_sum(g, ((1u << g->ndim) - 1) & ~2u, false, -1));
  return status;
}

/* y = conv(x, w): dx = transposed(g, w), dw = weight(x, g) */
static pn_status conv_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return gradients(n, g, gin, transposed, pn_conv_weight);
}
static const pn_op op_conv = {"ConvolutionBackward", conv_backward};
pn_tensor *pn_conv(pn_tensor *x, pn_tensor *w, pn_tensor *bias, const pn_conv_shape *s) {
  return recorded(&op_conv, convolve(x, w, bias, s, false), s, x, w, bias);
}

/* x = transposed(y, w): dy = conv(g, w), dw = weight(g, y) */
static pn_status transposed_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return gradients(n, g, gin, forward, swapped_weight);
}
static const pn_op op_transposed = {"ConvTransposeBackward", transposed_backward};
pn_tensor *pn_conv_transposed(pn_tensor *y, pn_tensor *w, pn_tensor *bias, const pn_conv_shape *s) {
  return recorded(&op_transposed, convolve(y, w, bias, s, true), s, y, w, bias);
}

/* w = weight(x, y): dx = transposed(y, g), dy = conv(x, g) */
static pn_status weight_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return gradients(n, g, gin, swapped_transposed, forward);
}
static const pn_op op_weight = {"ConvWeightBackward", weight_backward};
pn_tensor *pn_conv_weight(pn_tensor *x, pn_tensor *y, const pn_conv_shape *s) {
  int64_t shape[5] = {y->shape[1], x->shape[1] / s->groups};
  for (int d = 0; d < s->ndim; d++) shape[2 + d] = s->kernel[3 - s->ndim + d];
  pn_tensor *out = pn_empty(x->dtype, 2 + (int)s->ndim, shape);
  if (out && out->numel) {
    pn_args a;
    fill(&a, s, false, out, x->shape[0]);
    a.n[PN_CV_CI] = shape[1];
    a.n[PN_CV_CO] = shape[0] / s->groups;
    bool grad = pn_set_grad_enabled(false);
    if (run(&pn_row_conv_weight, &a, out, x, y, NULL, pn_conv_weight_workspace(&a)))
      out = pn_discard(out);
    pn_set_grad_enabled(grad);
  }
  return recorded(&op_weight, out, s, x, y, NULL);
}

/* Constant padding; negative amounts cut off. */
#include "engine/internal.h"
#include "engine/ops.h"

static pn_tensor *pad(pn_tensor *x, const int64_t *before, const int64_t *after, double value);

/* The gradient is cut off where x was padded, and padded with 0 where it was cut. */
static pn_status pad_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  int64_t before[PN_MAX_DIMS], after[PN_MAX_DIMS];
  for (int d = 0; d < g->ndim; d++) {
    before[d] = -n->i[d];
    after[d] = -n->i[PN_MAX_DIMS + d];
  }
  return pn_give(gin, 0, pad(g, before, after, 0));
}
static const pn_op op_pad = {"ConstantPadBackward", pad_backward};

/* The part of x that stays goes where it belongs in out. */
static pn_status copy_inside(pn_tensor *out, pn_tensor *x, const int64_t *before) {
  int64_t shape[PN_MAX_DIMS], to = 0, from = 0, elements = 1;
  for (int d = 0; d < x->ndim; d++) {
    const int64_t lo = pn_max64(before[d], 0), cut = pn_max64(-before[d], 0);
    shape[d] = pn_max64(0, pn_min64(x->shape[d] - cut, out->shape[d] - lo));
    elements *= shape[d];
    to += lo * out->stride[d];
    from += cut * x->stride[d];
  }
  if (elements == 0) return PN_OK;
  pn_tensor *target = pn_make_view(out, out->ndim, shape, out->stride, to);
  pn_tensor *source = target ? pn_make_view(x, x->ndim, shape, x->stride, from) : NULL;
  pn_status s = source ? pn_copy_(target, source) : pn_last_status();
  pn_release(target);
  pn_release(source);
  return s;
}

/* Every element is x's: nothing to fill. */
static bool covers(const pn_tensor *x, const int64_t *before, const int64_t *after) {
  for (int d = 0; d < x->ndim; d++)
    if (before[d] > 0 || after[d] > 0) return false;
  return true;
}

static pn_tensor *pad(pn_tensor *x, const int64_t *before, const int64_t *after, double value) {
  int64_t shape[PN_MAX_DIMS];
  for (int d = 0; d < x->ndim; d++) shape[d] = x->shape[d] + before[d] + after[d];
  pn_tensor *fill = covers(x, before, after) ? NULL : pn_scalar_float(value);
  pn_tensor *out =
      fill ? pn_full(x->dtype, x->ndim, shape, fill) : pn_empty(x->dtype, x->ndim, shape);
  pn_release(fill);
  if (!out) return NULL;
  const bool grad = pn_set_grad_enabled(false);
  const pn_status s = copy_inside(out, x, before);
  pn_set_grad_enabled(grad);
  if (s) return pn_discard(out);
  if (!pn_wants_grad(x)) return out;
  pn_node *n = pn_node1(&op_pad, out, x);
  if (!n) return pn_discard(out);
  memcpy(n->i, before, sizeof *before * (size_t)x->ndim);
  memcpy(n->i + PN_MAX_DIMS, after, sizeof *after * (size_t)x->ndim);
  return out;
}

/* Integers: amounts before and after, the last dimension's first; float: the value. */
pn_status pn_op_pad(pn_call *c) {
  pn_status s = pn_call_check(c, "pad", 1, -1, 1);
  if (s) return s;
  pn_tensor *x = c->in[0];
  if (!x) return pn_fail(PN_TYPE_ERROR, "pad: input must be a tensor, not None");
  if (c->nints % 2)
    return pn_fail(PN_RUNTIME_ERROR, "pad: Padding length must be divisible by 2, got %d",
                   c->nints);
  if (c->nints > 2 * x->ndim)
    return pn_fail(PN_RUNTIME_ERROR,
                   "pad: Padding length should be less than or equal to two times the input "
                   "dimension but got padding length %d and input of dimension %d",
                   c->nints, x->ndim);
  int64_t before[PN_MAX_DIMS] = {0}, after[PN_MAX_DIMS] = {0};
  for (int k = 0; k < c->nints / 2; k++) {
    const int d = x->ndim - 1 - k;
    const int64_t lo = c->i[2 * k], hi = c->i[2 * k + 1], most = INT64_MAX / 4;
    if (lo > most || hi > most || lo < -most || hi < -most)
      return pn_fail(PN_RUNTIME_ERROR, "pad: padding (%lld, %lld) is too large", (long long)lo,
                     (long long)hi);
    if (x->shape[d] + lo + hi < 0)
      return pn_fail(PN_RUNTIME_ERROR,
                     "pad: The input size %lld, plus negative padding %lld and %lld, resulted in a "
                     "negative output size, which is invalid (dimension %d of %s)",
                     (long long)x->shape[d], (long long)lo, (long long)hi, d, pn_shape_text(x));
    before[d] = lo;
    after[d] = hi;
  }
  return pn_call_give(c, pad(x, before, after, c->f[0]));
}

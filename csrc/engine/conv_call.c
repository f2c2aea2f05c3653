/* conv and conv_transpose as they are called: arguments checked, sizes found. */
#include "engine/conv.h"
#include "engine/internal.h"
#include "engine/ops.h"

typedef struct conv_call {
  const char *name;
  pn_tensor *x, *w, *bias;
  pn_conv_shape s;
  int64_t extra[3]; /* conv: padding on the right; conv_transpose: output_padding */
  bool transposed;
} conv_call;

static pn_status check_types(const conv_call *c) {
  const pn_tensor *x = c->x, *w = c->w, *b = c->bias;
  if (x->dtype != w->dtype)
    return pn_fail(PN_RUNTIME_ERROR, "%s: Input type (%s) and weight type (%s) should be the same",
                   c->name, pn_dtype_name(x->dtype), pn_dtype_name(w->dtype));
  if (b && b->dtype != x->dtype)
    return pn_fail(PN_RUNTIME_ERROR, "%s: Input type (%s) and bias type (%s) should be the same",
                   c->name, pn_dtype_name(x->dtype), pn_dtype_name(b->dtype));
  if (!pn_is_real(x->dtype) && x->dtype != PN_I64)
    return pn_fail(PN_RUNTIME_ERROR, "\"%s\" is not implemented for %s; convert with .float()",
                   c->name, pn_dtype_name(x->dtype));
  return PN_OK;
}

static pn_status check_numbers(const conv_call *c) {
  const int64_t most = INT32_MAX, nd = c->s.ndim;
  for (int d = 3 - (int)nd; d < 3; d++) {
    const int64_t stride = c->s.stride[d], pad = c->s.pad[d], dilation = c->s.dilation[d];
    if (pad < 0 || (!c->transposed && c->extra[d] < 0))
      return pn_fail(PN_RUNTIME_ERROR, "%s: negative padding is not supported, got %lld", c->name,
                     (long long)pn_min64(pad, c->extra[d]));
    if (stride < 1)
      return pn_fail(PN_RUNTIME_ERROR, "%s: non-positive stride is not supported, got %lld",
                     c->name, (long long)stride);
    if (dilation < 1)
      return pn_fail(PN_RUNTIME_ERROR, "%s: dilation should be greater than zero, got %lld",
                     c->name, (long long)dilation);
    if (c->transposed && (c->extra[d] < 0 || c->extra[d] >= pn_max64(stride, dilation)))
      return pn_fail(PN_RUNTIME_ERROR,
                     "%s: output padding must be smaller than either stride or dilation, got "
                     "output padding %lld, stride %lld, dilation %lld",
                     c->name, (long long)c->extra[d], (long long)stride, (long long)dilation);
    if (pn_max64(pn_max64(pad, c->extra[d]), pn_max64(stride, dilation)) > most)
      return pn_fail(PN_RUNTIME_ERROR, "%s: stride, padding and dilation must fit in 31 bits",
                     c->name);
  }
  if (c->s.groups < 1 || c->s.groups > most)
    return pn_fail(PN_RUNTIME_ERROR,
                   "%s: expected groups to be greater than 0, but got groups=%lld", c->name,
                   (long long)c->s.groups);
  return PN_OK;
}

static pn_status check_channels(const conv_call *c) {
  const pn_tensor *x = c->x, *w = c->w, *b = c->bias;
  const long long groups = (long long)c->s.groups, channels = (long long)x->shape[1];
  if (w->shape[0] < groups || w->shape[0] % groups)
    return pn_fail(PN_RUNTIME_ERROR,
                   "Given groups=%lld, expected weight to be at least %lld at dimension 0 and "
                   "divisible by it, but got weight of size %s instead",
                   groups, groups, pn_shape_text(w));
  const long long want = c->transposed ? w->shape[0] : groups * w->shape[1];
  if (channels != want)
    return pn_fail(PN_RUNTIME_ERROR,
                   "Given groups=%lld, weight of size %s, expected input%s to have %lld channels, "
                   "but got %lld channels instead",
                   groups, pn_shape_text(w), pn_shape_text(x), want, channels);
  const int64_t out = c->transposed ? groups * w->shape[1] : w->shape[0];
  if (b && (b->ndim != 1 || b->shape[0] != out))
    return pn_fail(PN_RUNTIME_ERROR,
                   "Given weight of size %s, expected bias to be 1-dimensional with %lld elements, "
                   "but got bias of size %s instead",
                   pn_shape_text(w), (long long)out, pn_shape_text(b));
  return PN_OK;
}

/* Fills src, dst and kernel. */
static pn_status find_sizes(conv_call *c) {
  pn_conv_shape *s = &c->s;
  const int lead = 3 - (int)s->ndim;
  for (int d = 0; d < 3; d++) {
    const int64_t size = d < lead ? 1 : c->x->shape[2 + d - lead];
    const int64_t kernel = d < lead ? 1 : c->w->shape[2 + d - lead];
    const int64_t span = s->dilation[d] * (kernel - 1) + 1;
    s->kernel[d] = kernel;
    if (kernel < 1)
      return pn_fail(PN_RUNTIME_ERROR,
                     "%s: kernel size should be greater than zero, but got weight "
                     "of size %s",
                     c->name, pn_shape_text(c->w));
    if (c->transposed) {
      s->dst[d] = size;
      s->src[d] = (size - 1) * s->stride[d] - 2 * s->pad[d] + span + c->extra[d];
      if (s->src[d] < 1)
        return pn_fail(PN_RUNTIME_ERROR,
                       "%s: input %s and weight %s give an output of size %lld in dimension %d; "
                       "the output size is too small",
                       c->name, pn_shape_text(c->x), pn_shape_text(c->w), (long long)s->src[d],
                       d - lead);
    } else {
      const int64_t padded = size + s->pad[d] + c->extra[d];
      s->src[d] = size;
      if (padded < span)
        return pn_fail(PN_RUNTIME_ERROR,
                       "%s: Calculated padded input size in dimension %d: %lld. Kernel size with "
                       "dilation: %lld. Kernel size can't be greater than actual input size (input "
                       "%s, weight %s)",
                       c->name, d - lead, (long long)padded, (long long)span, pn_shape_text(c->x),
                       pn_shape_text(c->w));
      s->dst[d] = (padded - span) / s->stride[d] + 1;
    }
  }
  return PN_OK;
}

/* Integers: ndim, groups, then ndim each of stride, padding, dilation, extra. */
static pn_status parse(const pn_call *p, conv_call *c) {
  const int64_t nd = p->nints > 1 ? p->i[0] : 0;
  if (nd < 1 || nd > 3) return pn_fail(PN_TYPE_ERROR, "%s: 1 to 3 dimensions", c->name);
  pn_status status = pn_call_check(p, c->name, 3, 2 + 4 * (int)nd, 0);
  if (status) return status;
  c->x = p->in[0];
  c->w = p->in[1];
  c->bias = p->in[2];
  if (!c->x || !c->w)
    return pn_fail(PN_TYPE_ERROR, "%s: input and weight must be tensors, not None", c->name);
  c->s.ndim = nd;
  c->s.groups = p->i[1];
  for (int d = 0; d < 3; d++) {
    const int k = d - (3 - (int)nd);
    c->s.stride[d] = k < 0 ? 1 : p->i[2 + k];
    c->s.pad[d] = k < 0 ? 0 : p->i[2 + nd + k];
    c->s.dilation[d] = k < 0 ? 1 : p->i[2 + 2 * nd + k];
    c->extra[d] = k < 0 ? 0 : p->i[2 + 3 * nd + k];
  }
  return PN_OK;
}

static pn_tensor *convolution(const conv_call *c, pn_tensor *x, pn_tensor *w, pn_tensor *bias) {
  return (c->transposed ? pn_conv_transposed : pn_conv)(x, w, bias, &c->s);
}

/* int64 in float64: exact while the sums stay below 2^53. */
static pn_tensor *whole_numbers(const conv_call *c) {
  pn_tensor *x = pn_cast(c->x, PN_F64), *w = pn_cast(c->w, PN_F64);
  pn_tensor *b = c->bias ? pn_cast(c->bias, PN_F64) : NULL;
  pn_tensor *y = x && w && (b || !c->bias) ? convolution(c, x, w, b) : NULL;
  pn_tensor *out = y ? pn_cast(y, PN_I64) : NULL;
  pn_release(x);
  pn_release(w);
  pn_release(b);
  pn_release(y);
  return out;
}

static pn_status call(pn_call *p, bool transposed) {
  static const char *const names[2][3] = {
      {"conv1d", "conv2d", "conv3d"}, {"conv_transpose1d", "conv_transpose2d", "conv_transpose3d"}};
  conv_call c = {.name = "convolution", .transposed = transposed};
  pn_status s = parse(p, &c);
  if (s) return s;
  const int nd = (int)c.s.ndim;
  c.name = names[transposed][nd - 1];
  if (c.w->ndim != nd + 2)
    return pn_fail(PN_RUNTIME_ERROR, "%s: expected a weight of %d dimensions, but got size %s",
                   c.name, nd + 2, pn_shape_text(c.w));
  if (c.x->ndim != nd + 1 && c.x->ndim != nd + 2)
    return pn_fail(
        PN_RUNTIME_ERROR,
        "Expected %dD (unbatched) or %dD (batched) input to %s, but got input of size: %s", nd + 1,
        nd + 2, c.name, pn_shape_text(c.x));
  const bool unbatched = c.x->ndim == nd + 1;
  c.x = unbatched ? pn_unsqueeze(c.x, 0) : pn_ref(c.x);
  if (!c.x) return pn_last_status();
  s = check_types(&c);
  if (!s) s = check_numbers(&c);
  if (!s) s = check_channels(&c);
  if (!s) s = find_sizes(&c);
  pn_tensor *out = NULL;
  if (!s) out = c.x->dtype == PN_I64 ? whole_numbers(&c) : convolution(&c, c.x, c.w, c.bias);
  pn_release(c.x);
  if (s) return s;
  if (out && unbatched) {
    pn_tensor *y = pn_squeeze(out, 0);
    pn_release(out);
    out = y;
  }
  return pn_call_give(p, out);
}

pn_status pn_op_conv(pn_call *c) { return call(c, false); }
pn_status pn_op_conv_transpose(pn_call *c) { return call(c, true); }

/* Max pooling. */
#include "kernels/pool.h"
#include "engine/internal.h"
#include "engine/ops.h"
#include "engine/pool.h"

/* ---- arguments ------------------------------------------------------------------------ */
pn_status pn_real_input(const char *name, const pn_tensor *x) {
  if (!x) return pn_fail(PN_TYPE_ERROR, "%s: input must be a tensor, not None", name);
  if (pn_is_real(x->dtype)) return PN_OK;
  return pn_fail(PN_RUNTIME_ERROR, "\"%s\" is not implemented for %s; convert with .float()", name,
                 pn_dtype_name(x->dtype));
}

/* n[] of windows: the last ndim of three dimensions, the others of size 1. */
void pn_fill_windows(pn_args *a, const pn_windows *w, int64_t planes) {
  a->block = NULL;
  a->flags = 0;
  a->n[PN_CV_BATCH] = planes;
  for (int d = 0; d < 3; d++) {
    a->n[PN_CV_SRC_DIM + d] = w->src[d];
    a->n[PN_CV_DST_DIM + d] = w->dst[d];
    a->n[PN_CV_KERNEL + d] = w->kernel[d];
    a->n[PN_CV_STRIDE + d] = w->stride[d];
    a->n[PN_CV_PAD + d] = w->pad[d];
    a->n[PN_CV_DILATION + d] = w->dilation[d];
  }
}

/* Integers from `at` on: kernel, stride, padding, dilation, ndim of each. */
pn_status pn_read_windows(const char *name, pn_windows *w, int ndim, const int64_t *at) {
  for (int d = 0; d < 3; d++) {
    const int k = d - (3 - ndim);
    w->kernel[d] = k < 0 ? 1 : at[k];
    w->stride[d] = k < 0 ? 1 : at[ndim + k];
    w->pad[d] = k < 0 ? 0 : at[2 * ndim + k];
    w->dilation[d] = k < 0 ? 1 : at[3 * ndim + k];
    const int64_t most =
        pn_max64(pn_max64(w->kernel[d], w->stride[d]), pn_max64(w->pad[d], w->dilation[d]));
    if (w->kernel[d] < 1 || w->stride[d] < 1 || w->dilation[d] < 1 || w->pad[d] < 0)
      return pn_fail(PN_RUNTIME_ERROR,
                     "%s: kernel_size, stride and dilation should be greater than zero and padding "
                     "not negative, but got %lld, %lld, %lld and %lld",
                     name, (long long)w->kernel[d], (long long)w->stride[d],
                     (long long)w->dilation[d], (long long)w->pad[d]);
    if (most > INT32_MAX)
      return pn_fail(PN_RUNTIME_ERROR,
                     "%s: kernel_size, stride, padding and dilation must fit in 31 bits", name);
  }
  return PN_OK;
}

/* ---- max pooling -------------------------------------------------------------------------- */
/* dst from src; ceil: a last window that begins inside the input or left of it
 * may reach out. */
static pn_status pooled_sizes(const char *name, pn_windows *w, const pn_tensor *x, bool ceil) {
  for (int d = 0; d < 3; d++) {
    const int64_t span = w->dilation[d] * (w->kernel[d] - 1) + 1;
    if (w->pad[d] > span / 2)
      return pn_fail(PN_RUNTIME_ERROR,
                     "%s: pad should be at most half of effective kernel size, but got pad=%lld, "
                     "kernel_size=%lld and dilation=%lld",
                     name, (long long)w->pad[d], (long long)w->kernel[d],
                     (long long)w->dilation[d]);
    const int64_t room = w->src[d] + 2 * w->pad[d] - span;
    int64_t out = room < 0 && !ceil ? 0 : (room + (ceil ? w->stride[d] - 1 : 0)) / w->stride[d] + 1;
    if (room + (ceil ? w->stride[d] - 1 : 0) < 0) out = 0;
    if (ceil && (out - 1) * w->stride[d] >= w->src[d] + w->pad[d]) out--;
    if (out < 1 || w->src[d] < 1)
      return pn_fail(PN_RUNTIME_ERROR,
                     "%s: Given input size: %s, kernel_size %lld, stride %lld, padding %lld, "
                     "dilation %lld, an output size would be %lld. Output size is too small",
                     name, pn_shape_text(x), (long long)w->kernel[d], (long long)w->stride[d],
                     (long long)w->pad[d], (long long)w->dilation[d], (long long)out);
    w->dst[d] = out;
  }
  return PN_OK;
}

/* t (..., spatial) as (planes, elements of the ndim last dimensions) */
static pn_tensor *as_planes(pn_tensor *t, int ndim) {
  int64_t shape[2] = {1, 1};
  for (int d = 0; d < t->ndim; d++) shape[d >= t->ndim - ndim] *= t->shape[d];
  return pn_reshape(t, 2, shape);
}

/* The gradient by g: what lies at the indices. */
static pn_status max_pool_backward_backward(pn_node *n, pn_tensor *h, pn_tensor **gin) {
  const int spatial = (int)n->i[0];
  pn_tensor *index = pn_saved_get(n, 0);
  if (!index) return pn_last_status();
  pn_tensor *at = as_planes(index, spatial), *from = as_planes(h, spatial);
  pn_tensor *flat = at && from ? pn_gather(from, 1, at) : NULL;
  pn_tensor *dg = flat ? pn_reshape(flat, index->ndim, index->shape) : NULL;
  pn_release(index);
  pn_release(at);
  pn_release(from);
  pn_release(flat);
  return pn_give(gin, 0, dg);
}
static const pn_op op_max_pool_backward = {"MaxPoolBackwardBackward", max_pool_backward_backward};

/* dx[plane][index] += g, onto zeros of this shape. */
static pn_tensor *max_pool_grad(pn_tensor *g, pn_tensor *index, int spatial, int ndim,
                                const int64_t *shape) {
  pn_tensor *out = pn_empty(g->dtype, ndim, shape), *x = out ? pn_contiguous(g) : NULL;
  pn_status s = x ? PN_OK : pn_last_status();
  if (!s && out->numel) {
    pn_args a;
    int64_t flat[2] = {1, 1};
    for (int d = 0; d < ndim; d++) flat[d >= ndim - spatial] *= shape[d];
    a.block = NULL;
    a.flags = 0;
    a.dtype = g->dtype;
    a.n[PN_MPB_PLANES] = flat[0];
    a.n[PN_MPB_IN] = flat[1];
    a.n[PN_MPB_OUT] = g->numel / flat[0];
    pn_bind_out(&a, PN_POOL_OUT, out);
    pn_bind(&a, PN_POOL_INDEX, index);
    pn_bind(&a, PN_POOL_SRC, x);
    s = pn_run(&pn_row_max_pool_backward, &a, 0);
  }
  pn_release(x);
  if (s) return pn_discard(out);
  if (!pn_wants_grad(g)) return out;
  pn_node *n = pn_node1(&op_max_pool_backward, out, g);
  if (!n) return pn_discard(out);
  pn_node_save(n, 0, index);
  n->i[0] = spatial;
  return out;
}

static pn_status max_pool_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *index = pn_saved_get(n, 0);
  if (!index) return pn_last_status();
  pn_tensor *dx = max_pool_grad(g, index, (int)n->i[0], (int)n->i[1], &n->i[2]);
  pn_release(index);
  return pn_give(gin, 0, dx);
}
static const pn_op op_max_pool = {"MaxPoolBackward", max_pool_backward};

static pn_status max_pool(pn_call *c, pn_windows *w, int spatial, bool adaptive) {
  pn_tensor *t = c->in[0], *x = NULL, *out = NULL, *index = NULL;
  pn_args a;
  int64_t shape[PN_MAX_DIMS], planes = 1;
  for (int d = 0; d < t->ndim; d++) {
    const int k = d - (t->ndim - spatial);
    shape[d] = k < 0 ? t->shape[d] : w->dst[3 - spatial + k];
    if (k < 0) planes *= shape[d];
  }
  out = pn_empty(t->dtype, t->ndim, shape);
  index = out ? pn_empty(PN_I64, t->ndim, shape) : NULL;
  x = index ? pn_contiguous(t) : NULL;
  pn_status s = x ? PN_OK : pn_last_status();
  if (!s && out->numel) {
    pn_fill_windows(&a, w, planes);
    a.dtype = t->dtype;
    a.flags = adaptive ? PN_POOL_ADAPTIVE : 0;
    pn_bind_out(&a, PN_POOL_OUT, out);
    pn_bind_out(&a, PN_POOL_INDEX, index);
    pn_bind(&a, PN_POOL_SRC, x);
    s = pn_run(&pn_row_max_pool, &a, 0);
  }
  pn_release(x);
  if (!s && pn_wants_grad(t)) {
    pn_node *n = pn_node1(&op_max_pool, out, t);
    s = n ? PN_OK : pn_last_status();
    if (n) {
      pn_node_save(n, 0, index);
      n->i[0] = spatial;
      n->i[1] = t->ndim;
      memcpy(&n->i[2], t->shape, sizeof t->shape);
    }
  }
  c->nout = 2;
  c->out[0] = out;
  c->out[1] = index;
  if (!s) return PN_OK;
  pn_release(out);
  pn_release(index);
  c->nout = 0;
  return s;
}

static pn_status pooling_input(const char *name, const pn_call *c, int spatial) {
  pn_status s = pn_real_input(name, c->in[0]);
  const pn_tensor *x = c->in[0];
  if (!s && x->ndim != spatial + 1 && x->ndim != spatial + 2)
    s = pn_fail(PN_RUNTIME_ERROR, "%s: Expected %dD or %dD input, but got input of size: %s", name,
                spatial + 1, spatial + 2, pn_shape_text(x));
  int64_t size = 1;
  for (int d = 0; !s && d < spatial; d++) {
    const int64_t n = x->shape[x->ndim - spatial + d];
    if (n == 0)
      s = pn_fail(PN_RUNTIME_ERROR,
                  "%s: Expected input to have non-zero size for non-batch dimensions, but got "
                  "input of size: %s",
                  name, pn_shape_text(x));
    size *= n;
  }
  if (!s && size > INT32_MAX)
    s = pn_fail(PN_RUNTIME_ERROR, "%s: a plane must have less than 2^31 elements, got %s", name,
                pn_shape_text(x));
  return s;
}

static void source_sizes(pn_windows *w, const pn_tensor *x, int spatial) {
  for (int d = 0; d < 3; d++) {
    const int k = d - (3 - spatial);
    w->src[d] = k < 0 ? 1 : x->shape[x->ndim - spatial + k];
  }
}

/* Integers: ndim, ceil_mode, kernel, stride, padding, dilation. */
pn_status pn_op_max_pool(pn_call *c) {
  static const char *const names[] = {"max_pool1d", "max_pool2d", "max_pool3d"};
  const int spatial = c->nints > 2 ? (int)c->i[0] : 0;
  if (spatial < 1 || spatial > 3) return pn_fail(PN_TYPE_ERROR, "max_pool: 1 to 3 dimensions");
  const char *name = names[spatial - 1];
  pn_windows w;
  pn_status s = pn_call_check(c, name, 1, 2 + 4 * spatial, 0);
  if (!s) s = pooling_input(name, c, spatial);
  if (!s) s = pn_read_windows(name, &w, spatial, c->i + 2);
  if (s) return s;
  source_sizes(&w, c->in[0], spatial);
  s = pooled_sizes(name, &w, c->in[0], c->i[1] != 0);
  return s ? s : max_pool(c, &w, spatial, false);
}

/* Integers: ndim, then the sizes of the output. */
pn_status pn_op_adaptive_max_pool(pn_call *c) {
  static const char *const names[] = {"adaptive_max_pool1d", "adaptive_max_pool2d",
                                      "adaptive_max_pool3d"};
  const int spatial = c->nints > 1 ? (int)c->i[0] : 0;
  if (spatial < 1 || spatial > 3)
    return pn_fail(PN_TYPE_ERROR, "adaptive_max_pool: 1 to 3 dimensions");
  const char *name = names[spatial - 1];
  pn_status s = pn_call_check(c, name, 1, 1 + spatial, 0);
  if (!s) s = pooling_input(name, c, spatial);
  if (s) return s;
  pn_windows w;
  for (int d = 0; d < 3; d++) {
    const int k = d - (3 - spatial);
    w.dst[d] = k < 0 ? 1 : c->i[1 + k];
    w.kernel[d] = w.stride[d] = w.dilation[d] = 1;
    w.pad[d] = 0;
    if (w.dst[d] < 0 || w.dst[d] > INT32_MAX)
      return pn_fail(PN_RUNTIME_ERROR, "%s: output size must not be negative, got %lld", name,
                     (long long)w.dst[d]);
  }
  source_sizes(&w, c->in[0], spatial);
  return max_pool(c, &w, spatial, true);
}

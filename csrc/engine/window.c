/* Views beyond slices and permutations. */
#include "engine/window.h"
#include "engine/internal.h"
#include "engine/ops.h"

/* ---- diagonal --------------------------------------------------------------------- */
/* The gradient is written on the diagonal of zeros. */
static pn_status diagonal_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  const int64_t *k = n->i; /* offset, d0, d1, ndim, shape... */
  pn_tensor *z = pn_zeros(n->dtype, (int)k[3], &k[4]);
  if (!z) return pn_last_status();
  pn_tensor *v = pn_diagonal(z, k[0], (int)k[1], (int)k[2]);
  pn_status s = v ? pn_copy_(v, g) : pn_last_status();
  pn_release(v);
  if (!s) return pn_give(gin, 0, z);
  pn_release(z);
  return s;
}
static const pn_op op_diagonal = {"DiagonalBackward", diagonal_backward};

pn_tensor *pn_diagonal(pn_tensor *t, int64_t offset, int d0, int d1) {
  int64_t shape[PN_MAX_DIMS], stride[PN_MAX_DIMS];
  int n = 0;
  if (t->ndim < 2) {
    pn_fail(PN_RUNTIME_ERROR, "diagonal: at least 2 dimensions are needed, shape %s has %d",
            pn_shape_text(t), t->ndim);
    return NULL;
  }
  if (pn_axis(t, d0, &d0) || pn_axis(t, d1, &d1)) return NULL;
  if (d0 == d1) {
    pn_fail(PN_RUNTIME_ERROR, "diagonal dimensions cannot be identical %d, %d", d0, d1);
    return NULL;
  }
  int64_t rows = t->shape[d0], cols = t->shape[d1], at = 0, size;
  if (offset >= 0)
    size = offset < cols ? pn_min64(rows, cols - offset) : 0;
  else
    size = offset > -rows ? pn_min64(rows + offset, cols) : 0;
  if (size) at = offset >= 0 ? offset * t->stride[d1] : -offset * t->stride[d0];
  for (int d = 0; d < t->ndim; d++) {
    if (d == d0 || d == d1) continue;
    shape[n] = t->shape[d];
    stride[n++] = t->stride[d];
  }
  shape[n] = size;
  stride[n++] = t->stride[d0] + t->stride[d1];
  pn_tensor *v = pn_make_view(t, n, shape, stride, t->numel ? at : 0);
  if (!v || !pn_wants_grad(t)) return v;
  pn_node *node = pn_node1(&op_diagonal, v, t);
  if (!node) return pn_discard(v);
  node->i[0] = offset;
  node->i[1] = d0;
  node->i[2] = d1;
  node->i[3] = t->ndim;
  memcpy(&node->i[4], t->shape, sizeof t->shape);
  return v;
}

/* ---- unfold ------------------------------------------------------------------------ */
/* 0, step, 2 step, ... of every window: (count * size). */
static pn_tensor *window_positions(int64_t count, int64_t size, int64_t step) {
  int64_t n = count * size;
  pn_tensor *p = pn_empty_constant(PN_I64, 1, &n);
  for (int64_t i = 0; p && i < n; i++) ((int64_t *)p->data)[i] = i / size * step + i % size;
  return p;
}

/* Windows overlap: their gradients are added, window by window. */
static pn_status unfold_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  const int64_t *k = n->i; /* axis, size, step, ndim, shape... */
  int axis = (int)k[0], ndim = (int)k[3], order[PN_MAX_DIMS], at = 0;
  int64_t shape[PN_MAX_DIMS], count = g->shape[axis], none = -1;
  for (int d = 0; d < ndim; d++) {
    shape[d] = d == axis ? count * k[1] : k[4 + d];
    order[at++] = d;
    if (d == axis) order[at++] = ndim;
  }
  bool scalar = ndim == 0;
  pn_tensor *turned = scalar ? pn_ref(g) : pn_permute(g, ndim + 1, order);
  pn_tensor *rows = !turned  ? NULL
                    : scalar ? pn_reshape(g, 1, &none)
                             : pn_reshape(turned, ndim, shape);
  pn_tensor *where = window_positions(scalar ? 1 : count, k[1], k[2]);
  pn_tensor *z = pn_zeros(n->dtype, ndim, &k[4]), *r = NULL;
  if (scalar)
    r = rows ? pn_reshape(rows, 0, NULL) : NULL;
  else if (rows && where && z)
    r = pn_index_add(z, axis, where, rows);
  pn_release(z);
  pn_release(where);
  pn_release(rows);
  pn_release(turned);
  return pn_give(gin, 0, r);
}
static const pn_op op_unfold = {"UnfoldBackward", unfold_backward};

pn_tensor *pn_unfold(pn_tensor *t, int axis, int64_t size, int64_t step) {
  int64_t shape[PN_MAX_DIMS + 1], stride[PN_MAX_DIMS + 1];
  if (pn_axis(t, axis, &axis)) return NULL;
  int64_t have = t->ndim ? t->shape[axis] : 1;
  if (size < 0 || size > have) {
    pn_fail(PN_RUNTIME_ERROR, "maximum size for tensor at dimension %d is %lld but size is %lld",
            axis, (long long)have, (long long)size);
    return NULL;
  }
  if (step <= 0) {
    pn_fail(PN_RUNTIME_ERROR, "step is %lld but must be > 0", (long long)step);
    return NULL;
  }
  if (t->ndim + 1 > PN_MAX_DIMS) {
    pn_fail(PN_VALUE_ERROR, "unfold: at most %d dimensions are supported", PN_MAX_DIMS);
    return NULL;
  }
  memcpy(shape, t->shape, sizeof t->shape);
  memcpy(stride, t->stride, sizeof t->stride);
  shape[t->ndim] = size;
  stride[t->ndim] = t->ndim ? t->stride[axis] : 1;
  if (t->ndim) {
    shape[axis] = (have - size) / step + 1;
    stride[axis] = shape[axis] > 1 ? t->stride[axis] * step : t->stride[axis];
  }
  pn_tensor *v = pn_make_view(t, t->ndim + 1, shape, stride, 0);
  if (!v || !pn_wants_grad(t)) return v;
  pn_node *n = pn_node1(&op_unfold, v, t);
  if (!n) return pn_discard(v);
  n->i[0] = axis;
  n->i[1] = size;
  n->i[2] = step;
  n->i[3] = t->ndim;
  memcpy(&n->i[4], t->shape, sizeof t->shape);
  return v;
}

/* ---- as_strided --------------------------------------------------------------------- */
/* Elements that a geometry reaches, relative to its first: *lo .. *hi. */
static bool reach(int ndim, const int64_t *shape, const int64_t *stride, int64_t *lo, int64_t *hi) {
  *lo = *hi = 0;
  for (int d = 0; d < ndim; d++) {
    int64_t far;
    if (shape[d] == 0) return true;
    if (!pn_mul_ok(shape[d] - 1, stride[d], &far) || !pn_add_ok(far < 0 ? *lo : *hi, far, &far))
      return false;
    if (far < *lo)
      *lo = far;
    else if (far > *hi)
      *hi = far;
  }
  return true;
}

/* A flat tensor of the positions of a geometry's elements, from `first`. */
static pn_tensor *strided_positions(int ndim, const int64_t *shape, const int64_t *stride,
                                    int64_t first) {
  int64_t n = 1, at[PN_MAX_DIMS] = {0}, offset = first;
  for (int d = 0; d < ndim; d++) n *= shape[d];
  pn_tensor *p = pn_empty_constant(PN_I64, 1, &n);
  for (int64_t i = 0; p && i < n; i++) {
    ((int64_t *)p->data)[i] = offset;
    for (int d = ndim - 1; d >= 0; d--) {
      offset += stride[d];
      if (++at[d] < shape[d]) break;
      offset -= shape[d] * stride[d];
      at[d] = 0;
    }
  }
  return p;
}

/* Gradients are added in a flat stretch of memory that both geometries lie in,
 * and read from there with the input's.  i: ndim of the input, first element of
 * the output from the stretch's, of the input, size of the stretch; saved: both
 * geometries, and the positions of the output. */
static pn_status as_strided_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *out_at = pn_saved_get(n, 0), *in_at = pn_saved_get(n, 1);
  int64_t none = -1;
  pn_tensor *z = out_at && in_at ? pn_zeros(n->dtype, 1, &n->i[1]) : NULL;
  pn_tensor *flat = z ? pn_reshape(g, 1, &none) : NULL;
  pn_tensor *sum = flat ? pn_index_add(z, 0, out_at, flat) : NULL;
  pn_tensor *line = sum ? pn_index_select(sum, 0, in_at) : NULL;
  pn_tensor *r = line ? pn_reshape(line, (int)n->i[0], &n->i[2]) : NULL;
  pn_release(line);
  pn_release(sum);
  pn_release(flat);
  pn_release(z);
  pn_release(in_at);
  pn_release(out_at);
  return pn_give(gin, 0, r);
}
static const pn_op op_as_strided = {"AsStridedBackward", as_strided_backward};

static pn_tensor *as_strided_node(pn_tensor *v, pn_tensor *t, int64_t lo, int64_t hi) {
  int64_t a, b, in = pn_tensor_offset(t), out = pn_tensor_offset(v);
  if (pn_overlaps_itself(t)) {
    pn_fail(PN_RUNTIME_ERROR,
            "as_strided: an input whose elements share memory (shape %s, stride %s) has no "
            "derivative; use .contiguous() first",
            pn_shape_text(t), pn_shape_str(t->ndim, t->stride));
    return pn_discard(v);
  }
  reach(t->ndim, t->shape, t->stride, &a, &b);
  lo = pn_min64(lo, in + a);
  hi = pn_max64(hi, in + b);
  pn_tensor *out_at = strided_positions(v->ndim, v->shape, v->stride, out - lo);
  pn_tensor *in_at = strided_positions(t->ndim, t->shape, t->stride, in - lo);
  pn_node *n = out_at && in_at ? pn_node1(&op_as_strided, v, t) : NULL;
  if (n) {
    n->i[0] = t->ndim;
    n->i[1] = hi - lo + 1;
    memcpy(&n->i[2], t->shape, sizeof t->shape);
    pn_node_save(n, 0, out_at);
    pn_node_save(n, 1, in_at);
  }
  pn_release(out_at);
  pn_release(in_at);
  return n ? v : pn_discard(v);
}

pn_tensor *pn_as_strided(pn_tensor *t, int ndim, const int64_t *shape, const int64_t *stride,
                         int64_t offset) {
  int64_t numel, lo, hi, items = (int64_t)(t->storage->bytes / pn_itemsize(t->dtype));
  if (pn_check_shape(ndim, shape, &numel)) return NULL;
  bool fits = offset >= 0 && reach(ndim, shape, stride, &lo, &hi);
  if (fits && numel) fits = offset <= items && lo >= -offset && hi < items - offset;
  for (int d = 0; d < ndim; d++) fits = fits && stride[d] >= 0;
  if (!fits) {
    pn_fail(PN_RUNTIME_ERROR,
            "setStorage: sizes %s, strides %s and storage offset %lld do not fit a storage of %lld "
            "elements",
            pn_shape_str(ndim, shape), pn_shape_str(ndim, stride), (long long)offset,
            (long long)items);
    return NULL;
  }
  pn_tensor *v = pn_make_view(t, ndim, shape, stride, numel ? offset - pn_tensor_offset(t) : 0);
  if (!v || !pn_wants_grad(t)) return v;
  return as_strided_node(v, t, offset + lo, offset + hi);
}

/* ---- another dtype on the same bytes --------------------------------------------------- */
pn_tensor *pn_view_dtype(pn_tensor *t, int dtype) {
  int64_t shape[PN_MAX_DIMS], stride[PN_MAX_DIMS];
  int64_t from = (int64_t)pn_itemsize(t->dtype), to = (int64_t)pn_itemsize(dtype);
  int last = t->ndim - 1;
  memcpy(shape, t->shape, sizeof shape);
  memcpy(stride, t->stride, sizeof stride);
  if (!t->numel) pn_contiguous_strides(t->ndim, shape, stride);
  bool ok = from == to || (last >= 0 && (stride[last] == 1 || shape[last] <= 1));
  if (ok && from > to) {
    for (int d = 0; d < last; d++) stride[d] *= from / to;
    shape[last] *= from / to;
    stride[last] = 1;
  } else if (ok && from < to) {
    int64_t ratio = to / from;
    ok = shape[last] % ratio == 0 && (uintptr_t)t->data % (uintptr_t)to == 0;
    for (int d = 0; ok && d < last; d++) {
      ok = stride[d] % ratio == 0 || shape[d] == 1 || !t->numel;
      stride[d] /= ratio;
    }
    shape[last] /= ratio;
    stride[last] = 1;
  }
  if (!ok) {
    pn_fail(PN_RUNTIME_ERROR,
            "view: a tensor of %s, shape %s and stride %s cannot be seen as %s: the last dimension "
            "must be dense and hold whole items",
            pn_dtype_name(t->dtype), pn_shape_text(t), pn_shape_str(t->ndim, t->stride),
            pn_dtype_name(dtype));
    return NULL;
  }
  t->storage->refs++;
  return pn_tensor_new(dtype, t->ndim, shape, stride, t->storage, t->data);
}

/* ---- by name ---------------------------------------------------------------------------- */
/* (t, offset, d0, d1) */
pn_status pn_op_diagonal(pn_call *c) {
  pn_status s = pn_call_tensors(c, "diagonal", 1, 3, 0);
  return s ? s : pn_call_give(c, pn_diagonal(c->in[0], c->i[0], (int)c->i[1], (int)c->i[2]));
}

/* (t, axis, size, step) */
pn_status pn_op_unfold(pn_call *c) {
  pn_status s = pn_call_tensors(c, "unfold", 1, 3, 0);
  return s ? s : pn_call_give(c, pn_unfold(c->in[0], (int)c->i[0], c->i[1], c->i[2]));
}

/* (t, shape, stride, offset): as many sizes as strides */
pn_status pn_op_as_strided(pn_call *c) {
  int n = (c->nints - 1) / 2;
  pn_status s = pn_call_tensors(c, "as_strided", 1, 2 * n + 1, 0);
  if (!s && n > PN_MAX_DIMS)
    s = pn_fail(PN_VALUE_ERROR, "%d dimensions were given; at most %d are supported", n,
                PN_MAX_DIMS);
  return s ? s : pn_call_give(c, pn_as_strided(c->in[0], n, c->i, c->i + n, c->i[2 * n]));
}

/* (t, dtype) */
pn_status pn_op_view_dtype(pn_call *c) {
  pn_status s = pn_call_tensors(c, "view_dtype", 1, 1, 0);
  return s ? s : pn_call_give(c, pn_view_dtype(c->in[0], (int)c->i[0]));
}

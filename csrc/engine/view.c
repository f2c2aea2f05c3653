/* Views: geometry only.  Each has its derivative beside it. */
#include "engine/internal.h"

/* ---- expand ------------------------------------------------------------------- */
static pn_status expand_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_sum_to(g, (int)n->i[0], &n->i[1]));
}
static const pn_op op_expand = {"ExpandBackward", expand_backward};

static void keep_shape(pn_node *n, const pn_tensor *a) {
  n->i[0] = a->ndim;
  for (int d = 0; d < a->ndim; d++) n->i[1 + d] = a->shape[d];
}

pn_tensor *pn_expand(pn_tensor *t, int ndim, const int64_t *shape) {
  int64_t full[PN_MAX_DIMS], stride[PN_MAX_DIMS], numel;
  int lead = ndim - t->ndim;
  if (ndim > PN_MAX_DIMS || lead < 0) {
    pn_fail(PN_RUNTIME_ERROR, "expand: %d sizes were given for a tensor of shape %s", ndim,
            pn_shape_text(t));
    return NULL;
  }
  for (int d = 0; d < ndim; d++) {
    int64_t have = d < lead ? 1 : t->shape[d - lead];
    full[d] = shape[d] == -1 && d >= lead ? have : shape[d];
    stride[d] = d >= lead && have == full[d] ? t->stride[d - lead] : 0;
    if (full[d] != have && have != 1) {
      pn_fail(PN_RUNTIME_ERROR, "expand: shape %s cannot be expanded to %s (dimension %d)",
              pn_shape_text(t), pn_shape_str(ndim, shape), d);
      return NULL;
    }
  }
  if (pn_check_shape(ndim, full, &numel)) return NULL;
  pn_tensor *v = pn_make_view(t, ndim, full, stride, 0);
  if (!v || !pn_wants_grad(t)) return v;
  pn_node *n = pn_node1(&op_expand, v, t);
  if (!n) return pn_discard(v);
  keep_shape(n, t);
  return v;
}

/* ---- view, reshape --------------------------------------------------------------- */
static pn_status view_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_reshape(g, (int)n->i[0], &n->i[1]));
}
static const pn_op op_view = {"ViewBackward", view_backward};

static pn_status infer_shape(const pn_tensor *t, int ndim, const int64_t *shape, int64_t *full) {
  int64_t known = 1;
  int free_dim = -1;
  if (ndim > PN_MAX_DIMS)
    return pn_fail(PN_VALUE_ERROR, "%d dimensions were given; at most %d are supported", ndim,
                   PN_MAX_DIMS);
  for (int d = 0; d < ndim; d++) {
    full[d] = shape[d];
    if (shape[d] == -1 && free_dim < 0)
      free_dim = d;
    else if (shape[d] < 0)
      return pn_fail(PN_RUNTIME_ERROR, "invalid shape %s: %s", pn_shape_str(ndim, shape),
                     shape[d] == -1 ? "only one dimension can be inferred" : "negative size");
    else if (!pn_mul_ok(known, shape[d], &known))
      return pn_fail(PN_RUNTIME_ERROR, "shape %s is invalid for input of size %lld",
                     pn_shape_str(ndim, shape), (long long)t->numel);
  }
  if (free_dim >= 0 && known > 0 && t->numel % known == 0) {
    full[free_dim] = t->numel / known;
    known = t->numel;
  } else if (free_dim >= 0) {
    known = -1;
  }
  if (known != t->numel)
    return pn_fail(PN_RUNTIME_ERROR, "shape %s is invalid for input of size %lld (shape %s)",
                   pn_shape_str(ndim, shape), (long long)t->numel, pn_shape_text(t));
  return PN_OK;
}

/* Strides of `shape` over t's memory, if a view can express it: the old
 * dimensions are merged into runs of evenly spaced elements, and every new
 * dimension must lie inside one run. */
static bool view_strides(const pn_tensor *t, int ndim, const int64_t *shape, int64_t *stride) {
  int64_t size[PN_MAX_DIMS], step[PN_MAX_DIMS];
  int runs = 0;
  if (t->flags & PN_T_CONTIGUOUS || t->numel == 0) {
    pn_contiguous_strides(ndim, shape, stride);
    return true;
  }
  for (int d = 0; d < t->ndim; d++) {
    if (t->shape[d] == 1) continue;
    if (runs && step[runs - 1] == t->shape[d] * t->stride[d]) {
      size[runs - 1] *= t->shape[d];
      step[runs - 1] = t->stride[d];
    } else {
      size[runs] = t->shape[d];
      step[runs++] = t->stride[d];
    }
  }
  int r = runs;
  int64_t left = 1, at = 1;
  for (int d = ndim - 1; d >= 0; d--) {
    stride[d] = at;
    if (shape[d] == 1) continue;
    if (left == 1) {
      r--;
      left = size[r];
      at = step[r];
    }
    if (left % shape[d]) return false;
    stride[d] = at;
    at *= shape[d];
    left /= shape[d];
  }
  return true;
}

static pn_tensor *make_view(pn_tensor *t, int ndim, const int64_t *shape, const int64_t *stride) {
  pn_tensor *v = pn_make_view(t, ndim, shape, stride, 0);
  if (!v || !pn_wants_grad(t)) return v;
  pn_node *n = pn_node1(&op_view, v, t);
  if (!n) return pn_discard(v);
  keep_shape(n, t);
  return v;
}

pn_tensor *pn_view(pn_tensor *t, int ndim, const int64_t *shape) {
  int64_t full[PN_MAX_DIMS], stride[PN_MAX_DIMS];
  if (infer_shape(t, ndim, shape, full)) return NULL;
  if (view_strides(t, ndim, full, stride)) return make_view(t, ndim, full, stride);
  pn_fail(PN_RUNTIME_ERROR,
          "view size %s is not compatible with input tensor's size %s and stride %s. Use "
          ".reshape(...) instead",
          pn_shape_str(ndim, full), pn_shape_text(t), pn_shape_str(t->ndim, t->stride));
  return NULL;
}

pn_tensor *pn_reshape(pn_tensor *t, int ndim, const int64_t *shape) {
  int64_t full[PN_MAX_DIMS], stride[PN_MAX_DIMS];
  if (infer_shape(t, ndim, shape, full)) return NULL;
  if (view_strides(t, ndim, full, stride)) return make_view(t, ndim, full, stride);
  pn_tensor *c = pn_clone(t);
  if (!c) return NULL;
  pn_contiguous_strides(ndim, full, stride);
  pn_tensor *v = make_view(c, ndim, full, stride);
  pn_release(c);
  return v;
}

/* ---- permute, transpose ------------------------------------------------------------ */
static pn_status permute_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  int inverse[PN_MAX_DIMS];
  for (int d = 0; d < n->ndim; d++) inverse[n->i[d]] = d;
  return pn_give(gin, 0, pn_permute(g, n->ndim, inverse));
}
static const pn_op op_permute = {"PermuteBackward", permute_backward};

pn_tensor *pn_permute(pn_tensor *t, int ndim, const int *dims) {
  int64_t shape[PN_MAX_DIMS], stride[PN_MAX_DIMS];
  int order[PN_MAX_DIMS];
  unsigned seen = 0;
  if (ndim != t->ndim) {
    pn_fail(PN_RUNTIME_ERROR, "permute: %d axes were given for a tensor of shape %s", ndim,
            pn_shape_text(t));
    return NULL;
  }
  for (int d = 0; d < ndim; d++) {
    if (pn_axis(t, dims[d], &order[d])) return NULL;
    if (seen & (1u << order[d])) {
      pn_fail(PN_RUNTIME_ERROR, "permute: axis %d is repeated", dims[d]);
      return NULL;
    }
    seen |= 1u << order[d];
    shape[d] = t->shape[order[d]];
    stride[d] = t->stride[order[d]];
  }
  pn_tensor *v = pn_make_view(t, ndim, shape, stride, 0);
  if (!v || !pn_wants_grad(t)) return v;
  pn_node *n = pn_node1(&op_permute, v, t);
  if (!n) return pn_discard(v);
  for (int d = 0; d < ndim; d++) n->i[d] = order[d];
  return v;
}

pn_tensor *pn_transpose(pn_tensor *t, int d0, int d1) {
  int dims[PN_MAX_DIMS];
  if (pn_axis(t, d0, &d0) || pn_axis(t, d1, &d1)) return NULL;
  for (int d = 0; d < t->ndim; d++) dims[d] = d;
  if (t->ndim) {
    dims[d0] = d1;
    dims[d1] = d0;
  }
  return pn_permute(t, t->ndim, dims);
}

/* ---- slice, select -------------------------------------------------------------------- */
/* The gradient is written into zeros of the input's shape. */
static pn_status slice_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  const int64_t *k = n->i; /* dim, start, step, drop, ndim, shape... */
  pn_tensor *z = pn_zeros(n->dtype, (int)k[4], &k[5]);
  if (!z) return pn_last_status();
  int64_t stop = k[1] + k[2] * (k[3] ? 1 : g->shape[k[0]]);
  pn_tensor *v = k[3] ? pn_select(z, (int)k[0], k[1])
                      : pn_slice(z, (int)k[0], k[1], pn_min64(stop, k[5 + k[0]]), k[2]);
  pn_status s = v ? pn_copy_(v, g) : pn_last_status();
  pn_release(v);
  if (!s) return pn_give(gin, 0, z);
  pn_release(z);
  return s;
}
static const pn_op op_slice = {"SliceBackward", slice_backward};
static const pn_op op_select = {"SelectBackward", slice_backward};

static pn_tensor *slice_node(pn_tensor *v, pn_tensor *t, const pn_op *op, int dim, int64_t start,
                             int64_t step) {
  if (!v || !pn_wants_grad(t)) return v;
  pn_node *n = pn_node1(op, v, t);
  if (!n) return pn_discard(v);
  n->i[0] = dim;
  n->i[1] = start;
  n->i[2] = step;
  n->i[3] = op == &op_select;
  n->i[4] = t->ndim;
  for (int d = 0; d < t->ndim; d++) n->i[5 + d] = t->shape[d];
  return v;
}

pn_tensor *pn_slice(pn_tensor *t, int dim, int64_t start, int64_t stop, int64_t step) {
  int64_t shape[PN_MAX_DIMS], stride[PN_MAX_DIMS];
  if (t->ndim == 0) {
    pn_fail(PN_INDEX_ERROR, "slice() cannot be applied to a 0-dim tensor.");
    return NULL;
  }
  if (pn_axis(t, dim, &dim)) return NULL;
  if (step < 1) {
    pn_fail(PN_VALUE_ERROR, "step must be greater than zero, got %lld", (long long)step);
    return NULL;
  }
  int64_t n = t->shape[dim];
  if (start < 0) start = pn_max64(start + n, 0);
  if (stop < 0) stop = pn_max64(stop + n, 0);
  start = pn_min64(start, n);
  stop = pn_max64(pn_min64(stop, n), start);
  memcpy(shape, t->shape, sizeof shape);
  memcpy(stride, t->stride, sizeof stride);
  shape[dim] = (stop - start) / step + ((stop - start) % step != 0);
  stride[dim] = shape[dim] > 1 ? t->stride[dim] * step : t->stride[dim];
  pn_tensor *v = pn_make_view(t, t->ndim, shape, stride, t->numel ? start * t->stride[dim] : 0);
  return slice_node(v, t, &op_slice, dim, start, step);
}

pn_tensor *pn_select(pn_tensor *t, int dim, int64_t index) {
  int64_t shape[PN_MAX_DIMS], stride[PN_MAX_DIMS];
  if (t->ndim == 0) {
    pn_fail(PN_INDEX_ERROR,
            "invalid index of a 0-dim tensor. Use `tensor.item()` to convert a "
            "0-dim tensor to a number");
    return NULL;
  }
  if (pn_axis(t, dim, &dim)) return NULL;
  int64_t n = t->shape[dim];
  if (index < -n || index >= n) {
    pn_fail(PN_INDEX_ERROR, "index %lld is out of bounds for dimension %d with size %lld",
            (long long)index, dim, (long long)n);
    return NULL;
  }
  if (index < 0) index += n;
  for (int d = 0, k = 0; d < t->ndim; d++) {
    if (d == dim) continue;
    shape[k] = t->shape[d];
    stride[k++] = t->stride[d];
  }
  pn_tensor *v = pn_make_view(t, t->ndim - 1, shape, stride, index * t->stride[dim]);
  return slice_node(v, t, &op_select, dim, index, 1);
}

/* ---- squeeze, unsqueeze ------------------------------------------------------------------ */
pn_tensor *pn_squeeze(pn_tensor *t, int dim) {
  int64_t shape[PN_MAX_DIMS], stride[PN_MAX_DIMS];
  int n = 0;
  if (dim != PN_ALL_DIMS && pn_axis(t, dim, &dim)) return NULL;
  for (int d = 0; d < t->ndim; d++) {
    if (t->shape[d] == 1 && (dim == PN_ALL_DIMS || d == dim)) continue;
    shape[n] = t->shape[d];
    stride[n++] = t->stride[d];
  }
  return make_view(t, n, shape, stride);
}

pn_tensor *pn_unsqueeze(pn_tensor *t, int dim) {
  int64_t shape[PN_MAX_DIMS], stride[PN_MAX_DIMS];
  int n = t->ndim + 1;
  if (dim < -n || dim >= n) {
    pn_fail(PN_INDEX_ERROR,
            "Dimension out of range (expected to be in range of [%d, %d], but got %d)", -n, n - 1,
            dim);
    return NULL;
  }
  if (n > PN_MAX_DIMS) {
    pn_fail(PN_VALUE_ERROR, "unsqueeze: at most %d dimensions are supported", PN_MAX_DIMS);
    return NULL;
  }
  if (dim < 0) dim += n;
  for (int d = 0, k = 0; d < n; d++) {
    shape[d] = d == dim ? 1 : t->shape[k];
    stride[d] = d == dim ? (k < t->ndim ? t->shape[k] * t->stride[k] : 1) : t->stride[k];
    if (d != dim) k++;
  }
  return make_view(t, n, shape, stride);
}

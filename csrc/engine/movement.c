/* Joining tensors and reversing them.  Everything is a copy into views of the
 * output; the derivatives are the views of the gradient. */
#include "engine/movement.h"
#include "engine/internal.h"
#include "engine/ops.h"

/* ---- cat ------------------------------------------------------------------------- */
/* What the derivative needs of each input is a row of a host-written tensor:
 * position, size, dtype; size -1 marks one that counted for nothing. */
enum { CAT_AT, CAT_SIZE, CAT_DTYPE, CAT_ROW };

static pn_status cat_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *parts = pn_saved_get(n, 0);
  pn_status s = parts ? PN_OK : pn_last_status();
  int axis = (int)n->i[0];
  for (int k = 0; !s && k < n->nin; k++) {
    const int64_t *part = (const int64_t *)parts->data + (int64_t)k * CAT_ROW, none = 0;
    if (!pn_needs(n, k)) continue;
    if (part[CAT_SIZE] < 0) {
      s = pn_give(gin, k, pn_zeros((int)part[CAT_DTYPE], 1, &none));
      continue;
    }
    pn_tensor *piece = pn_slice(g, axis, part[CAT_AT], part[CAT_AT] + part[CAT_SIZE], 1);
    s = pn_give(gin, k, piece ? pn_cast(piece, (int)part[CAT_DTYPE]) : NULL);
    pn_release(piece);
  }
  pn_release(parts);
  return s;
}
static const pn_op op_cat = {"CatBackward", cat_backward};

static bool counts_for_nothing(const pn_tensor *t) { return t->ndim == 1 && t->shape[0] == 0; }

/* The output's shape and dtype; axis from the front. */
static pn_status cat_shape(int n, pn_tensor **in, int *axis, int64_t *shape, int *ndim,
                           int *dtype) {
  const pn_tensor *first = NULL;
  int which = 0;
  int64_t total = 0;
  for (int k = 0; k < n; k++) {
    if (in[k]->ndim == 0)
      return pn_fail(PN_RUNTIME_ERROR,
                     "zero-dimensional tensor (at position %d) cannot be concatenated", k);
    *dtype = k ? pn_promote_types(*dtype, in[k]->dtype) : in[k]->dtype;
    if (counts_for_nothing(in[k])) continue;
    if (!first) {
      first = in[k];
      which = k;
      if (pn_axis(first, *axis, axis)) return pn_last_status();
    }
    bool fits = in[k]->ndim == first->ndim;
    for (int d = 0; fits && d < first->ndim; d++)
      fits = d == *axis || in[k]->shape[d] == first->shape[d];
    if (!fits)
      return pn_fail(PN_RUNTIME_ERROR,
                     "Sizes of tensors must match except in dimension %d: tensor %d has shape %s, "
                     "tensor %d has shape %s",
                     *axis, which, pn_shape_text(first), k, pn_shape_text(in[k]));
    if (!pn_add_ok(total, in[k]->shape[*axis], &total))
      return pn_fail(PN_OVERFLOW_ERROR, "cat: the sizes along dimension %d overflow", *axis);
  }
  if (!first) {
    first = in[0];
    if (pn_axis(first, *axis, axis)) return pn_last_status();
  }
  *ndim = first->ndim;
  memcpy(shape, first->shape, (size_t)first->ndim * sizeof *shape);
  shape[*axis] = total;
  return PN_OK;
}

static pn_status cat_copy(pn_tensor *out, int n, pn_tensor **in, int axis) {
  int64_t shape[PN_MAX_DIMS], at = 0;
  memcpy(shape, out->shape, sizeof shape);
  for (int k = 0; k < n; k++) {
    if (in[k]->numel == 0) {
      if (!counts_for_nothing(in[k])) at += in[k]->shape[axis];
      continue;
    }
    shape[axis] = in[k]->shape[axis];
    pn_tensor *part = pn_make_view(out, out->ndim, shape, out->stride, at * out->stride[axis]);
    pn_status s = part ? pn_copy_values(part, in[k]) : pn_last_status();
    pn_release(part);
    if (s) return s;
    at += shape[axis];
  }
  return PN_OK;
}

static pn_tensor *cat_node(pn_tensor *out, int n, pn_tensor **in, int axis) {
  int64_t rows = (int64_t)n * CAT_ROW, at = 0;
  pn_tensor *parts = pn_empty_constant(PN_I64, 1, &rows);
  pn_node *node = parts ? pn_node_new(&op_cat, out, n, in) : NULL;
  if (!node) {
    pn_release(parts);
    return pn_discard(out);
  }
  for (int k = 0; k < n; k++) {
    int64_t *part = (int64_t *)parts->data + (int64_t)k * CAT_ROW;
    bool nothing = counts_for_nothing(in[k]);
    part[CAT_AT] = at;
    part[CAT_SIZE] = nothing ? -1 : in[k]->shape[axis];
    part[CAT_DTYPE] = in[k]->dtype;
    at += nothing ? 0 : in[k]->shape[axis];
  }
  node->i[0] = axis;
  pn_node_save(node, 0, parts);
  pn_release(parts);
  return out;
}

/* A node has at most INT16_MAX inputs: longer lists go group by group. */
enum { CAT_GROUP = 16384 };

static pn_tensor *cat_groups(int n, pn_tensor **in, int axis) {
  int groups = (int)pn_ceil_div(n, CAT_GROUP);
  pn_tensor *out = NULL, **group = pn_alloc((size_t)groups * sizeof *group);
  if (!group) return NULL;
  int done = 0;
  for (; done < groups; done++) {
    int first = done * CAT_GROUP;
    group[done] = pn_cat((int)pn_min64(n - first, CAT_GROUP), in + first, axis);
    if (!group[done]) break;
  }
  if (done == groups) out = pn_cat(groups, group, axis);
  while (done) pn_release(group[--done]);
  pn_free(group);
  return out;
}

pn_tensor *pn_cat(int n, pn_tensor **in, int axis) {
  int64_t shape[PN_MAX_DIMS];
  int ndim = 0, dtype = 0;
  if (n < 1) {
    pn_fail(PN_RUNTIME_ERROR, "cat(): expected a non-empty list of Tensors");
    return NULL;
  }
  if (cat_shape(n, in, &axis, shape, &ndim, &dtype)) return NULL;
  if (n > CAT_GROUP) return cat_groups(n, in, axis);
  pn_tensor *out = pn_empty(dtype, ndim, shape);
  if (!out) return NULL;
  if (cat_copy(out, n, in, axis)) return pn_discard(out);
  bool wanted = false;
  for (int k = 0; !wanted && pn_is_float(dtype) && k < n; k++) wanted = pn_wants_grad(in[k]);
  return wanted ? cat_node(out, n, in, axis) : out;
}

pn_tensor *pn_stack(int n, pn_tensor **in, int axis) {
  if (n < 1) {
    pn_fail(PN_RUNTIME_ERROR, "stack(): expected a non-empty list of Tensors");
    return NULL;
  }
  for (int k = 1; k < n; k++) {
    if (pn_same_shape(in[0], in[k])) continue;
    pn_fail(PN_RUNTIME_ERROR,
            "stack expects each tensor to be equal size, but got %s at entry 0 and %s at entry %d",
            pn_shape_text(in[0]), pn_shape_text(in[k]), k);
    return NULL;
  }
  int dims = in[0]->ndim + 1, done = 0;
  if (axis < 0) axis += dims;
  pn_tensor *out = NULL, **part = pn_alloc((size_t)n * sizeof *part);
  if (!part) return NULL;
  for (; done < n; done++) {
    part[done] = pn_unsqueeze(in[done], axis < 0 ? axis - dims : axis);
    if (!part[done]) break;
  }
  if (done == n) out = pn_cat(n, part, axis);
  while (done) pn_release(part[--done]);
  pn_free(part);
  return out;
}

/* ---- flip ------------------------------------------------------------------------ */
static pn_status flip_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_flip(g, (uint32_t)n->i[0]));
}
static const pn_op op_flip = {"FlipBackward", flip_backward};

pn_tensor *pn_flip(pn_tensor *t, uint32_t axes) {
  int64_t stride[PN_MAX_DIMS], offset = 0;
  pn_tensor *out = pn_empty_like(t, t->dtype);
  if (!out) return NULL;
  for (int d = 0; d < t->ndim; d++) {
    bool turned = axes & (1u << d) && t->shape[d] > 1;
    stride[d] = turned ? -t->stride[d] : t->stride[d];
    if (turned && t->numel) offset += (t->shape[d] - 1) * t->stride[d];
  }
  pn_tensor *turned = pn_make_view(t, t->ndim, t->shape, stride, offset);
  pn_status s = turned ? pn_copy_values(out, turned) : pn_last_status();
  pn_release(turned);
  if (s) return pn_discard(out);
  if (!pn_wants_grad(t)) return out;
  pn_node *n = pn_node1(&op_flip, out, t);
  if (!n) return pn_discard(out);
  n->i[0] = axes;
  return out;
}

/* ---- by name ----------------------------------------------------------------------- */
/* (tensors..., axis) */
pn_status pn_op_cat(pn_call *c) {
  pn_status s = pn_call_tensors(c, "cat", -1, 1, 0);
  return s ? s : pn_call_give(c, pn_cat(c->nin, c->in, (int)c->i[0]));
}

/* (tensors..., axis) */
pn_status pn_op_stack(pn_call *c) {
  pn_status s = pn_call_tensors(c, "stack", -1, 1, 0);
  return s ? s : pn_call_give(c, pn_stack(c->nin, c->in, (int)c->i[0]));
}

/* (t, axes...) */
pn_status pn_op_flip(pn_call *c) {
  uint32_t axes = 0;
  pn_status s = pn_call_tensors(c, "flip", 1, -1, 0);
  for (int k = 0; !s && k < c->nints; k++) {
    int axis;
    s = pn_axis(c->in[0], (int)c->i[k], &axis);
    if (!s && axes & (1u << axis))
      s = pn_fail(PN_RUNTIME_ERROR, "flip: dim %d appears multiple times in the list of dims",
                  axis);
    if (!s) axes |= 1u << axis;
  }
  return s ? s : pn_call_give(c, pn_flip(c->in[0], axes));
}

/* Copies, casts, filling, writing in place; helpers that consume their operands. */
#include "engine/internal.h"

pn_tensor *pn_use1(pn_unary_fn fn, pn_tensor *owned) {
  if (!owned) return NULL;
  pn_tensor *r = fn(owned);
  pn_release(owned);
  return r;
}
pn_tensor *pn_use2(pn_binary_fn fn, pn_tensor *owned_a, pn_tensor *owned_b) {
  pn_tensor *r = owned_a && owned_b ? fn(owned_a, owned_b) : NULL;
  pn_release(owned_a);
  pn_release(owned_b);
  return r;
}

/* ---- the raw copy: same or different dtype, broadcast, no history ------------------- */
static const pn_row *cast_row(int dtype) {
  static const pn_row *const rows[PN_DTYPE_COUNT] = {
      &pn_row_to_f32, &pn_row_to_f64, &pn_row_to_bf16, &pn_row_to_f16, &pn_row_to_i64,
      &pn_row_to_i32, &pn_row_to_i8,  &pn_row_to_u8,   &pn_row_to_bool};
  return rows[dtype];
}

pn_status pn_copy_values(pn_tensor *dst, pn_tensor *src) {
  pn_args a;
  a.flags = 0;
  if (pn_is_wrapped(src)) {
    /* bf16 and f16 have no inline scalars: through a float32 of one element */
    if (pn_is_float(dst->dtype) && !pn_is_real(dst->dtype)) {
      pn_tensor *one = pn_full(PN_F32, 0, NULL, src);
      pn_status s = one ? pn_copy_values(dst, one) : pn_last_status();
      pn_release(one);
      return s;
    }
    a.dtype = dst->dtype;
    return pn_ew_run(&pn_row_copy, &a, dst, 1, &src);
  }
  a.dtype = src->dtype;
  return pn_ew_run(src->dtype == dst->dtype ? &pn_row_copy : cast_row(dst->dtype), &a, dst, 1,
                   &src);
}

pn_tensor *pn_full(int dtype, int ndim, const int64_t *shape, const pn_tensor *value) {
  pn_tensor *t = pn_empty(dtype, ndim, shape);
  if (t && pn_copy_values(t, (pn_tensor *)value)) {
    pn_release(t);
    return NULL;
  }
  return t;
}

pn_tensor *pn_zeros(int dtype, int ndim, const int64_t *shape) {
  pn_tensor *zero = pn_scalar_int(0), *t = zero ? pn_full(dtype, ndim, shape, zero) : NULL;
  pn_release(zero);
  return t;
}

pn_tensor *pn_empty_constant(int dtype, int ndim, const int64_t *shape) {
  pn_recording *recording = pn_tls.recording;
  pn_tls.recording = NULL;
  pn_tensor *t = pn_empty(dtype, ndim, shape);
  pn_tls.recording = recording;
  return t;
}

/* Start-up data, not an operator: written here, element by element. */
pn_tensor *pn_arange(int dtype, double start, double step, int64_t n) {
  pn_tensor *t = pn_empty_constant(pn_is_float(dtype) ? PN_F64 : PN_I64, 1, &n);
  if (!t) return NULL;
  for (int64_t i = 0; i < n; i++) {
    if (t->dtype == PN_F64)
      ((double *)t->data)[i] = start + (double)i * step;
    else
      ((int64_t *)t->data)[i] = (int64_t)start + i * (int64_t)step;
  }
  pn_tensor *c = pn_cast(t, dtype);
  pn_release(t);
  return c;
}

/* ---- clone, contiguous, cast ------------------------------------------------------------ */
static pn_status clone_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_ref(g));
}
static const pn_op op_clone = {"CloneBackward", clone_backward};

pn_tensor *pn_clone(pn_tensor *t) {
  if (pn_is_wrapped(t)) return pn_full(t->dtype, 0, NULL, t);
  pn_tensor *c = pn_empty_like(t, t->dtype);
  if (c && pn_copy_values(c, t)) {
    pn_release(c);
    return NULL;
  }
  if (!c || !pn_wants_grad(t) || pn_node1(&op_clone, c, t)) return c;
  return pn_discard(c);
}

pn_tensor *pn_contiguous(pn_tensor *t) {
  return (t->flags & PN_T_CONTIGUOUS) && !pn_is_wrapped(t) ? pn_ref(t) : pn_clone(t);
}

static pn_status cast_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_cast(g, (int)n->i[0]));
}
static const pn_op op_cast = {"ToCopyBackward", cast_backward};

pn_tensor *pn_cast(pn_tensor *t, int dtype) {
  if (pn_is_wrapped(t)) return pn_full(dtype, 0, NULL, t);
  if (t->dtype == dtype) return pn_ref(t);
  pn_tensor *c = pn_empty_like(t, dtype);
  if (c && pn_copy_values(c, t)) {
    pn_release(c);
    return NULL;
  }
  if (c && pn_wants_grad(t) && pn_is_float(dtype)) {
    pn_node *n = pn_node1(&op_cast, c, t);
    if (!n) return pn_discard(c);
    n->i[0] = t->dtype;
  }
  return c;
}

/* ---- writing in place ---------------------------------------------------------------------- */
pn_status pn_check_writable(pn_tensor *t) {
  if (pn_is_wrapped(t)) return pn_fail(PN_RUNTIME_ERROR, "a number cannot be written in place");
  if (t->storage->flags & PN_STORAGE_READONLY)
    return pn_fail(PN_VALUE_ERROR,
                   "the tensor of shape %s shares read-only memory and cannot be written in place; "
                   "use .clone()",
                   pn_shape_text(t));
  if (pn_overlaps_itself(t))
    return pn_fail(
        PN_RUNTIME_ERROR,
        "unsupported operation: more than one element of the written-to tensor refers to "
        "a single memory location (shape %s, stride %s). Please clone() the tensor first",
        pn_shape_text(t), pn_shape_str(t->ndim, t->stride));
  if (pn_tls.grad_disabled) return PN_OK;
  if (t->base && pn_is_leaf(t->base) && (t->base->flags & PN_T_REQUIRES_GRAD))
    return pn_fail(PN_RUNTIME_ERROR,
                   "a view of a leaf Variable that requires grad is being used in "
                   "an in-place operation.");
  if (pn_is_leaf(t) && (t->flags & PN_T_REQUIRES_GRAD))
    return pn_fail(PN_RUNTIME_ERROR,
                   "a leaf Variable that requires grad is being used in an in-place operation.");
  return PN_OK;
}

/* src as it will be written: broadcast to dst's shape, in dst's dtype, with the
 * history that dst then has. */
static pn_tensor *incoming(pn_tensor *dst, pn_tensor *src) {
  pn_tensor *c = pn_cast(src, dst->dtype);
  if (!c || pn_same_shape(c, dst)) return c;
  pn_tensor *e = pn_expand(c, dst->ndim, dst->shape);
  pn_release(c);
  return e;
}

pn_status pn_copy_(pn_tensor *dst, pn_tensor *src) {
  pn_status s = pn_check_writable(dst);
  if (s) return s;
  int ndim;
  int64_t shape[PN_MAX_DIMS];
  s = pn_broadcast("copy_", dst, src, &ndim, shape);
  if (s) return s;
  if (ndim != dst->ndim || memcmp(shape, dst->shape, (size_t)ndim * sizeof *shape))
    return pn_fail(PN_RUNTIME_ERROR, "shape %s cannot be written into shape %s", pn_shape_text(src),
                   pn_shape_text(dst));
  bool history = !pn_tls.grad_disabled &&
                 (pn_requires_grad(src) || dst->node || (dst->base && pn_requires_grad(dst->base)));
  pn_tensor *in = NULL;
  if (history || pn_memory_conflict(dst, src)) {
    in = incoming(dst, src);
    if (in && !history) in = pn_use1(pn_clone, in);
    if (in && history && pn_memory_conflict(dst, in)) in = pn_use1(pn_clone, in);
    if (!in) return pn_last_status();
  }
  s = pn_copy_values(dst, in ? in : src);
  pn_mark_written(dst);
  if (!s && history) {
    pn_hook *kept = NULL;
    if (dst->base) {
      s = pn_rebase_history(dst, in);
    } else {
      kept = pn_retain_unlink(dst);
      pn_edge e = pn_edge_of(in);
      pn_tensor *kept = in;
      if (e.leaf) { /* a leaf as source: dst becomes a copy of it on the tape */
        pn_node_release(dst->node);
        dst->node = NULL;
        if (!pn_node1(&op_clone, dst, kept)) s = pn_last_status();
      } else {
        if (e.node) e.node->refs++;
        pn_node_release(dst->node);
        dst->node = e.node;
        dst->node_output = e.output;
      }
      pn_edge_drop(&e);
    }
    pn_retain_relink(dst, kept);
  }
  pn_release(in);
  return s;
}

/* cross_entropy over class indices: logits (C), (N, C) or (N, C, d1, ...), targets
 * of the same shape without C. */
#include "kernels/loss.h"
#include "engine/internal.h"

static pn_status check(const pn_tensor *x, const pn_tensor *t, const pn_tensor *weight) {
  if (!pn_is_real(x->dtype) || (t->dtype != PN_I64 && t->dtype != PN_I32))
    return pn_fail(PN_TYPE_ERROR,
                   "cross_entropy: expected float32 or float64 logits and int64 or int32 targets, "
                   "got %s and %s",
                   pn_dtype_name(x->dtype), pn_dtype_name(t->dtype));
  bool fits = x->ndim >= 1 && t->ndim == x->ndim - 1;
  int axis = x->ndim > 1;
  for (int d = 0, k = 0; fits && d < x->ndim; d++)
    if (d != axis) fits = t->shape[k++] == x->shape[d];
  if (x->ndim == 1) fits = t->ndim == 0;
  if (!fits)
    return pn_fail(PN_VALUE_ERROR,
                   "cross_entropy: targets of shape %s do not fit logits of shape %s (expected the "
                   "logits' shape without dimension %d)",
                   pn_shape_text(t), pn_shape_text(x), axis);
  if (weight && (weight->ndim != 1 || weight->numel != x->shape[axis] || weight->dtype != x->dtype))
    return pn_fail(PN_RUNTIME_ERROR,
                   "cross_entropy: weight must be %s of shape (%lld,), got %s of shape %s",
                   pn_dtype_name(x->dtype), (long long)x->shape[axis], pn_dtype_name(weight->dtype),
                   pn_shape_text(weight));
  return PN_OK;
}

/* n[] for contiguous logits of this shape. */
static void geometry(pn_args *a, const pn_tensor *x, int64_t ignore) {
  int axis = x->ndim > 1;
  int64_t inner = 1;
  for (int d = axis + 1; d < x->ndim; d++) inner *= x->shape[d];
  a->n[PN_CE_OUTER] = axis ? x->shape[0] : 1;
  a->n[PN_CE_CLASSES] = x->shape[axis];
  a->n[PN_CE_INNER] = inner;
  a->n[PN_CE_STRIDE_X] = x->shape[axis] * inner;
  a->n[PN_CE_STRIDE_X + 1] = inner;
  a->n[PN_CE_STRIDE_X + 2] = 1;
  a->n[PN_CE_IGNORE] = ignore;
  a->block = NULL;
}

/* out, stats, total in t[0..2] */
static pn_status run_forward(pn_tensor *x, pn_tensor *target, pn_tensor *weight, int64_t ignore,
                             int reduction, pn_tensor **t) {
  pn_args a;
  int64_t rows = target->numel, two = 2 * rows, three = 3;
  bool none = reduction == PN_REDUCE_NONE;
  geometry(&a, x, ignore);
  a.flags = pn_reduction_flag(reduction) | (target->dtype == PN_I32 ? PN_LOSS_TARGET32 : 0);
  a.dtype = x->dtype;
  t[0] = none ? pn_empty_like(target, x->dtype) : pn_empty(x->dtype, 0, NULL);
  t[1] = pn_empty(x->dtype, 1, &two);
  t[2] = pn_empty(x->dtype, 0, NULL);
  pn_tensor *status = pn_zeros(PN_I64, 1, &three);
  pn_tensor *work = pn_workspace(pn_cross_entropy_workspace(rows, a.flags));
  pn_status s = t[0] && t[1] && t[2] && status && work ? PN_OK : pn_last_status();
  if (!s && !(none && rows == 0)) {
    a.p[PN_CE_WEIGHT] = NULL;
    pn_bind_out(&a, PN_CE_OUT, t[0]);
    pn_bind_out(&a, PN_CE_STATS, t[1]);
    pn_bind_out(&a, PN_CE_TOTAL, t[2]);
    pn_bind(&a, PN_CE_X, x);
    pn_bind(&a, PN_CE_TARGET, target);
    if (weight) pn_bind(&a, PN_CE_WEIGHT, weight);
    pn_bind_inout(&a, PN_CE_STATUS, status);
    pn_bind_out(&a, PN_CE_WORK, work);
    s = pn_run_checked(&pn_row_cross_entropy, &a, 0, status->data);
  }
  pn_release(status);
  pn_release(work);
  return s;
}

enum { CE_X, CE_TARGET, CE_STATS, CE_TOTAL, CE_WEIGHT }; /* saved; weight may be NULL */

static pn_tensor *fused_backward(pn_node *n, pn_tensor *g, pn_tensor *weight) {
  pn_tensor *x = pn_saved_get(n, CE_X), *target = x ? pn_saved_get(n, CE_TARGET) : NULL;
  pn_tensor *dx = target ? pn_empty_like(x, x->dtype) : NULL, *cg = dx ? pn_contiguous(g) : NULL;
  pn_status s = cg ? PN_OK : pn_last_status();
  if (!s && x->numel) {
    pn_args a;
    geometry(&a, x, n->i[1]);
    a.flags = pn_reduction_flag((int)n->i[0]) | (target->dtype == PN_I32 ? PN_LOSS_TARGET32 : 0);
    a.dtype = x->dtype;
    a.p[PN_CE_WEIGHT] = a.p[PN_CE_STATUS] = a.p[PN_CE_WORK] = NULL;
    pn_bind_out(&a, PN_CE_OUT, dx);
    pn_bind(&a, PN_CE_STATS, n->saved[CE_STATS].t);
    pn_bind(&a, PN_CE_TOTAL, n->saved[CE_TOTAL].t);
    pn_bind(&a, PN_CE_X, x);
    pn_bind(&a, PN_CE_TARGET, target);
    if (weight) pn_bind(&a, PN_CE_WEIGHT, weight);
    pn_bind(&a, PN_CE_G, cg);
    s = pn_run(&pn_row_cross_entropy_backward, &a, 0);
  }
  pn_release(x);
  pn_release(target);
  pn_release(cg);
  if (!s) return dx;
  pn_release(dx);
  return NULL;
}

/* The same gradient as operators: p q - onehot q, q = s w[t] (0 where ignored). */
static pn_tensor *composed_backward(pn_node *n, pn_tensor *g, pn_tensor *weight) {
  pn_tensor *x = pn_saved_get(n, CE_X), *target = x ? pn_saved_get(n, CE_TARGET) : NULL;
  if (!target) {
    pn_release(x);
    return NULL;
  }
  int axis = x->ndim > 1;
  pn_tensor *ign = pn_use2(pn_eq, pn_ref(target), pn_scalar_int(n->i[1]));
  pn_tensor *zero = pn_scalar_int(0);
  pn_tensor *safe = ign && zero ? pn_where(ign, zero, target) : NULL;
  pn_tensor *index = safe ? pn_unsqueeze(safe, axis) : NULL;
  pn_tensor *s = pn_ref(g);
  if (n->i[0] == PN_REDUCE_MEAN) s = pn_use2(pn_div, s, pn_ref(n->saved[CE_TOTAL].t));
  pn_tensor *flat = weight && safe ? pn_reshape(safe, 1, (int64_t[]){-1}) : NULL;
  pn_tensor *w = flat ? pn_index_select(weight, 0, flat) : NULL;
  if (w) s = pn_use2(pn_mul, s, pn_use1(pn_contiguous, pn_reshape(w, target->ndim, target->shape)));
  pn_tensor *sz = s ? pn_expand(s, target->ndim, target->shape) : NULL;
  pn_tensor *fzero = pn_scalar_float(0);
  pn_tensor *q0 = sz && ign ? pn_where(ign, fzero, sz) : NULL;
  pn_tensor *q = q0 ? pn_unsqueeze(q0, axis) : NULL;
  pn_tensor *z = pn_zeros(x->dtype, x->ndim, x->shape);
  pn_tensor *hot = q && z && index ? pn_scatter_add(z, axis, index, q) : NULL;
  pn_tensor *p = pn_use1(pn_exp, pn_log_softmax(x, axis));
  pn_tensor *dx = pn_use2(pn_sub, pn_use2(pn_mul, p, pn_ref(q)), hot);
  pn_tensor *drop[] = {x, target, ign, zero, safe, index, s, flat, w, sz, fzero, q0, q, z};
  for (size_t k = 0; k < sizeof drop / sizeof *drop; k++) pn_release(drop[k]);
  return dx;
}

static pn_status cross_entropy_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  bool weighted = pn_saved_has(n, CE_WEIGHT);
  pn_tensor *weight = weighted ? pn_saved_get(n, CE_WEIGHT) : NULL;
  if (weighted && !weight) return pn_last_status();
  pn_tensor *dx =
      pn_tls.grad_disabled ? fused_backward(n, g, weight) : composed_backward(n, g, weight);
  pn_release(weight);
  return pn_give(gin, 0, dx);
}
static const pn_op op_cross_entropy = {"CrossEntropyBackward", cross_entropy_backward};

pn_tensor *pn_cross_entropy(pn_tensor *logits, pn_tensor *target, pn_tensor *weight,
                            int64_t ignore_index, int reduction) {
  if (check(logits, target, weight)) return NULL;
  pn_tensor *x = pn_contiguous(logits), *t = pn_contiguous(target);
  pn_tensor *w = weight ? pn_contiguous(weight) : NULL, *r[3] = {NULL};
  pn_status s = x && t && (w || !weight) ? PN_OK : pn_last_status();
  if (!s) s = run_forward(x, t, w, ignore_index, reduction, r);
  if (!s && pn_wants_grad(x)) {
    pn_node *n = pn_node1(&op_cross_entropy, r[0], x);
    if (n) {
      n->i[0] = reduction;
      n->i[1] = ignore_index;
      pn_node_save(n, CE_X, x);
      pn_node_save(n, CE_TARGET, t);
      pn_node_save(n, CE_STATS, r[1]);
      pn_node_save(n, CE_TOTAL, r[2]);
      pn_node_save(n, CE_WEIGHT, w);
    } else {
      s = pn_last_status();
    }
  }
  pn_release(x);
  pn_release(t);
  pn_release(w);
  pn_release(r[1]);
  pn_release(r[2]);
  if (!s) return r[0];
  pn_release(r[0]);
  return NULL;
}

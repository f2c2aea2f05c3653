/* Orders of elements (kernels/sort.h). */
#include "engine/sorting.h"
#include "engine/internal.h"
#include "engine/ops.h"
#include "kernels/sort.h"

/* t as contiguous rows along the axis, in a type that has the kernels. */
static pn_tensor *rows_of(pn_tensor *t, int axis) {
  bool was = pn_set_grad_enabled(false), half = pn_is_float(t->dtype) && !pn_is_real(t->dtype);
  pn_tensor *wide = half ? pn_cast(t, PN_F32) : pn_ref(t), *turned = NULL, *rows = NULL;
  int order[PN_MAX_DIMS], at = 0;
  for (int d = 0; d < t->ndim; d++)
    if (d != axis) order[at++] = d;
  if (t->ndim) order[at] = axis;
  if (wide) turned = pn_permute(wide, t->ndim, order);
  if (turned) rows = pn_contiguous(turned);
  pn_release(turned);
  pn_release(wide);
  pn_set_grad_enabled(was);
  return rows;
}

/* out, whose last dimension is the axis, with that dimension in its place. */
static pn_tensor *in_place_of(pn_tensor *out, int axis) {
  int order[PN_MAX_DIMS], at = 0;
  if (!out || out->ndim == 0 || axis == out->ndim - 1) return out;
  for (int d = 0; d < out->ndim; d++) order[d] = d == axis ? out->ndim - 1 : at++;
  pn_tensor *turned = pn_permute(out, out->ndim, order);
  pn_tensor *r = turned ? pn_contiguous(turned) : NULL;
  pn_release(turned);
  pn_release(out);
  return r;
}

/* Indices per row: `each` of them, -1: one, without a dimension. */
static pn_tensor *order_of(const pn_row *row, pn_tensor *t, int axis, int64_t each,
                           uint32_t flags) {
  int64_t length = t->ndim ? t->shape[axis] : 1;
  if (length > PN_SORT_MOST && pn_itemsize(t->dtype) < 8) {
    pn_fail(PN_OVERFLOW_ERROR, "%s: a dimension of %lld elements is longer than %d", row->name,
            (long long)length, PN_SORT_MOST);
    return NULL;
  }
  pn_tensor *rows = rows_of(t, axis);
  if (!rows) return NULL;
  int64_t shape[PN_MAX_DIMS];
  int ndim = rows->ndim;
  memcpy(shape, rows->shape, (size_t)ndim * sizeof *shape);
  if (ndim && each >= 0) shape[ndim - 1] = each;
  if (ndim && each < 0) ndim--;
  if (!t->ndim && each >= 0) each = 1; /* a number is its own order */
  pn_tensor *out = pn_empty(PN_I64, ndim, shape);
  if (out && out->numel) {
    pn_args a;
    a.block = NULL;
    a.flags = flags;
    a.dtype = rows->dtype;
    a.n[PN_SO_ROWS] = length ? rows->numel / length : 0;
    a.n[PN_SO_LENGTH] = length;
    a.n[PN_SO_K] = each;
    pn_bind_out(&a, 0, out);
    pn_bind(&a, 1, rows);
    if (pn_run(row, &a, 0)) out = pn_discard(out);
  }
  pn_release(rows);
  return each < 0 ? out : in_place_of(out, axis);
}

pn_tensor *pn_argsort(pn_tensor *t, int axis, bool descending) {
  if (pn_axis(t, axis, &axis)) return NULL;
  return order_of(&pn_row_sort, t, axis, t->ndim ? t->shape[axis] : 1,
                  descending ? PN_SORT_DESCENDING : 0);
}

pn_tensor *pn_argtopk(pn_tensor *t, int64_t k, int axis, bool largest) {
  if (pn_axis(t, axis, &axis)) return NULL;
  if (k < 0 || k > (t->ndim ? t->shape[axis] : 1)) {
    pn_fail(PN_RUNTIME_ERROR, "selected index k out of range: k = %lld, dimension %d of shape %s",
            (long long)k, axis, pn_shape_text(t));
    return NULL;
  }
  return order_of(&pn_row_topk, t, axis, k, largest ? PN_SORT_DESCENDING : 0);
}

pn_tensor *pn_argmode(pn_tensor *t, int axis) {
  if (pn_axis(t, axis, &axis)) return NULL;
  if (t->ndim && t->shape[axis] == 0) {
    pn_fail(PN_INDEX_ERROR, "mode(): Expected reduction dim %d to have non-zero size (shape %s)",
            axis, pn_shape_text(t));
    return NULL;
  }
  return order_of(&pn_row_mode, t, axis, -1, 0);
}

pn_tensor *pn_searchsorted(pn_tensor *sorted, pn_tensor *values, bool right) {
  bool shared = sorted->ndim == 1, fits = shared || sorted->ndim == values->ndim;
  for (int d = 0; fits && !shared && d < sorted->ndim - 1; d++)
    fits = sorted->shape[d] == values->shape[d];
  if (!fits || sorted->ndim == 0) {
    pn_fail(PN_RUNTIME_ERROR,
            "searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions "
            "of boundaries tensor and input value tensor must match, but we got boundaries tensor "
            "%s and input value tensor %s",
            pn_shape_text(sorted), pn_shape_text(values));
    return NULL;
  }
  if (sorted->dtype != values->dtype) {
    pn_fail(PN_RUNTIME_ERROR,
            "searchsorted(): boundary tensor and input value tensor should have same dtype, but "
            "got boundary tensor's dtype %s and input value tensor's dtype %s",
            pn_dtype_name(sorted->dtype), pn_dtype_name(values->dtype));
    return NULL;
  }
  pn_tensor *x = rows_of(sorted, sorted->ndim - 1), *v = rows_of(values, values->ndim - 1);
  pn_tensor *out = x && v ? pn_empty(PN_I64, values->ndim, values->shape) : NULL;
  if (out && out->numel) {
    pn_args a;
    a.block = NULL;
    a.flags = right ? PN_SORT_RIGHT : 0;
    a.dtype = x->dtype;
    int64_t count = shared ? v->numel : v->shape[v->ndim - 1];
    a.n[PN_SS_ROWS] = v->numel / count;
    a.n[PN_SS_LENGTH] = x->shape[x->ndim - 1];
    a.n[PN_SS_COUNT] = count;
    a.n[PN_SS_SHARED] = shared;
    pn_bind_out(&a, 0, out);
    pn_bind(&a, 1, x);
    pn_bind(&a, 2, v);
    if (pn_run(&pn_row_searchsorted, &a, 0)) out = pn_discard(out);
  }
  pn_release(v);
  pn_release(x);
  return out;
}

/* ---- by name --------------------------------------------------------------------- */
/* (t, axis, descending) */
pn_status pn_op_argsort(pn_call *c) {
  pn_status s = pn_call_tensors(c, "argsort", 1, 2, 0);
  return s ? s : pn_call_give(c, pn_argsort(c->in[0], (int)c->i[0], c->i[1] != 0));
}

/* (t, k, axis, largest) */
pn_status pn_op_argtopk(pn_call *c) {
  pn_status s = pn_call_tensors(c, "topk", 1, 3, 0);
  return s ? s : pn_call_give(c, pn_argtopk(c->in[0], c->i[0], (int)c->i[1], c->i[2] != 0));
}

/* (t, axis) */
pn_status pn_op_argmode(pn_call *c) {
  pn_status s = pn_call_tensors(c, "mode", 1, 1, 0);
  return s ? s : pn_call_give(c, pn_argmode(c->in[0], (int)c->i[0]));
}

/* (sorted, values, right) */
pn_status pn_op_searchsorted(pn_call *c) {
  pn_status s = pn_call_tensors(c, "searchsorted", 2, 1, 0);
  return s ? s : pn_call_give(c, pn_searchsorted(c->in[0], c->in[1], c->i[0] != 0));
}

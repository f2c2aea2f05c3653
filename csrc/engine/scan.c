/* cumsum, cumprod, logcumsumexp, and the linear recurrence that is the
 * derivative of the last two: products are never divided out, so zeros need no
 * case of their own, and every derivative is linear in the axis.
 *
 *   cumsum        dx = cumsum(g) from the other end
 *   cumprod       dx[i] = y[i-1] S[i],  S[i] = g[i] + x[i+1] S[i+1]
 *   logcumsumexp  dx[i] = exp(x[i] - y[i]) S[i],  S[i] = g[i] + exp(y[i] - y[i+1]) S[i+1]
 *   linear_scan   dx = S (the scan of g from the other end),  da[i] = S[i] y[i-1]
 *
 * (for a walk from the start; backwards everything is mirrored). */
#include "engine/scan.h"

#include <math.h>

#include "engine/axis.h"
#include "engine/ops.h"
#include "kernels/scan.h"

static pn_tensor *run_scan(const pn_row *row, pn_tensor *x, pn_tensor *a, int axis, bool reverse) {
  pn_tensor *out = pn_empty_like(x, x->dtype);
  if (!out || !out->numel) return out;
  pn_args r;
  r.block = NULL;
  r.flags = reverse ? PN_SCAN_REVERSE : 0;
  r.dtype = x->dtype;
  r.p[PN_SCAN_A] = NULL;
  pn_three_sizes(x, axis, &r.n[PN_SCAN_OUTER]);
  pn_tensor *cx = pn_three_strided(x, axis, &r.n[PN_SCAN_STRIDE_X]);
  pn_tensor *ca = a && cx ? pn_three_strided(a, axis, &r.n[PN_SCAN_STRIDE_A]) : NULL;
  pn_status s = cx && (ca || !a) ? PN_OK : pn_last_status();
  if (!s) {
    pn_bind_out(&r, PN_SCAN_OUT, out);
    pn_bind(&r, PN_SCAN_X, cx);
    if (ca) pn_bind(&r, PN_SCAN_A, ca);
    s = pn_run(row, &r, 0);
  }
  pn_release(cx);
  pn_release(ca);
  return s ? pn_discard(out) : out;
}

/* a in the dtype that is scanned. */
static pn_tensor *operand(const pn_row *row, pn_tensor *a, int dtype) {
  if (dtype < 0) dtype = pn_is_float(a->dtype) ? a->dtype : PN_I64;
  if (pn_is_float(dtype) && !pn_is_real(dtype)) {
    pn_no_kernel(row, dtype);
    return NULL;
  }
  return pn_cast(a, dtype);
}

/* out with node (op; axis, reverse) if x wants a gradient; takes x. */
static pn_tensor *recorded(const pn_op *op, pn_tensor *out, pn_tensor *x, int axis, bool reverse,
                           bool saves) {
  if (out && pn_wants_grad(x) && pn_is_float(x->dtype)) {
    pn_node *n = pn_node1(op, out, x);
    if (n) {
      n->i[0] = axis;
      n->i[1] = reverse;
      if (saves) pn_node_save(n, 0, x);
      if (saves && pn_node_save_output(n, 1, out)) n = NULL;
    }
    if (!n) out = pn_discard(out);
  }
  pn_release(x);
  return out;
}

/* ---- cumsum ------------------------------------------------------------------------ */
static pn_status cumsum_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_cumsum(g, (int)n->i[0], -1, !n->i[1]));
}
static const pn_op op_cumsum = {"CumsumBackward", cumsum_backward};

pn_tensor *pn_cumsum(pn_tensor *a, int axis, int dtype, bool reverse) {
  if (pn_axis(a, axis, &axis)) return NULL;
  pn_tensor *x = operand(&pn_row_cumsum, a, dtype);
  if (!x) return NULL;
  pn_tensor *out = run_scan(&pn_row_cumsum, x, NULL, axis, reverse);
  return recorded(&op_cumsum, out, x, axis, reverse, false);
}

/* ---- shift ------------------------------------------------------------------------- */
static pn_status shift_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_shift(g, (int)n->i[0], !n->i[1], 0));
}
static const pn_op op_shift = {"ShiftBackward", shift_backward};

static pn_status copy_part(pn_tensor *dst, pn_tensor *src, int axis, int64_t to, int64_t from,
                           int64_t count) {
  pn_tensor *d = pn_slice(dst, axis, to, to + count, 1);
  pn_tensor *s = pn_is_wrapped(src) ? pn_ref(src) : pn_slice(src, axis, from, from + count, 1);
  pn_status status = d && s ? pn_copy_(d, s) : pn_last_status();
  pn_release(d);
  pn_release(s);
  return status;
}

pn_tensor *pn_shift(pn_tensor *x, int axis, bool back, double fill) {
  if (pn_axis(x, axis, &axis)) return NULL;
  pn_tensor *value = pn_scalar_float(fill);
  if (!value) return NULL;
  if (!x->ndim) {
    pn_tensor *one = pn_full(x->dtype, 0, NULL, value);
    pn_release(value);
    return one;
  }
  pn_tensor *out = pn_empty_like(x, x->dtype);
  int64_t n = x->shape[axis];
  bool graph = pn_set_grad_enabled(false);
  pn_status s = out ? PN_OK : pn_last_status();
  if (!s && out->numel) {
    s = copy_part(out, x, axis, back ? 0 : 1, back ? 1 : 0, n - 1);
    if (!s) s = copy_part(out, value, axis, back ? n - 1 : 0, 0, 1);
  }
  pn_set_grad_enabled(graph);
  pn_release(value);
  if (s) return pn_discard(out);
  return recorded(&op_shift, out, pn_ref(x), axis, back, false);
}

/* ---- the linear recurrence ----------------------------------------------------------- */
static pn_status linear_scan_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  int axis = (int)n->i[0];
  bool reverse = n->i[1];
  pn_tensor *a = pn_saved_get(n, 0), *y = a ? pn_saved_get(n, 1) : NULL;
  pn_tensor *s = y ? pn_linear_scan(g, a, axis, !reverse) : NULL;
  pn_status status = s ? PN_OK : pn_last_status();
  /* a[i] joins i-1 and i: the walk's source is y there, its target S here */
  if (!status && pn_needs(n, 1)) {
    pn_tensor *before = pn_shift(reverse ? s : y, axis, false, 0);
    status = pn_give(gin, 1, pn_use2(pn_mul, before, pn_ref(reverse ? y : s)));
  }
  if (!status && pn_needs(n, 0)) gin[0] = pn_ref(s);
  pn_release(a);
  pn_release(y);
  pn_release(s);
  return status;
}
static const pn_op op_linear_scan = {"LinearScanBackward", linear_scan_backward};

pn_tensor *pn_linear_scan(pn_tensor *x, pn_tensor *a, int axis, bool reverse) {
  if (pn_axis(x, axis, &axis)) return NULL;
  if (!pn_same_shape(x, a) || x->dtype != a->dtype || !pn_is_real(x->dtype)) {
    pn_fail(PN_RUNTIME_ERROR, "linear_scan: %s %s and %s %s are not of one real dtype and shape",
            pn_dtype_name(x->dtype), pn_shape_text(x), pn_dtype_name(a->dtype), pn_shape_text(a));
    return NULL;
  }
  pn_tensor *out = run_scan(&pn_row_linear_scan, x, a, axis, reverse);
  if (!out || !(pn_wants_grad(x) || pn_wants_grad(a))) return out;
  pn_node *n = pn_node2(&op_linear_scan, out, x, a);
  if (!n) return pn_discard(out);
  n->i[0] = axis;
  n->i[1] = reverse;
  pn_node_save(n, 0, a);
  return pn_node_save_output(n, 1, out) ? pn_discard(out) : out;
}

/* ---- cumprod ------------------------------------------------------------------------- */
static pn_status cumprod_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  int axis = (int)n->i[0];
  bool reverse = n->i[1];
  pn_tensor *x = pn_saved_get(n, 0), *y = x ? pn_saved_get(n, 1) : NULL;
  pn_tensor *before = y ? pn_shift(y, axis, reverse, 1) : NULL;
  /* from the end, the step into i carries x[i]: a[i+1] = x[i] */
  pn_tensor *a = before ? (reverse ? pn_shift(x, axis, false, 0) : pn_ref(x)) : NULL;
  pn_tensor *s = a ? pn_linear_scan(g, a, axis, !reverse) : NULL;
  pn_release(x);
  pn_release(y);
  pn_release(a);
  return pn_give(gin, 0, pn_use2(pn_mul, before, s));
}
static const pn_op op_cumprod = {"CumprodBackward", cumprod_backward};

pn_tensor *pn_cumprod(pn_tensor *a, int axis, int dtype, bool reverse) {
  if (pn_axis(a, axis, &axis)) return NULL;
  pn_tensor *x = operand(&pn_row_cumprod, a, dtype);
  if (!x) return NULL;
  pn_tensor *out = run_scan(&pn_row_cumprod, x, NULL, axis, reverse);
  return recorded(&op_cumprod, out, x, axis, reverse, true);
}

pn_tensor *pn_prod_others(pn_tensor *x, int axis) {
  if (pn_axis(x, axis, &axis)) return NULL;
  if (!pn_wants_grad(x)) return run_scan(&pn_row_prod_others, x, NULL, axis, false);
  pn_tensor *up = pn_cumprod(x, axis, -1, false), *down = pn_cumprod(x, axis, -1, true);
  pn_tensor *before = up ? pn_shift(up, axis, false, 1) : NULL;
  pn_tensor *behind = down ? pn_shift(down, axis, true, 1) : NULL;
  pn_release(up);
  pn_release(down);
  return pn_use2(pn_mul, before, behind);
}

/* ---- logcumsumexp ---------------------------------------------------------------------- */
/* exp(a - b) where b is finite, else 0: nothing flows through -inf. */
static pn_tensor *ratio(pn_tensor *owned_a, pn_tensor *b) {
  pn_tensor *d = pn_use2(pn_sub, owned_a, pn_ref(b)), *low = pn_scalar_float(-(double)INFINITY);
  pn_tensor *none = d && low ? pn_eq(b, low) : NULL;
  pn_tensor *safe = none ? pn_where(none, low, d) : NULL;
  pn_release(d);
  pn_release(low);
  pn_release(none);
  return pn_use1(pn_exp, safe);
}
static pn_status logcumsumexp_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  int axis = (int)n->i[0];
  pn_tensor *x = pn_saved_get(n, 0), *y = x ? pn_saved_get(n, 1) : NULL;
  pn_tensor *a = y ? ratio(pn_shift(y, axis, false, -(double)INFINITY), y) : NULL;
  pn_tensor *s = a ? pn_linear_scan(g, a, axis, true) : NULL;
  pn_tensor *p = s ? ratio(pn_ref(x), y) : NULL;
  pn_release(x);
  pn_release(y);
  pn_release(a);
  return pn_give(gin, 0, pn_use2(pn_mul, p, s));
}
static const pn_op op_logcumsumexp = {"LogcumsumexpBackward", logcumsumexp_backward};

pn_tensor *pn_logcumsumexp(pn_tensor *a, int axis) {
  if (pn_axis(a, axis, &axis)) return NULL;
  if (!pn_is_real(a->dtype)) {
    pn_no_kernel(&pn_row_logcumsumexp, a->dtype);
    return NULL;
  }
  pn_tensor *out = run_scan(&pn_row_logcumsumexp, a, NULL, axis, false);
  return recorded(&op_logcumsumexp, out, pn_ref(a), axis, false, true);
}

/* ---- by name ----------------------------------------------------------------------------- */
/* (a, axis, dtype or -1) */
pn_status pn_op_cumsum(pn_call *c) {
  pn_status s = pn_call_given(c, "cumsum", 1, 2, 0);
  return s ? s : pn_call_give(c, pn_cumsum(c->in[0], (int)c->i[0], (int)c->i[1], false));
}
pn_status pn_op_cumprod(pn_call *c) {
  pn_status s = pn_call_given(c, "cumprod", 1, 2, 0);
  return s ? s : pn_call_give(c, pn_cumprod(c->in[0], (int)c->i[0], (int)c->i[1], false));
}
/* (a, axis) */
pn_status pn_op_logcumsumexp(pn_call *c) {
  pn_status s = pn_call_given(c, "logcumsumexp", 1, 1, 0);
  return s ? s : pn_call_give(c, pn_logcumsumexp(c->in[0], (int)c->i[0]));
}
/* (x, a, axis, reverse) */
pn_status pn_op_linear_scan(pn_call *c) {
  pn_status s = pn_call_given(c, "linear_scan", 2, 2, 0);
  if (s) return s;
  return pn_call_give(c, pn_linear_scan(c->in[0], c->in[1], (int)c->i[0], c->i[1] != 0));
}

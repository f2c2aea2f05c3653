/* std, logsumexp and norms: forward passes are compositions without a graph;
 * what is saved is the input and the result. */
#include "engine/norms.h"

#include <math.h>

#include "engine/ops.h"
#include "engine/reduce.h"

/* out's node with x and out saved, if a wants a gradient. */
static pn_tensor *recorded(const pn_op *op, pn_tensor *out, pn_tensor *a, uint32_t axes,
                           bool keepdim, double constant) {
  if (!out || !pn_wants_grad(a)) return out;
  pn_node *n = pn_node1(op, out, a);
  if (!n) return pn_discard(out);
  pn_keep_axes(n, a, axes, keepdim);
  n->f[0] = constant;
  pn_node_save(n, 0, a);
  return pn_node_save_output(n, 1, out) ? pn_discard(out) : out;
}

/* where(test(t, value), 0, x): consumes t and x. */
static pn_tensor *zero_where(pn_binary_fn test, pn_tensor *t, double value, pn_tensor *x) {
  pn_tensor *mask = pn_use2(test, t, pn_scalar_float(value)), *zero = pn_scalar_float(0);
  pn_tensor *r = mask && zero && x ? pn_where(mask, zero, x) : NULL;
  pn_release(mask);
  pn_release(zero);
  pn_release(x);
  return r;
}

static pn_tensor *power(pn_tensor *owned, double p) {
  if (p == 1) return owned;
  return pn_use2(pn_pow, owned, pn_scalar_float(p));
}

static pn_tensor *saved_result(pn_node *n) {
  pn_tensor *y = pn_saved_get(n, 1), *u = y ? pn_unreduced(n, y) : NULL;
  pn_release(y);
  return u;
}

/* ---- std ----------------------------------------------------------------------------- */
/* dx = (x - mean) g / (y (count - correction)); 0 where y is 0. */
static pn_status std_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0), *y = saved_result(n);
  pn_tensor *d = x ? pn_use2(pn_sub, pn_ref(x), pn_mean(x, (uint32_t)n->i[0], true)) : NULL;
  pn_tensor *s = pn_use2(pn_div, pn_unreduced(n, g), pn_ref(y));
  s = pn_use2(pn_mul, zero_where(pn_eq, y, 0, s), pn_scalar_float(1 / n->f[0]));
  pn_release(x);
  return pn_give(gin, 0, pn_use2(pn_mul, d, s));
}
static const pn_op op_std = {"StdBackward", std_backward};

pn_tensor *pn_std(pn_tensor *a, uint32_t axes, double correction, bool keepdim) {
  if (!axes) axes = pn_all_axes(a);
  bool graph = pn_set_grad_enabled(false);
  pn_tensor *out = pn_use1(pn_sqrt, pn_var(a, axes, correction, keepdim));
  pn_set_grad_enabled(graph);
  double left = (double)pn_reduced_count(a, axes) - correction;
  return recorded(&op_std, out, a, axes, keepdim, left > 0 ? left : 0);
}

/* ---- logsumexp ------------------------------------------------------------------------- */
/* dx = g exp(x - y) */
static pn_status logsumexp_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *p = pn_use1(pn_exp, pn_use2(pn_sub, pn_saved_get(n, 0), saved_result(n)));
  return pn_give(gin, 0, pn_use2(pn_mul, p, pn_unreduced(n, g)));
}
static const pn_op op_logsumexp = {"LogsumexpBackward", logsumexp_backward};

/* log sum exp(a - m) + m, where m is the greatest element, or 0 if it is infinite. */
static pn_tensor *stable_logsumexp(pn_tensor *a, uint32_t axes, bool keepdim) {
  if (pn_reduced_count(a, axes) == 0) return pn_use1(pn_log, pn_sum(a, axes, keepdim, -1));
  pn_tensor *top = pn_amax(a, axes, true);
  pn_tensor *m = top ? zero_where(pn_eq, pn_abs(top), (double)INFINITY, pn_ref(top)) : NULL;
  pn_release(top);
  pn_tensor *e = pn_use1(pn_exp, pn_use2(pn_sub, pn_ref(a), pn_ref(m)));
  pn_tensor *s = e ? pn_use1(pn_log, pn_sum(e, axes, true, -1)) : NULL;
  pn_release(e);
  pn_tensor *y = pn_use2(pn_add, s, m);
  if (!y || keepdim) return y;
  int64_t shape[PN_MAX_DIMS];
  int ndim = pn_reduced_shape(a, axes, false, shape);
  pn_tensor *out = pn_reshape(y, ndim, shape);
  pn_release(y);
  return out;
}

pn_tensor *pn_logsumexp(pn_tensor *a, uint32_t axes, bool keepdim) {
  if (!axes) axes = pn_all_axes(a);
  if (!pn_is_float(a->dtype)) {
    pn_tensor *x = pn_cast(a, pn_default_dtype());
    pn_tensor *out = x ? pn_logsumexp(x, axes, keepdim) : NULL;
    pn_release(x);
    return out;
  }
  bool graph = pn_set_grad_enabled(false);
  pn_tensor *out = stable_logsumexp(a, axes, keepdim);
  pn_set_grad_enabled(graph);
  return recorded(&op_logsumexp, out, a, axes, keepdim, 0);
}

/* ---- norms ------------------------------------------------------------------------------- */
static bool is_extreme(double p) { return isinf(p); }

/* sign(x) g, shared evenly by the elements that are the extreme. */
static pn_tensor *extreme_gradient(pn_node *n, pn_tensor *x, pn_tensor *y, pn_tensor *g) {
  pn_tensor *hit = pn_use2(pn_eq, pn_abs(x), pn_ref(y));
  pn_tensor *mask = hit ? pn_cast(hit, x->dtype) : NULL;
  pn_tensor *count = mask ? pn_sum(mask, (uint32_t)n->i[0], true, -1) : NULL;
  pn_tensor *share = pn_use2(pn_div, pn_unreduced(n, g), count);
  pn_release(hit);
  return pn_use2(pn_mul, pn_use2(pn_mul, pn_sign(x), mask), share);
}

/* sign(x) |x|^(p-1), as x |x|^(p-2) where that has more derivatives. */
static pn_tensor *power_slope(pn_tensor *x, double p) {
  if (p == 2) return pn_ref(x);
  if (p > 2) return pn_use2(pn_mul, pn_ref(x), power(pn_abs(x), p - 2));
  pn_tensor *s = pn_use2(pn_mul, pn_sign(x), power(pn_abs(x), p - 1));
  return p < 1 ? zero_where(pn_eq, pn_ref(x), 0, s) : s;
}

/* dx = sign(x) |x|^(p-1) g / y^(p-1); 0 where y is 0. */
static pn_status norm_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  double p = n->f[0];
  pn_tensor *x = pn_saved_get(n, 0), *y = x ? saved_result(n) : NULL, *d = NULL;
  if (y && p == 0) {
    d = pn_zeros(x->dtype, x->ndim, x->shape);
  } else if (y && p == 1) {
    d = pn_use2(pn_mul, pn_sign(x), pn_unreduced(n, g));
  } else if (y && is_extreme(p)) {
    d = extreme_gradient(n, x, y, g);
  } else if (y) {
    pn_tensor *s = pn_use2(pn_div, pn_unreduced(n, g), power(pn_ref(y), p - 1));
    d = pn_use2(pn_mul, power_slope(x, p), zero_where(pn_eq, pn_ref(y), 0, s));
  }
  pn_release(x);
  pn_release(y);
  return pn_give(gin, 0, d);
}
static const pn_op op_norm = {"NormBackward", norm_backward};

static pn_tensor *norm_of(pn_tensor *a, double p, uint32_t axes, bool keepdim) {
  if (is_extreme(p)) {
    pn_tensor *m = pn_abs(a);
    pn_tensor *out = !m ? NULL : p > 0 ? pn_amax(m, axes, keepdim) : pn_amin(m, axes, keepdim);
    pn_release(m);
    return out;
  }
  pn_tensor *terms;
  if (p == 0) {
    pn_tensor *hit = pn_use2(pn_ne, pn_ref(a), pn_scalar_float(0));
    terms = hit ? pn_cast(hit, a->dtype) : NULL;
    pn_release(hit);
  } else {
    terms = p == 2 ? pn_mul(a, a) : power(pn_abs(a), p);
  }
  pn_tensor *s = terms ? pn_sum(terms, axes, keepdim, -1) : NULL;
  pn_release(terms);
  if (p == 0) return s;
  return p == 2 ? pn_use1(pn_sqrt, s) : power(s, 1 / p);
}

pn_tensor *pn_norm(pn_tensor *a, double p, uint32_t axes, bool keepdim) {
  if (!axes) axes = pn_all_axes(a);
  if (!pn_is_float(a->dtype)) {
    pn_fail(
        PN_RUNTIME_ERROR,
        "norm(): input dtype should be either floating point or complex dtypes. Got %s instead.",
        pn_dtype_name(a->dtype));
    return NULL;
  }
  if ((is_extreme(p) || p < 0) && pn_reduced_count(a, axes) == 0 && a->numel == 0) {
    int64_t shape[PN_MAX_DIMS];
    int64_t rest = 1;
    int ndim = pn_reduced_shape(a, axes, keepdim, shape);
    for (int d = 0; d < ndim; d++) rest *= shape[d];
    if (rest) {
      pn_fail(PN_RUNTIME_ERROR,
              "norm(): the norm of order %g of no elements (shape %s) has no value", p,
              pn_shape_text(a));
      return NULL;
    }
  }
  bool graph = pn_set_grad_enabled(false);
  pn_tensor *out = norm_of(a, p, axes, keepdim);
  pn_set_grad_enabled(graph);
  return recorded(&op_norm, out, a, axes, keepdim, p);
}

/* ---- by name ------------------------------------------------------------------------------- */
/* (a, axes, keepdim, correction) */
pn_status pn_op_std(pn_call *c) {
  pn_status s = pn_call_given(c, "std", 1, 2, 1);
  return s ? s : pn_call_give(c, pn_std(c->in[0], (uint32_t)c->i[0], c->f[0], c->i[1] != 0));
}
/* (a, axes, keepdim) */
pn_status pn_op_logsumexp(pn_call *c) {
  pn_status s = pn_call_given(c, "logsumexp", 1, 2, 0);
  return s ? s : pn_call_give(c, pn_logsumexp(c->in[0], (uint32_t)c->i[0], c->i[1] != 0));
}
/* (a, p, axes, keepdim) */
pn_status pn_op_norm(pn_call *c) {
  pn_status s = pn_call_given(c, "norm", 1, 2, 1);
  return s ? s : pn_call_give(c, pn_norm(c->in[0], c->f[0], (uint32_t)c->i[0], c->i[1] != 0));
}

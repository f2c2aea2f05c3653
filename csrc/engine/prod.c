/* Products of elements, and whether any or all of them are not zero. */
#include "engine/norms.h"
#include "engine/ops.h"
#include "engine/reduce.h"
#include "engine/scan.h"

/* ---- prod ------------------------------------------------------------------------ */
static int only_axis(uint32_t axes) {
  int axis = 0;
  while (axes > 1 && !(axes >> axis & 1)) axis++;
  return axis;
}

/* dx[i] = g prod_{k < i} x[k] prod_{k > i} x[k]: nothing is divided, so zeros
 * need no case of their own. */
static pn_status prod_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  uint32_t axes = (uint32_t)n->i[0];
  bool flat = axes & (axes - 1);
  int axis = only_axis(axes);
  int64_t whole = -1;
  pn_tensor *v = !x ? NULL : flat ? pn_reshape(x, 1, &whole) : pn_ref(x);
  if (flat) axis = 0;
  pn_tensor *d = v ? pn_prod_others(v, axis) : NULL;
  pn_tensor *shaped = d && flat ? pn_reshape(d, x->ndim, x->shape) : pn_ref(d);
  pn_release(x);
  pn_release(v);
  pn_release(d);
  return pn_give(gin, 0, pn_use2(pn_mul, shaped, pn_unreduced(n, g)));
}
static const pn_op op_prod = {"ProdBackward", prod_backward};

static pn_tensor *prod_into(pn_tensor *x, uint32_t axes, bool keepdim) {
  int64_t shape[PN_MAX_DIMS];
  int ndim = pn_reduced_shape(x, axes, keepdim, shape);
  pn_tensor *out = pn_empty(pn_is_float(x->dtype) ? x->dtype : PN_I64, ndim, shape);
  if (out && out->numel && pn_run_reduce(&pn_row_prod, x, axes, out, NULL, 0, 0))
    return pn_discard(out);
  return out;
}

pn_tensor *pn_prod(pn_tensor *a, uint32_t axes, bool keepdim, int dtype) {
  if (!axes) axes = pn_all_axes(a);
  if (dtype < 0) dtype = pn_is_float(a->dtype) ? a->dtype : PN_I64;
  if (pn_is_float(dtype) && !pn_is_real(dtype)) {
    pn_no_kernel(&pn_row_prod, dtype);
    return NULL;
  }
  pn_tensor *x = pn_cast(a, dtype), *out = x ? prod_into(x, axes, keepdim) : NULL;
  if (out && out->dtype != dtype) {
    pn_tensor *c = pn_cast(out, dtype);
    pn_release(out);
    out = c;
  }
  if (out && pn_wants_grad(x) && pn_is_float(dtype)) {
    pn_node *n = pn_node1(&op_prod, out, x);
    if (n) {
      pn_keep_axes(n, x, axes, keepdim);
      pn_node_save(n, 0, x);
    } else {
      out = pn_discard(out);
    }
  }
  pn_release(x);
  return out;
}

/* ---- any, all ---------------------------------------------------------------------- */
/* The extreme of "is not zero" (which a NaN is); nothing at all is any: false,
 * all: true. */
static pn_tensor *truth(pn_tensor *a, uint32_t axes, bool keepdim, bool all) {
  if (!axes) axes = pn_all_axes(a);
  int64_t shape[PN_MAX_DIMS];
  int dtype = a->dtype == PN_U8 ? PN_U8 : PN_BOOL;
  pn_tensor *out;
  if (pn_reduced_count(a, axes) == 0) {
    int ndim = pn_reduced_shape(a, axes, keepdim, shape);
    pn_tensor *value = pn_scalar_int(all);
    out = value ? pn_full(PN_BOOL, ndim, shape, value) : NULL;
    pn_release(value);
  } else {
    pn_tensor *zero = pn_scalar_int(0);
    pn_tensor *mask = a->dtype == PN_BOOL ? pn_ref(a) : zero ? pn_ne(a, zero) : NULL;
    out = !mask ? NULL : all ? pn_amin(mask, axes, keepdim) : pn_amax(mask, axes, keepdim);
    pn_release(zero);
    pn_release(mask);
  }
  pn_tensor *c = out ? pn_cast(out, dtype) : NULL;
  pn_release(out);
  return c;
}
pn_tensor *pn_any(pn_tensor *a, uint32_t axes, bool keepdim) {
  return truth(a, axes, keepdim, false);
}
pn_tensor *pn_all(pn_tensor *a, uint32_t axes, bool keepdim) {
  return truth(a, axes, keepdim, true);
}

/* ---- by name ------------------------------------------------------------------------- */
/* (a, axes, keepdim, dtype or -1) */
pn_status pn_op_prod(pn_call *c) {
  pn_status s = pn_call_given(c, "prod", 1, 3, 0);
  if (s) return s;
  return pn_call_give(c, pn_prod(c->in[0], (uint32_t)c->i[0], c->i[1] != 0, (int)c->i[2]));
}
/* (a, axes, keepdim) */
pn_status pn_op_any(pn_call *c) {
  pn_status s = pn_call_given(c, "any", 1, 2, 0);
  return s ? s : pn_call_give(c, pn_any(c->in[0], (uint32_t)c->i[0], c->i[1] != 0));
}
pn_status pn_op_all(pn_call *c) {
  pn_status s = pn_call_given(c, "all", 1, 2, 0);
  return s ? s : pn_call_give(c, pn_all(c->in[0], (uint32_t)c->i[0], c->i[1] != 0));
}

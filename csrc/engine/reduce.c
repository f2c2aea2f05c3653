/* Reductions over any axes.  Axes are bit masks; 0 means all of them. */
#include "engine/reduce.h"
#include "kernels/reduce.h"

/* ---- shapes ------------------------------------------------------------------- */
uint32_t pn_all_axes(const pn_tensor *a) { return (1u << a->ndim) - 1; }

int pn_reduced_shape(const pn_tensor *a, uint32_t axes, bool keepdim, int64_t *shape) {
  int n = 0;
  for (int d = 0; d < a->ndim; d++) {
    bool reduced = axes >> d & 1;
    if (!reduced)
      shape[n++] = a->shape[d];
    else if (keepdim)
      shape[n++] = 1;
  }
  return n;
}

int64_t pn_reduced_count(const pn_tensor *a, uint32_t axes) {
  int64_t count = 1;
  for (int d = 0; d < a->ndim; d++)
    if (axes >> d & 1) count *= a->shape[d];
  return count;
}

pn_tensor *pn_unreduce(pn_tensor *g, uint32_t axes, bool keepdim, int ndim) {
  if (keepdim || g->ndim == ndim) return pn_ref(g);
  int64_t shape[PN_MAX_DIMS];
  for (int d = 0, k = 0; d < ndim; d++) shape[d] = axes >> d & 1 ? 1 : g->shape[k++];
  return pn_reshape(g, ndim, shape);
}

pn_status pn_run_reduce(const pn_row *row, pn_tensor *x, uint32_t axes, pn_tensor *out,
                        pn_tensor *out2, uint32_t flags, double f0) {
  pn_args a;
  pn_tensor *work = NULL;
  size_t bytes = pn_reduce_record(&a, x->ndim, x->shape, x->stride, axes);
  a.block = NULL;
  a.flags = flags;
  a.dtype = x->dtype;
  a.f[PN_RED_CORRECTION] = f0;
  a.p[PN_RED_OUT] = a.p[PN_RED_OUT2] = a.p[PN_RED_WORK] = NULL;
  if (bytes) {
    work = pn_workspace(bytes);
    if (!work) return pn_last_status();
    pn_bind_out(&a, PN_RED_WORK, work);
  }
  if (out) pn_bind_out(&a, PN_RED_OUT, out);
  if (out2) pn_bind_out(&a, PN_RED_OUT2, out2);
  pn_bind(&a, PN_RED_IN, x);
  pn_status s = pn_run(row, &a, 0);
  pn_release(work);
  return s;
}

void pn_keep_axes(pn_node *n, const pn_tensor *a, uint32_t axes, bool keepdim) {
  n->i[0] = axes;
  n->i[1] = keepdim;
  n->i[2] = a->ndim;
  for (int d = 0; d < a->ndim; d++) n->i[3 + d] = a->shape[d];
}
pn_tensor *pn_unreduced(pn_node *n, pn_tensor *g) {
  return pn_unreduce(g, (uint32_t)n->i[0], n->i[1], (int)n->i[2]);
}
pn_tensor *pn_spread(pn_node *n, pn_tensor *g) {
  pn_tensor *u = pn_unreduced(n, g);
  pn_tensor *e = u ? pn_expand(u, (int)n->i[2], &n->i[3]) : NULL;
  pn_release(u);
  return e;
}

/* ---- sum, mean ------------------------------------------------------------------- */
static pn_status sum_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *e = pn_spread(n, g);
  if (!e || e->dtype == n->i[PN_AXES_FREE]) return pn_give(gin, 0, e);
  pn_tensor *c = pn_cast(e, (int)n->i[PN_AXES_FREE]);
  pn_release(e);
  return pn_give(gin, 0, c);
}
static const pn_op op_sum = {"SumBackward", sum_backward};

/* The mean's gradient is divided before it is spread: fewer divisions. */
static pn_status mean_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *d = pn_use2(pn_div, pn_ref(g), pn_scalar_float(n->f[0]));
  pn_tensor *e = d ? pn_spread(n, d) : NULL;
  pn_release(d);
  return pn_give(gin, 0, e);
}
static const pn_op op_mean = {"MeanBackward", mean_backward};

static pn_tensor *sum_like(pn_tensor *x, uint32_t axes, bool keepdim, uint32_t flags) {
  int64_t shape[PN_MAX_DIMS];
  int ndim = pn_reduced_shape(x, axes, keepdim, shape);
  pn_tensor *out = pn_empty(pn_is_float(x->dtype) ? x->dtype : PN_I64, ndim, shape);
  if (out && out->numel && pn_run_reduce(&pn_row_sum, x, axes, out, NULL, flags, 0)) {
    pn_release(out);
    return NULL;
  }
  return out;
}

pn_tensor *pn_sum(pn_tensor *a, uint32_t axes, bool keepdim, int dtype) {
  if (!axes) axes = pn_all_axes(a);
  if (dtype < 0) dtype = pn_is_float(a->dtype) ? a->dtype : PN_I64;
  bool storage_type = pn_is_float(a->dtype) && !pn_is_real(a->dtype);
  if (storage_type && !pn_is_real(dtype)) {
    pn_no_kernel(&pn_row_sum, a->dtype);
    return NULL;
  }
  pn_tensor *x = pn_is_float(dtype) || storage_type ? pn_cast(a, dtype) : pn_ref(a);
  pn_tensor *out = x ? sum_like(x, axes, keepdim, 0) : NULL;
  pn_release(x);
  if (out && out->dtype != dtype) {
    pn_tensor *c = pn_cast(out, dtype);
    pn_release(out);
    out = c;
  }
  if (out && pn_wants_grad(a) && pn_is_float(dtype)) {
    pn_node *n = pn_node1(&op_sum, out, a);
    if (!n) return pn_discard(out);
    pn_keep_axes(n, a, axes, keepdim);
    n->i[PN_AXES_FREE] = a->dtype;
  }
  return out;
}

pn_tensor *pn_mean(pn_tensor *a, uint32_t axes, bool keepdim) {
  if (!axes) axes = pn_all_axes(a);
  if (!pn_is_float(a->dtype)) {
    pn_fail(PN_RUNTIME_ERROR,
            "mean(): the input dtype must be a floating point one. Got: %s. Use .float() or "
            ".double() first",
            pn_dtype_name(a->dtype));
    return NULL;
  }
  pn_tensor *out = sum_like(a, axes, keepdim, PN_RED_MEAN);
  if (out && pn_wants_grad(a)) {
    pn_node *n = pn_node1(&op_mean, out, a);
    if (!n) return pn_discard(out);
    pn_keep_axes(n, a, axes, keepdim);
    n->f[0] = (double)pn_reduced_count(a, axes);
  }
  return out;
}

pn_tensor *pn_sum_to(pn_tensor *a, int ndim, const int64_t *shape) {
  uint32_t axes = 0;
  int lead = a->ndim - ndim;
  for (int d = 0; d < a->ndim; d++)
    if (d < lead || (shape[d - lead] == 1 && a->shape[d] != 1)) axes |= 1u << d;
  if (!axes) return pn_ref(a);
  bool leading = axes == (1u << lead) - 1;
  pn_tensor *s = pn_sum(a, axes, !leading, -1);
  if (!s || leading || !lead) return s;
  pn_tensor *r = pn_reshape(s, ndim, shape);
  pn_release(s);
  return r;
}

/* ---- var --------------------------------------------------------------------------- */
/* dx = g (x - mean) 2 / (count - correction) */
static pn_status var_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  if (!x) return pn_last_status();
  pn_tensor *m = pn_mean(x, (uint32_t)n->i[0], true);
  pn_tensor *d = pn_use2(pn_sub, x, m);
  pn_tensor *u = pn_unreduced(n, g);
  pn_tensor *s = pn_use2(pn_mul, u, pn_scalar_float(2.0 / n->f[0]));
  return pn_give(gin, 0, pn_use2(pn_mul, d, s));
}
static const pn_op op_var = {"VarBackward", var_backward};

pn_tensor *pn_var(pn_tensor *a, uint32_t axes, double correction, bool keepdim) {
  if (!axes) axes = pn_all_axes(a);
  if (!pn_is_real(a->dtype)) {
    pn_fail(PN_RUNTIME_ERROR, "std and var only support float32 and float64, not %s",
            pn_dtype_name(a->dtype));
    return NULL;
  }
  int64_t shape[PN_MAX_DIMS];
  int ndim = pn_reduced_shape(a, axes, keepdim, shape);
  pn_tensor *out = pn_empty(a->dtype, ndim, shape);
  if (out && out->numel && pn_run_reduce(&pn_row_var, a, axes, out, NULL, 0, correction)) {
    pn_release(out);
    return NULL;
  }
  if (out && pn_wants_grad(a)) {
    pn_node *n = pn_node1(&op_var, out, a);
    if (!n) return pn_discard(out);
    double dof = (double)pn_reduced_count(a, axes) - correction;
    pn_keep_axes(n, a, axes, keepdim);
    n->f[0] = dof > 0 ? dof : 0;
    pn_node_save(n, 0, a);
  }
  return out;
}

/* ---- max, min ------------------------------------------------------------------------ */
/* empty: the error for a reduction of nothing. */
static pn_status check_extreme(const pn_tensor *a, uint32_t axes, const char *name,
                               pn_status empty) {
  if (pn_is_float(a->dtype) && !pn_is_real(a->dtype))
    return pn_no_kernel(&pn_row_extreme, a->dtype);
  if (pn_reduced_count(a, axes) == 0)
    return pn_fail(empty, "%s(): Expected reduction dim to have non-zero size, the shape is %s",
                   name, pn_shape_text(a));
  return PN_OK;
}

/* Evenly among equal extremes: g * mask / count(mask). */
static pn_status extreme_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0), *y = pn_saved_get(n, 1);
  pn_tensor *ym = y ? pn_unreduced(n, y) : NULL;
  pn_release(y);
  int dtype = n->dtype;
  pn_tensor *mask = pn_use2(pn_eq, x, ym);
  pn_tensor *m = mask ? pn_cast(mask, dtype) : NULL;
  pn_release(mask);
  pn_tensor *count = m ? pn_sum(m, (uint32_t)n->i[0], true, -1) : NULL;
  pn_tensor *u = pn_unreduced(n, g);
  return pn_give(gin, 0, pn_use2(pn_mul, m, pn_use2(pn_div, u, count)));
}
static const pn_op op_amax = {"AmaxBackward", extreme_backward};
static const pn_op op_amin = {"AminBackward", extreme_backward};

static pn_tensor *extreme(pn_tensor *a, uint32_t axes, bool keepdim, bool is_min) {
  pn_status empty = axes ? PN_INDEX_ERROR : PN_RUNTIME_ERROR;
  if (!axes) axes = pn_all_axes(a);
  if (check_extreme(a, axes, is_min ? "amin" : "amax", empty)) return NULL;
  int64_t shape[PN_MAX_DIMS];
  int ndim = pn_reduced_shape(a, axes, keepdim, shape);
  pn_tensor *out = pn_empty(a->dtype, ndim, shape);
  if (out && out->numel &&
      pn_run_reduce(&pn_row_extreme, a, axes, out, NULL, is_min ? PN_RED_MIN : 0, 0)) {
    pn_release(out);
    return NULL;
  }
  if (out && pn_wants_grad(a)) {
    pn_node *n = pn_node1(is_min ? &op_amin : &op_amax, out, a);
    if (!n) return pn_discard(out);
    pn_keep_axes(n, a, axes, keepdim);
    pn_node_save(n, 0, a);
    if (pn_node_save_output(n, 1, out)) return pn_discard(out);
  }
  return out;
}
pn_tensor *pn_amax(pn_tensor *a, uint32_t axes, bool keepdim) {
  return extreme(a, axes, keepdim, false);
}
pn_tensor *pn_amin(pn_tensor *a, uint32_t axes, bool keepdim) {
  return extreme(a, axes, keepdim, true);
}

/* The gradient goes to the chosen element. */
static pn_status max_dim_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  if (n->i[2] == 0) return pn_give(gin, 0, pn_ref(g));
  pn_tensor *index = pn_saved_get(n, 0);
  if (!index) return pn_last_status();
  uint32_t axes = (uint32_t)n->i[0];
  int axis = 0;
  while (axes >> axis > 1) axis++;
  pn_tensor *i = pn_unreduce(index, axes, n->i[1], (int)n->i[2]);
  pn_tensor *u = pn_unreduce(g, axes, n->i[1], (int)n->i[2]);
  pn_tensor *z = pn_zeros(g->dtype, (int)n->i[2], &n->i[3]);
  pn_tensor *d = i && u && z ? pn_scatter_add(z, axis, i, u) : NULL;
  pn_release(index);
  pn_release(i);
  pn_release(u);
  pn_release(z);
  return pn_give(gin, 0, d);
}
static const pn_op op_max_dim = {"MaxBackward", max_dim_backward};
static const pn_op op_min_dim = {"MinBackward", max_dim_backward};

pn_status pn_max_dim(pn_tensor *a, int axis, bool keepdim, bool is_min, pn_tensor **values,
                     pn_tensor **indices) {
  int64_t shape[PN_MAX_DIMS];
  *values = *indices = NULL;
  pn_status s = pn_axis(a, axis, &axis);
  uint32_t axes = 1u << axis;
  if (!s) s = check_extreme(a, axes, is_min ? "min" : "max", PN_INDEX_ERROR);
  if (s) return s;
  int ndim = pn_reduced_shape(a, axes, keepdim, shape);
  pn_tensor *v = pn_empty(a->dtype, ndim, shape), *i = pn_empty(PN_I64, ndim, shape);
  s = v && i ? PN_OK : pn_last_status();
  if (!s && v->numel) s = pn_run_reduce(&pn_row_extreme, a, axes, v, i, is_min ? PN_RED_MIN : 0, 0);
  if (!s && pn_wants_grad(a)) {
    pn_node *n = pn_node1(is_min ? &op_min_dim : &op_max_dim, v, a);
    if (n) {
      pn_keep_axes(n, a, axes, keepdim);
      pn_node_save(n, 0, i);
    } else {
      s = pn_last_status();
    }
  }
  if (s) {
    pn_release(v);
    pn_release(i);
    return s;
  }
  *values = v;
  *indices = i;
  return PN_OK;
}

pn_tensor *pn_argmax(pn_tensor *a, int axis, bool keepdim, bool is_min) {
  uint32_t axes = pn_all_axes(a);
  if (axis != PN_ALL_DIMS) {
    if (pn_axis(a, axis, &axis)) return NULL;
    axes = a->ndim ? 1u << axis : 0;
  }
  if (check_extreme(a, axes, is_min ? "argmin" : "argmax", PN_INDEX_ERROR)) return NULL;
  int64_t shape[PN_MAX_DIMS];
  int ndim = pn_reduced_shape(a, axes, keepdim, shape);
  pn_tensor *out = pn_empty(PN_I64, ndim, shape);
  if (out && out->numel &&
      pn_run_reduce(&pn_row_extreme, a, axes, NULL, out, is_min ? PN_RED_MIN : 0, 0)) {
    pn_release(out);
    return NULL;
  }
  return out;
}

/* Operators of one input, fused derivatives, floating binary operators: operands,
 * records, nodes. */
#include "engine/unary.h"

#include "engine/direct.h"

pn_tensor *pn_float_operand(const pn_row *row, pn_tensor *a) {
  if (pn_plain(a)) return pn_ref(a);
  int dtype = pn_is_float(a->dtype) ? a->dtype : pn_default_dtype();
  if (!pn_is_real(dtype)) {
    pn_no_kernel(row, dtype);
    return NULL;
  }
  return pn_is_wrapped(a) ? pn_materialize(a, pn_default_dtype()) : pn_cast(a, dtype);
}

pn_tensor *pn_any_operand(pn_tensor *a) {
  return pn_is_wrapped(a) ? pn_materialize(a, a->dtype == PN_F64 ? pn_default_dtype() : a->dtype)
                          : pn_ref(a);
}

pn_tensor *pn_run_unary(const pn_row *row, pn_tensor *x, double f0, double f1) {
  if (!x) return NULL;
  pn_tensor *out = pn_empty_like(x, x->dtype);
  if (out && pn_plain(x) && pn_direct(row, x->numel)) {
    pn_direct_run(row, out, x->data, NULL, f0, f1);
    pn_release(x);
    return out;
  }
  pn_args a;
  a.flags = 0;
  a.dtype = x->dtype;
  a.f[0] = f0;
  a.f[1] = f1;
  if (out && pn_ew_run(row, &a, out, 1, &x)) {
    pn_release(out);
    out = NULL;
  }
  pn_release(x);
  return out;
}

pn_tensor *pn_recorded(const pn_op *op, pn_tensor *out, pn_tensor *a, pn_saving what) {
  if (!out || !pn_wants_grad(a)) return out;
  pn_node *n = pn_node1(op, out, a);
  if (!n) return pn_discard(out);
  pn_status s = PN_OK;
  if (what == PN_SAVE_OUTPUT)
    s = pn_node_save_output(n, 0, out);
  else if (what == PN_SAVE_INPUT)
    pn_node_save(n, 0, a);
  return s ? pn_discard(out) : out;
}

pn_tensor *pn_float_function(const pn_row *row, const pn_op *op, pn_tensor *a, pn_saving what,
                             double f0, double f1) {
  pn_tensor *out;
  if (pn_plain(a) && pn_direct(row, a->numel)) {
    out = pn_new_like(a, a->dtype);
    if (out) pn_direct_run(row, out, a->data, NULL, f0, f1);
  } else {
    out = pn_run_unary(row, pn_float_operand(row, a), f0, f1);
  }
  if (!out || !pn_wants_grad(a)) return out;
  out = pn_recorded(op, out, a, what);
  if (out) {
    out->node->f[0] = f0;
    out->node->f[1] = f1;
  }
  return out;
}

pn_tensor *pn_run_derivative(const pn_row *row, const pn_op *op, pn_tensor *g, pn_tensor *v,
                             double f0, double f1) {
  if (g->dtype != v->dtype || !pn_same_shape(g, v)) {
    pn_fail(PN_RUNTIME_ERROR, "%s: gradient %s %s does not match %s %s", row->name,
            pn_dtype_name(g->dtype), pn_shape_text(g), pn_dtype_name(v->dtype), pn_shape_text(v));
    return NULL;
  }
  pn_tensor *out = pn_empty_like(g, g->dtype);
  if (!out) return NULL;
  pn_args a;
  a.flags = 0;
  a.dtype = g->dtype;
  a.f[0] = f0;
  a.f[1] = f1;
  pn_tensor *in[2] = {g, v};
  if (pn_plain(g) && pn_plain(v) && pn_direct(row, g->numel))
    pn_direct_run(row, out, g->data, v->data, f0, f1);
  else if (pn_ew_run(row, &a, out, 2, in))
    return pn_discard(out);
  if (!pn_wants_grad(g) && !pn_wants_grad(v)) return out;
  pn_node *n = pn_node2(op, out, g, v);
  if (!n) return pn_discard(out);
  pn_node_save(n, 0, g);
  pn_node_save(n, 1, v);
  n->f[0] = f0;
  n->f[1] = f1;
  return out;
}

pn_status pn_output_derivative(pn_node *n, pn_tensor *g, pn_tensor **gin, const pn_row *row,
                               pn_binary_fn fn) {
  const pn_saved *s = &n->saved[0];
  bool direct = pn_tls.grad_disabled && s->memory && s->memory->version == s->version &&
                pn_plain(g) && g->dtype == n->dtype && g->ndim == n->ndim &&
                pn_direct(row, g->numel);
  for (int d = 0; direct && d < g->ndim; d++) direct = g->shape[d] == n->shape[d];
  if (!direct) return pn_give(gin, 0, pn_use2(fn, pn_ref(g), pn_saved_get(n, 0)));
  pn_tensor *dx = pn_is_spare(g) ? pn_ref(g) : pn_new_like(g, g->dtype);
  if (dx) pn_direct_run(row, dx, g->data, s->memory->data, 0, 0);
  return pn_give(gin, 0, dx);
}

pn_tensor *pn_float_binary(const pn_row *row, const pn_op *op, pn_tensor *a, pn_tensor *b) {
  int dtype = pn_arithmetic_dtype(row->name, a, b);
  if (dtype < 0) return NULL;
  if (!pn_is_float(dtype)) dtype = pn_default_dtype();
  pn_tensor *out = pn_ew_binary(row, a, b, dtype, -1, NULL);
  if (!out || !(pn_wants_grad(a) || pn_wants_grad(b))) return out;
  pn_node *n = pn_node2(op, out, a, b);
  if (!n) return pn_discard(out);
  pn_keep_meta(n, 0, a);
  pn_keep_meta(n, 1, b);
  pn_node_save(n, 0, a);
  pn_node_save(n, 1, b);
  return out;
}

pn_tensor *pn_x_where(pn_tensor *mask, pn_tensor *a, pn_tensor *b) {
  pn_tensor *r = mask && a && b ? pn_where(mask, a, b) : NULL;
  pn_release(mask);
  pn_release(a);
  pn_release(b);
  return r;
}

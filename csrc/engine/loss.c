/* Losses.  Without a graph to record, the backward pass is one fused kernel;
 * while recording (create_graph) it is the same formula as separate operators,
 * in the same order, hence with the same bits and with derivatives. */
#include "kernels/loss.h"
#include "engine/direct.h"
#include "engine/loss.h"

uint32_t pn_reduction_flag(int reduction) {
  return reduction == PN_REDUCE_NONE  ? PN_LOSS_NONE
         : reduction == PN_REDUCE_SUM ? PN_LOSS_SUM
                                      : PN_LOSS_MEAN;
}

/* ---- elementwise losses: x and y become equal in shape and dtype, contiguous ------- */
typedef struct pair {
  pn_tensor *x, *y;
} pair;

static void pair_drop(pair *p) {
  pn_release(p->x);
  pn_release(p->y);
}

/* On the tape, so that broadcasting and casts have their derivatives. */
static pn_status pair_make(pair *p, const char *name, pn_tensor *x, pn_tensor *y) {
  if (pn_alike(x, y)) {
    p->x = pn_ref(x);
    p->y = pn_ref(y);
    return PN_OK;
  }
  int dtype = pn_result_type(x, y), ndim;
  int64_t shape[PN_MAX_DIMS];
  p->x = p->y = NULL;
  if (!pn_is_real(dtype))
    return pn_fail(PN_TYPE_ERROR, "%s of %s and %s is not implemented; convert with .float()", name,
                   pn_dtype_name(x->dtype), pn_dtype_name(y->dtype));
  pn_status s = pn_broadcast(name, x, y, &ndim, shape);
  if (s) return s;
  pn_tensor **side[2] = {&p->x, &p->y}, *in[2] = {x, y};
  for (int k = 0; k < 2; k++) {
    pn_tensor *c = pn_cast(in[k], dtype);
    bool same = c && c->ndim == ndim && !memcmp(c->shape, shape, (size_t)ndim * sizeof *shape);
    pn_tensor *e = !c ? NULL : same ? pn_ref(c) : pn_expand(c, ndim, shape);
    *side[k] = e ? pn_contiguous(e) : NULL;
    pn_release(c);
    pn_release(e);
    if (!*side[k]) {
      pair_drop(p);
      return pn_last_status();
    }
  }
  return PN_OK;
}

static pn_tensor *run_forward(const pn_row *row, const pair *p, int reduction, double constant) {
  pn_tensor *x = p->x;
  bool none = reduction == PN_REDUCE_NONE;
  pn_tensor *out = none ? pn_empty_like(x, x->dtype) : pn_empty(x->dtype, 0, NULL);
  if (!out || (none && !x->numel)) return out;
  pn_args a;
  a.block = NULL;
  a.flags = pn_reduction_flag(reduction);
  a.dtype = x->dtype;
  a.n[PN_LOSS_COUNT] = x->numel;
  a.f[PN_LOSS_CONSTANT] = constant;
  a.p[PN_LOSS_WORK] = NULL;
  size_t bytes = pn_loss_workspace(x->numel, a.flags);
  pn_tensor *work = bytes ? pn_workspace(bytes) : NULL;
  pn_status s = bytes && !work ? pn_last_status() : PN_OK;
  if (!s) {
    if (work) pn_bind_out(&a, PN_LOSS_WORK, work);
    pn_bind_out(&a, PN_LOSS_OUT, out);
    pn_bind(&a, PN_LOSS_X, x);
    pn_bind(&a, PN_LOSS_Y, p->y);
    bool unit = row == &pn_row_mse && x->numel <= PN_CHUNK;
    s = unit ? pn_run_unit(row, &a, row->cost * (double)x->numel) : pn_run(row, &a, 0);
  }
  pn_release(work);
  if (!s) return out;
  pn_release(out);
  return NULL;
}

static pn_tensor *run_backward(const pn_row *row, pn_tensor *x, pn_tensor *y, pn_tensor *g,
                               int reduction, double constant) {
  pn_tensor *dx = pn_empty_like(x, x->dtype), *cg = pn_contiguous(g);
  pn_status s = dx && cg ? PN_OK : pn_last_status();
  if (!s && x->numel) {
    pn_args a;
    a.block = NULL;
    a.flags = pn_reduction_flag(reduction);
    a.dtype = x->dtype;
    a.n[PN_LOSS_COUNT] = x->numel;
    a.f[PN_LOSS_CONSTANT] = constant;
    pn_bind_out(&a, PN_LOSS_OUT, dx);
    pn_bind(&a, PN_LOSS_X, x);
    pn_bind(&a, PN_LOSS_Y, y);
    pn_bind(&a, PN_LOSS_G, cg);
    bool unit = x->numel <= PN_CHUNK;
    s = unit ? pn_run_unit(row, &a, row->cost * (double)x->numel) : pn_run(row, &a, 0);
  }
  pn_release(cg);
  if (!s) return dx;
  pn_release(dx);
  return NULL;
}

/* The upstream gradient per element: g, or g / count for the mean. */
static pn_tensor *share(pn_node *n, pn_tensor *g) {
  if (n->i[0] != PN_REDUCE_MEAN) return pn_ref(g);
  return pn_use2(pn_div, pn_ref(g), pn_scalar_float((double)n->i[1]));
}

pn_tensor *pn_elementwise_loss(const pn_row *row, const pn_op *op, pn_tensor *x, pn_tensor *y,
                               int reduction, double constant) {
  pair p;
  if (pair_make(&p, row->name, x, y)) return NULL;
  pn_tensor *out = run_forward(row, &p, reduction, constant);
  if (out && (pn_wants_grad(p.x) || pn_wants_grad(p.y))) {
    pn_node *n = pn_node2(op, out, p.x, p.y);
    if (n) {
      n->i[0] = reduction;
      n->i[1] = p.x->numel;
      n->f[0] = constant;
      pn_node_save(n, 0, p.x);
      pn_node_save(n, 1, p.y);
    } else {
      out = pn_discard(out);
    }
  }
  pair_drop(&p);
  return out;
}

pn_tensor *pn_loss_gradient(pn_node *n, const pn_row *row, pn_loss_composed composed,
                            pn_tensor *g) {
  pn_tensor *x = pn_saved_get(n, 0), *y = x ? pn_saved_get(n, 1) : NULL, *dx = NULL;
  if (y && pn_tls.grad_disabled) {
    dx = run_backward(row, x, y, g, (int)n->i[0], n->f[0]);
  } else if (y) {
    pn_tensor *s = share(n, g);
    dx = s ? composed(x, y, s, n->f[0]) : NULL;
    pn_release(s);
  }
  pn_release(x);
  pn_release(y);
  return dx;
}

/* ---- mse --------------------------------------------------------------------------- */
/* dx = 2 ((x - y) s), dy = -dx */
static pn_tensor *mse_composed(pn_tensor *x, pn_tensor *y, pn_tensor *s, double c) {
  pn_tensor *d = pn_use2(pn_mul, pn_sub(x, y), pn_ref(s));
  return pn_use2(pn_mul, d, pn_scalar_float(2));
}
pn_status pn_distance_gradient(pn_node *n, const pn_row *row, pn_loss_composed composed,
                               pn_tensor *g, pn_tensor **gin) {
  pn_tensor *dx = pn_loss_gradient(n, row, composed, g);
  if (!dx) return pn_last_status();
  pn_status s = PN_OK;
  if (pn_needs(n, 1)) s = pn_give(gin, 1, pn_neg(dx));
  if (pn_needs(n, 0))
    gin[0] = dx;
  else
    pn_release(dx);
  return s;
}
static pn_status mse_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_distance_gradient(n, &pn_row_mse_backward, mse_composed, g, gin);
}
static const pn_op op_mse = {"MseLossBackward", mse_backward};
pn_tensor *pn_mse_loss(pn_tensor *x, pn_tensor *y, int reduction) {
  return pn_elementwise_loss(&pn_row_mse, &op_mse, x, y, reduction, 0);
}

/* ---- binary cross-entropy ------------------------------------------------------------ */
/* dx = s (x - y) / max((1 - x) x, 1e-12) */
static pn_tensor *bce_composed(pn_tensor *x, pn_tensor *y, pn_tensor *s, double c) {
  pn_tensor *v = pn_use2(pn_mul, pn_use2(pn_sub, pn_scalar_float(1), pn_ref(x)), pn_ref(x));
  pn_tensor *low = v ? pn_clamp(v, 1e-12, 1e300 * 1e300) : NULL;
  pn_release(v);
  return pn_use2(pn_div, pn_use2(pn_mul, pn_ref(s), pn_sub(x, y)), low);
}
static pn_tensor *clamped_log(pn_tensor *owned) {
  pn_tensor *l = pn_use1(pn_log, owned);
  pn_tensor *c = l ? pn_clamp(l, -100, 1e300 * 1e300) : NULL;
  pn_release(l);
  return c;
}
/* dy = s (log(1 - x) - log(x)), the logarithms clamped at -100 as in the loss */
static pn_status bce_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_status st = PN_OK;
  if (pn_needs(n, 0))
    st = pn_give(gin, 0, pn_loss_gradient(n, &pn_row_bce_backward, bce_composed, g));
  if (!st && pn_needs(n, 1)) {
    pn_tensor *l0 = clamped_log(pn_use2(pn_sub, pn_scalar_float(1), pn_saved_get(n, 0)));
    pn_tensor *d = pn_use2(pn_sub, l0, clamped_log(pn_saved_get(n, 0)));
    st = pn_give(gin, 1, pn_use2(pn_mul, d, share(n, g)));
  }
  return st;
}
static const pn_op op_bce = {"BinaryCrossEntropyBackward", bce_backward};
pn_tensor *pn_bce_loss(pn_tensor *x, pn_tensor *y, int reduction) {
  return pn_elementwise_loss(&pn_row_bce, &op_bce, x, y, reduction, 0);
}

/* dx = (sigmoid(x) - y) s, dy = -x s */
static pn_tensor *bce_logits_composed(pn_tensor *x, pn_tensor *y, pn_tensor *s, double c) {
  return pn_use2(pn_mul, pn_use2(pn_sub, pn_sigmoid(x), pn_ref(y)), pn_ref(s));
}
static pn_status bce_logits_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_status st = PN_OK;
  if (pn_needs(n, 0))
    st = pn_give(gin, 0, pn_loss_gradient(n, &pn_row_bce_logits_backward, bce_logits_composed, g));
  if (!st && pn_needs(n, 1))
    st = pn_give(gin, 1, pn_use1(pn_neg, pn_use2(pn_mul, pn_saved_get(n, 0), share(n, g))));
  return st;
}
static const pn_op op_bce_logits = {"BinaryCrossEntropyWithLogitsBackward", bce_logits_backward};
pn_tensor *pn_bce_logits_loss(pn_tensor *x, pn_tensor *y, int reduction) {
  return pn_elementwise_loss(&pn_row_bce_logits, &op_bce_logits, x, y, reduction, 0);
}

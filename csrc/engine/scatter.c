/* Writing, adding, multiplying and comparing at an index along one dimension. */
#include "engine/scatter.h"
#include "engine/index.h"
#include "engine/ops.h"
#include "kernels/index.h"

/* Numbers are vectors of one element here: op(a, index, src) of those, in a's
 * shape. */
typedef pn_tensor *(*scatter_fn)(pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src,
                                 int mode);
static bool has_number(const pn_tensor *a, const pn_tensor *index, const pn_tensor *src) {
  return a->ndim <= 1 && index->ndim <= 1 && src->ndim <= 1 &&
         (a->ndim == 0 || index->ndim == 0 || src->ndim == 0);
}
static pn_tensor *of_vectors(scatter_fn fn, pn_tensor *a, pn_tensor *index, pn_tensor *src,
                             int mode) {
  int64_t any = -1;
  pn_tensor *x = pn_reshape(a, 1, &any), *i = x ? pn_reshape(index, 1, &any) : NULL;
  pn_tensor *y = i ? pn_reshape(src, 1, &any) : NULL, *r = y ? fn(x, 0, i, y, mode) : NULL;
  pn_tensor *out = r ? pn_reshape(r, a->ndim, a->shape) : NULL;
  pn_release(r);
  pn_release(y);
  pn_release(i);
  pn_release(x);
  return out;
}

/* A copy of a with the row's kernel run over it; no history. */
static pn_tensor *scattered(const char *name, const pn_row *row, pn_tensor *a, int axis,
                            pn_tensor *index, pn_tensor *src, uint32_t flags) {
  if (pn_check_pair(name, a, src)) return NULL;
  if (index->numel && (pn_check_index(name, index))) return NULL;
  if (index->numel &&
      (pn_check_gather(name, a, index, axis) || pn_check_gather(name, src, index, -1)))
    return NULL;
  pn_tensor *out = pn_copy_of(a);
  if (!out || !index->numel) return out;
  pn_args args;
  pn_scatter_lines lines;
  args.flags = flags | PN_INDEX_WRAP | (index->dtype == PN_I32 ? PN_INDEX_32 : 0);
  args.dtype = a->dtype;
  pn_scatter_record(&args, &lines, index->ndim, index->shape, out->stride, src->stride,
                    index->stride, axis, a->ndim ? a->shape[axis] : 1);
  pn_bind_inout(&args, PN_IX_OUT, out);
  pn_bind(&args, PN_IX_X, src);
  pn_bind(&args, PN_IX_INDEX, index);
  return pn_run_indexed(row, &args, sizeof lines) ? pn_discard(out) : out;
}

static pn_tensor *with_node(const pn_op *op, pn_tensor *out, int axis, pn_tensor *a,
                            pn_tensor *index, pn_tensor *src) {
  if (!out || !(pn_wants_grad(a) || pn_wants_grad(src))) return out;
  pn_node *n = pn_node2(op, out, a, src);
  if (!n) return pn_discard(out);
  n->i[0] = axis;
  n->i[1] = src->ndim;
  memcpy(&n->i[2], src->shape, sizeof src->shape);
  pn_node_save(n, 0, index);
  return out;
}

/* r, the gradient of the corner of src that the index covers, in zeros of src's
 * shape; takes r. */
static pn_tensor *in_corner(const pn_node *n, pn_tensor *r) {
  bool whole =
      r && r->ndim == n->i[1] && !memcmp(r->shape, &n->i[2], sizeof(int64_t) * (size_t)r->ndim);
  if (!r || whole) return r;
  pn_tensor *z = pn_zeros(r->dtype, (int)n->i[1], &n->i[2]);
  pn_tensor *v = z && r->numel ? pn_make_view(z, r->ndim, r->shape, z->stride, 0) : NULL;
  if (z && r->numel && (!v || pn_copy_(v, r))) z = pn_discard(z);
  pn_release(v);
  pn_release(r);
  return z;
}

/* ---- scatter_add -------------------------------------------------------------------- */
static pn_status scatter_add_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_status s = PN_OK;
  if (pn_needs(n, 0)) s = pn_give(gin, 0, pn_ref(g));
  if (!s && pn_needs(n, 1)) {
    pn_tensor *index = pn_saved_get(n, 0);
    pn_tensor *r = index ? pn_gather(g, (int)n->i[0], index) : NULL;
    pn_release(index);
    s = pn_give(gin, 1, in_corner(n, r));
  }
  return s;
}
static const pn_op op_scatter_add = {"ScatterAddBackward", scatter_add_backward};

static pn_tensor *scatter_add_of(pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src,
                                 int mode) {
  if (pn_axis(a, axis, &axis)) return NULL;
  if (has_number(a, index, src)) return of_vectors(scatter_add_of, a, index, src, mode);
  pn_tensor *out = scattered("scatter_add", &pn_row_scatter_add, a, axis, index, src, 0);
  return with_node(&op_scatter_add, out, axis, a, index, src);
}

pn_tensor *pn_scatter_add(pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src) {
  if (pn_is_half(a) && a->dtype == src->dtype)
    return pn_index_wide(pn_scatter_add, a, axis, index, src);
  return scatter_add_of(a, axis, index, src, 0);
}

/* ---- scatter -------------------------------------------------------------------------- */
static pn_status scatter_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *index = pn_saved_get(n, 0);
  if (!index) return pn_last_status();
  int axis = (int)n->i[0];
  pn_status s = PN_OK;
  if (pn_needs(n, 0)) {
    pn_tensor *zero = pn_zeros(n->dtype, 0, NULL);
    pn_tensor *src = zero ? pn_expand(zero, index->ndim, index->shape) : NULL;
    s = pn_give(gin, 0, src ? pn_scatter(g, axis, index, src) : NULL);
    pn_release(src);
    pn_release(zero);
  }
  if (!s && pn_needs(n, 1)) s = pn_give(gin, 1, in_corner(n, pn_gather(g, axis, index)));
  pn_release(index);
  return s;
}
static const pn_op op_scatter = {"ScatterBackward", scatter_backward};

static pn_tensor *scatter_of(pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src, int mode) {
  if (pn_axis(a, axis, &axis)) return NULL;
  if (has_number(a, index, src)) return of_vectors(scatter_of, a, index, src, mode);
  pn_tensor *out = scattered("scatter", &pn_row_scatter, a, axis, index, src, 0);
  return with_node(&op_scatter, out, axis, a, index, src);
}

pn_tensor *pn_scatter(pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src) {
  return scatter_of(a, axis, index, src, 0);
}

/* ---- scatter_reduce ------------------------------------------------------------------- */
/* 1 where x == y, in x's dtype; constants of the derivatives. */
static pn_tensor *equal(pn_tensor *x, pn_tensor *owned_y) {
  pn_tensor *e = owned_y ? pn_eq(x, owned_y) : NULL, *r = e ? pn_cast(e, x->dtype) : NULL;
  pn_release(e);
  pn_release(owned_y);
  return r;
}

/* The gradient is divided among all that are equal to the result. */
static pn_status extreme_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  int axis = (int)n->i[0];
  pn_tensor *index = pn_saved_get(n, 0), *a = index ? pn_saved_get(n, 1) : NULL;
  pn_tensor *src = a ? pn_saved_get(n, 2) : NULL, *out = src ? pn_saved_get(n, 3) : NULL;
  pn_tensor *own = out ? equal(a, pn_ref(out)) : NULL;
  pn_tensor *theirs = own ? equal(src, pn_gather(out, axis, index)) : NULL;
  pn_tensor *count = theirs ? pn_scatter_add(own, axis, index, theirs) : NULL;
  pn_tensor *share = count ? pn_div(g, count) : NULL;
  pn_status s = share ? PN_OK : pn_last_status();
  if (!s && pn_needs(n, 0)) s = pn_give(gin, 0, pn_mul(own, share));
  if (!s && pn_needs(n, 1))
    s = pn_give(gin, 1, pn_use2(pn_mul, pn_ref(theirs), pn_gather(share, axis, index)));
  pn_release(share);
  pn_release(count);
  pn_release(theirs);
  pn_release(own);
  pn_release(out);
  pn_release(src);
  pn_release(a);
  pn_release(index);
  return s;
}

static pn_tensor *filled(pn_tensor *where, pn_tensor *x) { /* 1 where the mask is true */
  pn_tensor *one = pn_scalar_float(1), *r = one && where ? pn_where(where, one, x) : NULL;
  pn_release(one);
  return r;
}

static pn_tensor *is_zero(pn_tensor *x) {
  pn_tensor *zero = pn_scalar_float(0), *r = zero ? pn_eq(x, zero) : NULL;
  pn_release(zero);
  return r;
}

/* src where the product of its place has that one zero and no other. */
static pn_tensor *single_zero(pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src,
                              pn_tensor *zeros) {
  pn_tensor *none = pn_zeros(src->dtype, a->ndim, a->shape);
  pn_tensor *ones = none ? pn_cast(zeros, src->dtype) : NULL;
  pn_tensor *sum = ones ? pn_scatter_add(none, axis, index, ones) : NULL;
  pn_tensor *count = sum ? pn_gather(sum, axis, index) : NULL;
  pn_tensor *one = pn_scalar_float(1), *alone = count && one ? pn_eq(count, one) : NULL;
  pn_tensor *r = alone ? pn_bit_and(alone, zeros) : NULL;
  pn_release(alone);
  pn_release(one);
  pn_release(count);
  pn_release(sum);
  pn_release(ones);
  pn_release(none);
  return r;
}

/* d out / d a = out / a, or the product of the others where a is 0. */
static pn_tensor *prod_self(pn_tensor *g, pn_tensor *a, int axis, pn_tensor *index,
                            pn_tensor *src) {
  pn_tensor *zero = is_zero(a), *b = zero ? filled(zero, a) : NULL;
  pn_tensor *rest = b ? pn_scatter_reduce(b, axis, index, src, PN_SCATTER_PROD) : NULL;
  pn_tensor *r = rest ? pn_use2(pn_mul, pn_ref(g), pn_use2(pn_div, rest, pn_ref(b))) : NULL;
  pn_release(b);
  pn_release(zero);
  return r;
}

/* The same for src; a zero that is alone gets the product of the others. */
static pn_tensor *prod_src(pn_tensor *g, pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src,
                           pn_tensor *out) {
  pn_tensor *zero = is_zero(src), *alone = zero ? single_zero(a, axis, index, src, zero) : NULL;
  pn_tensor *b = alone ? filled(alone, src) : NULL;
  pn_tensor *rest = b ? pn_scatter_reduce(a, axis, index, b, PN_SCATTER_PROD) : NULL;
  pn_tensor *x = rest ? pn_use2(pn_mul, pn_ref(g), rest) : NULL;
  pn_tensor *of_zero = x ? pn_gather(x, axis, index) : NULL;
  pn_tensor *y = of_zero ? pn_mul(g, out) : NULL, *z = y ? pn_gather(y, axis, index) : NULL;
  pn_tensor *of_rest = z ? pn_use2(pn_div, pn_ref(z), filled(zero, src)) : NULL;
  pn_tensor *r = of_rest ? pn_where(alone, of_zero, of_rest) : NULL;
  pn_release(of_rest);
  pn_release(z);
  pn_release(y);
  pn_release(of_zero);
  pn_release(x);
  pn_release(b);
  pn_release(alone);
  pn_release(zero);
  return r;
}

static pn_status prod_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  int axis = (int)n->i[0];
  pn_tensor *index = pn_saved_get(n, 0), *a = index ? pn_saved_get(n, 1) : NULL;
  pn_tensor *src = a ? pn_saved_get(n, 2) : NULL, *out = src ? pn_saved_get(n, 3) : NULL;
  pn_status s = out ? PN_OK : pn_last_status();
  if (!s && pn_needs(n, 0)) s = pn_give(gin, 0, prod_self(g, a, axis, index, src));
  if (!s && pn_needs(n, 1)) s = pn_give(gin, 1, prod_src(g, a, axis, index, src, out));
  pn_release(out);
  pn_release(src);
  pn_release(a);
  pn_release(index);
  return s;
}

static const pn_op op_scatter_prod = {"ScatterReduceBackward", prod_backward};
static const pn_op op_scatter_extreme = {"ScatterReduceBackward", extreme_backward};

/* Sizes of src beyond the index's count for nothing. */
static pn_tensor *corner(pn_tensor *src, const pn_tensor *index) {
  pn_tensor *r = pn_ref(src);
  for (int d = 0; r && d < index->ndim && d < src->ndim; d++) {
    if (r->shape[d] <= index->shape[d]) continue;
    pn_tensor *v = pn_slice(r, d, 0, index->shape[d], 1);
    pn_release(r);
    r = v;
  }
  return r;
}

pn_tensor *pn_scatter_reduce(pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src, int mode) {
  if (pn_axis(a, axis, &axis)) return NULL;
  if (has_number(a, index, src)) return of_vectors(pn_scatter_reduce, a, index, src, mode);
  uint32_t flags = mode == PN_SCATTER_AMAX   ? PN_SCATTER_MAX
                   : mode == PN_SCATTER_AMIN ? PN_SCATTER_MIN
                                             : 0;
  pn_tensor *x = corner(src, index);
  pn_tensor *out =
      x ? scattered("scatter_reduce", &pn_row_scatter_reduce, a, axis, index, x, flags) : NULL;
  const pn_op *op = mode == PN_SCATTER_PROD ? &op_scatter_prod : &op_scatter_extreme;
  if (out && (pn_wants_grad(a) || pn_wants_grad(x))) {
    out = with_node(op, out, axis, a, index, x);
    if (out) {
      pn_node_save(out->node, 1, a);
      pn_node_save(out->node, 2, x);
      if (pn_node_save_output(out->node, 3, out)) out = pn_discard(out);
    }
  }
  pn_release(x);
  return out;
}

/* ---- by name ---------------------------------------------------------------------------- */
/* (a, index, src, axis) */
pn_status pn_op_scatter(pn_call *c) {
  pn_status s = pn_call_tensors(c, "scatter", 3, 1, 0);
  return s ? s : pn_call_give(c, pn_scatter(c->in[0], (int)c->i[0], c->in[1], c->in[2]));
}

/* (a, index, src, axis, mode) */
pn_status pn_op_scatter_reduce(pn_call *c) {
  pn_status s = pn_call_tensors(c, "scatter_reduce", 3, 2, 0);
  return s ? s
           : pn_call_give(
                 c, pn_scatter_reduce(c->in[0], (int)c->i[0], c->in[1], c->in[2], (int)c->i[1]));
}

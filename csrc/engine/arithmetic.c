/* Binary arithmetic and its derivatives; in-place arithmetic. */
#include "engine/direct.h"
#include "engine/elementary.h"

static const pn_op op_add, op_sub, op_mul, op_div;

static pn_tensor *binary(const pn_row *row, const pn_op *op, pn_tensor *a, pn_tensor *b,
                         int dtype) {
  bool alike = pn_alike(a, b) && a->dtype == dtype;
  pn_tensor *out;
  if (alike && pn_direct(row, a->numel)) {
    out = pn_new_like(a, dtype);
    if (out) pn_direct_run(row, out, a->data, b->data, 0, 0);
  } else {
    out = pn_ew_binary(row, a, b, dtype, -1, NULL);
  }
  if (!out || !(pn_wants_grad(a) || pn_wants_grad(b))) return out;
  pn_node *n = pn_node2(op, out, a, b);
  if (!n) return pn_discard(out);
  if (alike) {
    pn_keep_same(n, 0);
    pn_keep_same(n, 1);
  } else {
    pn_keep_meta(n, 0, a);
    pn_keep_meta(n, 1, b);
  }
  /* sums need no values, products each the other's, quotients a only for db */
  bool sum = op == &op_add || op == &op_sub, product = op == &op_mul;
  bool general = !sum && !product && op != &op_div;
  if (general || (!sum && pn_needs(n, 1))) pn_node_save(n, 0, a);
  if (general || (!sum && (op == &op_div || pn_needs(n, 0)))) pn_node_save(n, 1, b);
  return out;
}

int pn_arithmetic_dtype(const char *name, pn_tensor *a, pn_tensor *b) {
  if (pn_plain(a) && pn_plain(b) && a->dtype == b->dtype) return a->dtype;
  int dtype = pn_result_type(a, b);
  if (dtype != PN_BF16 && dtype != PN_F16) return dtype;
  pn_fail(PN_TYPE_ERROR,
          "%s of %s and %s: %s is a storage type here; convert with .float() before arithmetic",
          name, pn_dtype_name(a->dtype), pn_dtype_name(b->dtype), pn_dtype_name(dtype));
  return -1;
}

/* ---- binary operators and their derivatives -------------------------------------------- */
static pn_status add_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_status s = PN_OK;
  if (!s && pn_needs(n, 0)) s = pn_give_back(n, gin, 0, pn_ref(g));
  if (!s && pn_needs(n, 1)) s = pn_give_back(n, gin, 1, pn_ref(g));
  return s;
}
static pn_status sub_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_status s = PN_OK;
  if (!s && pn_needs(n, 0)) s = pn_give_back(n, gin, 0, pn_ref(g));
  if (!s && pn_needs(n, 1)) s = pn_give_back(n, gin, 1, pn_neg(g));
  return s;
}
static pn_status mul_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_status s = PN_OK;
  if (!s && pn_needs(n, 0))
    s = pn_give_back(n, gin, 0, pn_use2(pn_mul, pn_ref(g), pn_saved_get(n, 1)));
  if (!s && pn_needs(n, 1))
    s = pn_give_back(n, gin, 1, pn_use2(pn_mul, pn_ref(g), pn_saved_get(n, 0)));
  return s;
}
/* d(a/b) = g/b, -(g/b) (a/b) */
static pn_status div_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_status s = PN_OK;
  if (!s && pn_needs(n, 0))
    s = pn_give_back(n, gin, 0, pn_use2(pn_div, pn_ref(g), pn_saved_get(n, 1)));
  if (!s && pn_needs(n, 1)) {
    pn_tensor *q = pn_use2(pn_div, pn_saved_get(n, 0), pn_saved_get(n, 1));
    pn_tensor *d = pn_use2(pn_div, pn_use2(pn_mul, pn_ref(g), q), pn_saved_get(n, 1));
    s = pn_give_back(n, gin, 1, pn_use1(pn_neg, d));
  }
  return s;
}
/* d(a^b)/da = g b a^(b-1), 0 where b = 0; d/db = g a^b log a, 0 where a = 0 and b >= 0 */
/* b - 1; of a number a number, which stays weak (and exact in double). */
static pn_tensor *minus_one(pn_tensor *b) {
  pn_tensor *r;
  if (b && pn_is_wrapped(b))
    r = pn_scalar_float((b->dtype == PN_F64 ? b->scalar.f : (double)b->scalar.i) - 1);
  else
    return pn_use2(pn_sub, b, pn_scalar_float(1));
  pn_release(b);
  return r;
}
static pn_status pow_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_status s = PN_OK;
  if (!s && pn_needs(n, 0)) {
    pn_tensor *b1 = minus_one(pn_saved_get(n, 1));
    pn_tensor *p = pn_use2(pn_pow, pn_saved_get(n, 0), b1);
    pn_tensor *d = pn_use2(pn_mul, pn_ref(g), pn_use2(pn_mul, pn_saved_get(n, 1), p));
    pn_tensor *zero = pn_scalar_float(0), *b = pn_saved_get(n, 1);
    pn_tensor *is0 = b && zero ? pn_eq(b, zero) : NULL;
    pn_tensor *r = is0 && d ? pn_where(is0, zero, d) : NULL;
    pn_release(is0);
    pn_release(b);
    pn_release(zero);
    pn_release(d);
    s = pn_give_back(n, gin, 0, r);
  }
  if (!s && pn_needs(n, 1)) {
    pn_tensor *y = pn_use2(pn_pow, pn_saved_get(n, 0), pn_saved_get(n, 1));
    pn_tensor *d =
        pn_use2(pn_mul, pn_use2(pn_mul, pn_ref(g), y), pn_use1(pn_log, pn_saved_get(n, 0)));
    pn_tensor *a0 = pn_use2(pn_eq, pn_saved_get(n, 0), pn_scalar_float(0));
    pn_tensor *bp = pn_use2(pn_ge, pn_saved_get(n, 1), pn_scalar_float(0));
    pn_tensor *flat = pn_use2(pn_bit_and, a0, bp), *zero = pn_scalar_float(0);
    pn_tensor *r = flat && d && zero ? pn_where(flat, zero, d) : NULL;
    pn_release(flat);
    pn_release(zero);
    pn_release(d);
    s = pn_give_back(n, gin, 1, r);
  }
  return s;
}

/* max, min: to the chosen side; half each on a tie (as PyTorch) */
static pn_status extreme_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_status s = PN_OK;
  for (int k = 0; k < 2 && !s; k++) {
    if (!pn_needs(n, k)) continue;
    bool is_max = n->i[PN_META_FREE];
    pn_binary_fn better = (k == 0) == is_max ? pn_gt : pn_lt;
    pn_tensor *half = pn_use2(pn_mul, pn_ref(g), pn_scalar_float(0.5));
    pn_tensor *tie = pn_use2(pn_eq, pn_saved_get(n, 0), pn_saved_get(n, 1));
    pn_tensor *win = pn_use2(better, pn_saved_get(n, 0), pn_saved_get(n, 1));
    pn_tensor *zero = pn_scalar_float(0);
    pn_tensor *rest = win && zero ? pn_where(win, g, zero) : NULL;
    pn_tensor *r = tie && half && rest ? pn_where(tie, half, rest) : NULL;
    pn_release(half);
    pn_release(tie);
    pn_release(win);
    pn_release(zero);
    pn_release(rest);
    s = pn_give_back(n, gin, k, r);
  }
  return s;
}

static const pn_op op_add = {"AddBackward", add_backward};
static const pn_op op_sub = {"SubBackward", sub_backward};
static const pn_op op_mul = {"MulBackward", mul_backward};
static const pn_op op_div = {"DivBackward", div_backward};
static const pn_op op_pow = {"PowBackward", pow_backward};
static const pn_op op_maximum = {"MaximumBackward", extreme_backward};
static const pn_op op_minimum = {"MinimumBackward", extreme_backward};

pn_tensor *pn_add(pn_tensor *a, pn_tensor *b) {
  int dtype = pn_arithmetic_dtype("add", a, b);
  return dtype < 0 ? NULL : binary(&pn_row_add, &op_add, a, b, dtype);
}
pn_tensor *pn_mul(pn_tensor *a, pn_tensor *b) {
  int dtype = pn_arithmetic_dtype("mul", a, b);
  return dtype < 0 ? NULL : binary(&pn_row_mul, &op_mul, a, b, dtype);
}
pn_tensor *pn_sub(pn_tensor *a, pn_tensor *b) {
  int dtype = pn_arithmetic_dtype("sub", a, b);
  if (dtype == PN_BOOL) {
    pn_fail(PN_RUNTIME_ERROR,
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead.");
    return NULL;
  }
  return dtype < 0 ? NULL : binary(&pn_row_sub, &op_sub, a, b, dtype);
}
pn_tensor *pn_div(pn_tensor *a, pn_tensor *b) {
  int dtype = pn_arithmetic_dtype("div", a, b);
  if (dtype < 0) return NULL;
  return binary(&pn_row_div, &op_div, a, b, pn_is_float(dtype) ? dtype : pn_default_dtype());
}

/* Wrapping, as multiplication does. */
static pn_tensor *integer_pow(pn_tensor *a, pn_tensor *b, int dtype) {
  if (pn_is_wrapped(b) && b->scalar.i < 0) {
    pn_fail(PN_RUNTIME_ERROR, "Integers to negative integer powers are not allowed.");
    return NULL;
  }
  return pn_integer_power(a, b, dtype);
}

pn_tensor *pn_pow(pn_tensor *a, pn_tensor *b) {
  int dtype = pn_arithmetic_dtype("pow", a, b);
  if (dtype < 0) return NULL;
  if (!pn_is_float(dtype)) return integer_pow(a, b, dtype);
  /* x^2 as x*x: the same rounding as the user's own product, and 20 times
   * cheaper than the general kernel */
  if (pn_is_wrapped(b) && !pn_is_wrapped(a) && a->dtype == dtype &&
      (b->dtype == PN_F64 ? b->scalar.f == 2.0 : b->scalar.i == 2))
    return pn_mul(a, a);
  return binary(&pn_row_pow, &op_pow, a, b, dtype);
}

static pn_tensor *extreme(const pn_row *row, const pn_op *op, pn_tensor *a, pn_tensor *b,
                          bool is_max) {
  int dtype = pn_arithmetic_dtype(row->name, a, b);
  pn_tensor *out = dtype < 0 ? NULL : binary(row, op, a, b, dtype);
  if (out && out->node) out->node->i[PN_META_FREE] = is_max;
  return out;
}
pn_tensor *pn_maximum(pn_tensor *a, pn_tensor *b) {
  return extreme(&pn_row_maximum, &op_maximum, a, b, true);
}
pn_tensor *pn_minimum(pn_tensor *a, pn_tensor *b) {
  return extreme(&pn_row_minimum, &op_minimum, a, b, false);
}

/* ---- in place ----------------------------------------------------------------------------------
 */
static const pn_row *arithmetic_row(pn_binary_fn fn) {
  if (fn == pn_add) return &pn_row_add;
  if (fn == pn_sub) return &pn_row_sub;
  if (fn == pn_mul) return &pn_row_mul;
  if (fn == pn_div) return &pn_row_div;
  return NULL;
}

/* Equal contiguous operands, no history, small: a = row(a, b) at once. */
static bool inplace_direct(const pn_row *row, pn_tensor *a, pn_tensor *b) {
  if (!row || !pn_alike(a, b) || !pn_direct(row, a->numel)) return false;
  if (a->storage->flags & PN_STORAGE_READONLY) return false;
  if (!pn_tls.grad_disabled && (pn_requires_grad(a) || pn_requires_grad(b) || a->base))
    return false;
  char *x = a->data, *y = b->data;
  int64_t apart = x < y ? y - x : x - y;
  if (apart && apart < a->numel * (int64_t)pn_itemsize(a->dtype)) return false;
  pn_direct_run(row, a, a->data, b->data, 0, 0);
  pn_mark_written(a);
  return true;
}

/* Without history and within one dtype the kernel writes a itself; otherwise
 * the result is made first and copied in (the same bits). */
pn_status pn_inplace(pn_binary_fn fn, pn_tensor *a, pn_tensor *b) {
  const pn_row *row = arithmetic_row(fn);
  if (inplace_direct(row, a, b)) return PN_OK;
  pn_status s = pn_check_writable(a);
  if (s) return s;
  bool history = !pn_tls.grad_disabled && (pn_requires_grad(a) || pn_requires_grad(b) ||
                                           (a->base && pn_requires_grad(a->base)));
  int64_t shape[PN_MAX_DIMS];
  int ndim;
  s = pn_broadcast(row ? row->name : "in-place operation", a, b, &ndim, shape);
  if (s) return s;
  bool direct = row && !history && pn_is_real(a->dtype) && pn_result_type(a, b) == a->dtype &&
                ndim == a->ndim && !memcmp(shape, a->shape, (size_t)ndim * sizeof *shape) &&
                !pn_memory_conflict(a, b);
  /* where the derivative wants a's old value, it gets a copy of it */
  bool keeps_a = history && fn != pn_add && fn != pn_sub && (pn_requires_grad(b) || fn == pn_pow);
  pn_tensor *old = keeps_a ? pn_clone(a) : pn_ref(a);
  pn_tensor *r = !old ? NULL : direct ? pn_ew_binary(row, a, b, a->dtype, -1, a) : fn(old, b);
  pn_release(old);
  if (!r) return pn_last_status();
  if (direct)
    pn_mark_written(a);
  else
    s = pn_assign(a, r);
  pn_release(r);
  return s;
}

pn_status pn_assign(pn_tensor *a, pn_tensor *r) {
  if (pn_can_cast(r->dtype, a->dtype)) return pn_copy_(a, r);
  return pn_fail(PN_RUNTIME_ERROR, "result type %s can't be cast in place to %s",
                 pn_dtype_name(r->dtype), pn_dtype_name(a->dtype));
}

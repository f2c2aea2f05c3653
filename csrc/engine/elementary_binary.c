/* Elementary functions of two inputs; rounding; division with an integer quotient;
 * bounds; shifts. */
#include "engine/elementary.h"

#include "engine/unary.h"

static const pn_op op_logaddexp2, op_fmod, op_clamp_min;

/* ---- two floating inputs ------------------------------------------------------------ */
/* gin[k] = owned if input k wants it. */
static pn_status give(pn_node *n, pn_tensor **gin, int k, pn_tensor *owned) {
  return pn_give_back(n, gin, k, owned);
}
static pn_tensor *input(pn_node *n, int k) { return pn_saved_get(n, k); }

/* d atan2(y, x) = (x dy - y dx) / (x^2 + y^2) */
static pn_status atan2_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_status s = PN_OK;
  pn_tensor *square = pn_x_add(pn_x_square(input(n, 0)), pn_x_square(input(n, 1)));
  pn_tensor *q = pn_x_div(pn_ref(g), square);
  if (!q) return pn_last_status();
  if (pn_needs(n, 0)) s = give(n, gin, 0, pn_x_mul(pn_ref(q), input(n, 1)));
  if (!s && pn_needs(n, 1)) s = give(n, gin, 1, pn_use1(pn_neg, pn_x_mul(pn_ref(q), input(n, 0))));
  pn_release(q);
  return s;
}
static const pn_op op_atan2 = {"Atan2Backward", atan2_back};
pn_tensor *pn_atan2(pn_tensor *y, pn_tensor *x) {
  return pn_float_binary(&pn_row_atan2, &op_atan2, y, x);
}

/* g a / hypot(a, b) */
static pn_status hypot_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_status s = PN_OK;
  for (int k = 0; k < 2 && !s; k++) {
    if (!pn_needs(n, k)) continue;
    pn_tensor *r = pn_use2(pn_hypot, input(n, 0), input(n, 1));
    s = give(n, gin, k, pn_x_mul(pn_ref(g), pn_x_div(input(n, k), r)));
  }
  return s;
}
static const pn_op op_hypot = {"HypotBackward", hypot_back};
pn_tensor *pn_hypot(pn_tensor *a, pn_tensor *b) {
  return pn_float_binary(&pn_row_hypot, &op_hypot, a, b);
}

/* g where the signs agree, -g where they differ, 0 where a is 0; flat in b. */
static pn_status copysign_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_status s = PN_OK;
  if (pn_needs(n, 0)) {
    pn_tensor *one = pn_use2(pn_copysign, pn_scalar_float(1), input(n, 1));
    pn_tensor *sign = pn_x_mul(pn_use1(pn_sign, input(n, 0)), one);
    s = give(n, gin, 0, pn_x_mul(pn_ref(g), sign));
  }
  if (!s && pn_needs(n, 1)) s = give(n, gin, 1, pn_zeros(g->dtype, g->ndim, g->shape));
  return s;
}
static const pn_op op_copysign = {"CopysignBackward", copysign_back};
pn_tensor *pn_copysign(pn_tensor *a, pn_tensor *b) {
  return pn_float_binary(&pn_row_copysign, &op_copysign, a, b);
}

/* g e^a / (e^a + e^b) = g / (1 + e^(b - a)); with base 2 e^(log 2 (b - a)) */
static pn_status add_exp_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  const double scale = n->op == &op_logaddexp2 ? 0.69314718055994530942 : 1;
  pn_status s = PN_OK;
  for (int k = 0; k < 2 && !s; k++) {
    if (!pn_needs(n, k)) continue;
    pn_tensor *x = pn_x_sub(input(n, k), input(n, 1 - k));
    if (scale != 1) x = pn_x_scale(x, scale);
    s = give(n, gin, k, pn_x_mul(pn_ref(g), pn_use1(pn_sigmoid, x)));
  }
  return s;
}
static const pn_op op_logaddexp = {"LogaddexpBackward", add_exp_back};
static const pn_op op_logaddexp2 = {"Logaddexp2Backward", add_exp_back};
pn_tensor *pn_logaddexp(pn_tensor *a, pn_tensor *b) {
  return pn_float_binary(&pn_row_logaddexp, &op_logaddexp, a, b);
}
pn_tensor *pn_logaddexp2(pn_tensor *a, pn_tensor *b) {
  return pn_float_binary(&pn_row_logaddexp2, &op_logaddexp2, a, b);
}

/* da = g log(b), 0 where a = 0 and b <= 0; db = g a / b */
static pn_status xlogy_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_status s = PN_OK;
  if (pn_needs(n, 0)) {
    pn_tensor *zero = pn_use2(pn_eq, input(n, 0), pn_scalar_float(0));
    pn_tensor *flat = pn_use2(pn_bit_and, zero, pn_use2(pn_le, input(n, 1), pn_scalar_float(0)));
    pn_tensor *d = pn_x_mul(pn_ref(g), pn_use1(pn_log, input(n, 1)));
    s = give(n, gin, 0, pn_x_where(flat, pn_scalar_float(0), d));
  }
  if (!s && pn_needs(n, 1))
    s = give(n, gin, 1, pn_x_div(pn_x_mul(pn_ref(g), input(n, 0)), input(n, 1)));
  return s;
}
static const pn_op op_xlogy = {"XlogyBackward", xlogy_back};
pn_tensor *pn_xlogy(pn_tensor *a, pn_tensor *b) {
  return pn_float_binary(&pn_row_xlogy, &op_xlogy, a, b);
}

/* ---- rounding ----------------------------------------------------------------------- */
static pn_status flat_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  return pn_give(gin, 0, pn_zeros(g->dtype, g->ndim, g->shape));
}
static const pn_op op_floor = {"FloorBackward", flat_back};
static const pn_op op_ceil = {"CeilBackward", flat_back};
static const pn_op op_trunc = {"TruncBackward", flat_back};
static const pn_op op_round = {"RoundBackward", flat_back};

static pn_tensor *rounded(const pn_row *row, const pn_op *op, pn_tensor *a) {
  if (a->dtype == PN_BOOL) {
    pn_fail(PN_RUNTIME_ERROR, "\"%s\" is not defined for bool", row->name);
    return NULL;
  }
  if (!pn_is_float(a->dtype)) {
    pn_tensor *x = pn_any_operand(a);
    return pn_use1(pn_clone, x);
  }
  return pn_float_function(row, op, a, PN_SAVE_NOTHING, 0, 0);
}
pn_tensor *pn_floor(pn_tensor *a) { return rounded(&pn_row_floor, &op_floor, a); }
pn_tensor *pn_ceil(pn_tensor *a) { return rounded(&pn_row_ceil, &op_ceil, a); }
pn_tensor *pn_trunc(pn_tensor *a) { return rounded(&pn_row_trunc, &op_trunc, a); }
pn_tensor *pn_round(pn_tensor *a) { return rounded(&pn_row_round, &op_round, a); }

/* ---- division with an integer quotient ------------------------------------------------ */
/* Integer divisors are looked at; a recording cannot, there the quotient is 0. */
static pn_status check_divisor(const char *name, pn_tensor *b) {
  if (pn_is_wrapped(b)) {
    if (b->dtype == PN_F64 || b->scalar.i) return PN_OK;
  } else {
    if (pn_is_float(b->dtype) || b->numel == 0 || pn_tls.recording) return PN_OK;
    pn_tensor *zero = pn_use2(pn_eq, pn_ref(b), pn_scalar_int(0));
    pn_tensor *any = zero ? pn_amax(zero, 0, false) : NULL;
    double f;
    int64_t i = 0;
    pn_release(zero);
    pn_status s = any ? pn_item(any, &f, &i) : pn_last_status();
    pn_release(any);
    if (s || !i) return s;
  }
  return pn_fail(PN_RUNTIME_ERROR, "ZeroDivisionError: %s of integers by 0", name);
}

static pn_tensor *divide(const pn_row *row, const pn_op *op, pn_tensor *a, pn_tensor *b) {
  int dtype = pn_arithmetic_dtype(row->name, a, b);
  if (dtype < 0) return NULL;
  if (dtype == PN_BOOL) {
    pn_fail(PN_RUNTIME_ERROR, "\"%s\" is not defined for bool", row->name);
    return NULL;
  }
  if (pn_is_float(dtype)) return pn_float_binary(row, op, a, b);
  return check_divisor(row->name, b) ? NULL : pn_ew_binary(row, a, b, dtype, -1, NULL);
}

/* Quotients are flat. */
static pn_status quotient_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_status s = PN_OK;
  for (int k = 0; k < 2 && !s; k++)
    if (pn_needs(n, k)) s = give(n, gin, k, pn_zeros(g->dtype, g->ndim, g->shape));
  return s;
}
/* a - b q: da = g, db = -g q */
static pn_status remainder_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_binary_fn quotient = n->op == &op_fmod ? pn_trunc_divide : pn_floor_divide;
  pn_status s = PN_OK;
  if (pn_needs(n, 0)) s = give(n, gin, 0, pn_ref(g));
  if (!s && pn_needs(n, 1)) {
    pn_tensor *q = pn_use2(quotient, input(n, 0), input(n, 1));
    s = give(n, gin, 1, pn_use1(pn_neg, pn_x_mul(pn_ref(g), q)));
  }
  return s;
}
static const pn_op op_trunc_divide = {"TruncDivideBackward", quotient_back};
static const pn_op op_floor_divide = {"FloorDivideBackward", quotient_back};
static const pn_op op_fmod = {"FmodBackward", remainder_back};
static const pn_op op_remainder = {"RemainderBackward", remainder_back};
pn_tensor *pn_trunc_divide(pn_tensor *a, pn_tensor *b) {
  return divide(&pn_row_trunc_divide, &op_trunc_divide, a, b);
}
pn_tensor *pn_floor_divide(pn_tensor *a, pn_tensor *b) {
  return divide(&pn_row_floor_divide, &op_floor_divide, a, b);
}
pn_tensor *pn_fmod(pn_tensor *a, pn_tensor *b) { return divide(&pn_row_fmod, &op_fmod, a, b); }
pn_tensor *pn_remainder(pn_tensor *a, pn_tensor *b) {
  return divide(&pn_row_remainder, &op_remainder, a, b);
}

/* ---- bounds ------------------------------------------------------------------------- */
/* The gradient goes to a where a is within the bound, else to the bound. */
static pn_status bound_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_binary_fn within = n->op == &op_clamp_min ? pn_ge : pn_le;
  pn_status s = PN_OK;
  for (int k = 0; k < 2 && !s; k++) {
    if (!pn_needs(n, k)) continue;
    pn_tensor *mask = pn_use2(within, input(n, 0), input(n, 1)), *zero = pn_scalar_float(0);
    pn_tensor *d = k == 0 ? pn_x_where(mask, pn_ref(g), zero) : pn_x_where(mask, zero, pn_ref(g));
    s = give(n, gin, k, d);
  }
  return s;
}
static const pn_op op_clamp_min = {"ClampMinBackward", bound_back};
static const pn_op op_clamp_max = {"ClampMaxBackward", bound_back};
static pn_tensor *bounded(const pn_row *row, const pn_op *op, pn_tensor *a, pn_tensor *b) {
  int dtype = pn_arithmetic_dtype(row->name, a, b);
  if (dtype < 0) return NULL;
  if (pn_is_float(dtype)) return pn_float_binary(row, op, a, b);
  return pn_ew_binary(row, a, b, dtype, -1, NULL);
}
pn_tensor *pn_clamp_min(pn_tensor *a, pn_tensor *least) {
  return bounded(&pn_row_maximum, &op_clamp_min, a, least);
}
pn_tensor *pn_clamp_max(pn_tensor *a, pn_tensor *most) {
  return bounded(&pn_row_minimum, &op_clamp_max, a, most);
}

/* ---- integers ------------------------------------------------------------------------ */
static pn_tensor *integers(const pn_row *row, pn_tensor *a, pn_tensor *b) {
  int dtype = pn_result_type(a, b);
  if (!pn_is_float(dtype) && dtype != PN_BOOL) return pn_ew_binary(row, a, b, dtype, -1, NULL);
  pn_fail(PN_RUNTIME_ERROR, "\"%s\" is not defined for %s and %s: it takes integers", row->name,
          pn_dtype_name(a->dtype), pn_dtype_name(b->dtype));
  return NULL;
}
pn_tensor *pn_shift_left(pn_tensor *a, pn_tensor *b) { return integers(&pn_row_shift_left, a, b); }
pn_tensor *pn_shift_right(pn_tensor *a, pn_tensor *b) {
  return integers(&pn_row_shift_right, a, b);
}
pn_tensor *pn_integer_power(pn_tensor *a, pn_tensor *b, int dtype) {
  return pn_ew_binary(&pn_row_power, a, b, dtype, -1, NULL);
}

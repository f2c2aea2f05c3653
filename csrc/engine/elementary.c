/* Elementary functions: one kernel each, derivatives of each other.  In the
 * derivatives g is the gradient, x the input, y the output. */
#include "engine/elementary.h"

#include "engine/unary.h"

#define LN2 0.69314718055994530942
#define LN10 2.30258509299404568402
#define TWO_OVER_ROOT_PI 1.12837916709551257390
#define HALF_ROOT_PI 0.88622692545275801365

static pn_tensor *one_minus_square(pn_tensor *x) {
  return pn_x_sub(pn_scalar_float(1), pn_x_square(x));
}
/* c e^(-x^2) */
static pn_tensor *bell(pn_tensor *x, double c) {
  return pn_x_scale(pn_use1(pn_exp, pn_use1(pn_neg, pn_x_square(x))), c);
}

/* g cos(x) */
static pn_status sin_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_x_mul(pn_ref(g), pn_use1(pn_cos, x)));
}
static const pn_op op_sin = {"SinBackward", sin_back};
pn_tensor *pn_sin(pn_tensor *a) {
  return pn_float_function(&pn_row_sin, &op_sin, a, PN_SAVE_INPUT, 0, 0);
}

/* -g sin(x) */
static pn_status cos_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_use1(pn_neg, pn_x_mul(pn_ref(g), pn_use1(pn_sin, x))));
}
static const pn_op op_cos = {"CosBackward", cos_back};
pn_tensor *pn_cos(pn_tensor *a) {
  return pn_float_function(&pn_row_cos, &op_cos, a, PN_SAVE_INPUT, 0, 0);
}

/* g (1 + y^2) */
static pn_status tan_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *y = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_x_mul(pn_ref(g), pn_x_shift(pn_x_square(y), 1)));
}
static const pn_op op_tan = {"TanBackward", tan_back};
pn_tensor *pn_tan(pn_tensor *a) {
  return pn_float_function(&pn_row_tan, &op_tan, a, PN_SAVE_OUTPUT, 0, 0);
}

/* g / sqrt(1 - x^2) */
static pn_status asin_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_x_mul(pn_ref(g), pn_use1(pn_rsqrt, one_minus_square(x))));
}
static const pn_op op_asin = {"AsinBackward", asin_back};
pn_tensor *pn_asin(pn_tensor *a) {
  return pn_float_function(&pn_row_asin, &op_asin, a, PN_SAVE_INPUT, 0, 0);
}

/* -g / sqrt(1 - x^2) */
static pn_status acos_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  return pn_give(gin, 0,
                 pn_use1(pn_neg, pn_x_mul(pn_ref(g), pn_use1(pn_rsqrt, one_minus_square(x)))));
}
static const pn_op op_acos = {"AcosBackward", acos_back};
pn_tensor *pn_acos(pn_tensor *a) {
  return pn_float_function(&pn_row_acos, &op_acos, a, PN_SAVE_INPUT, 0, 0);
}

/* g / (1 + x^2) */
static pn_status atan_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_x_div(pn_ref(g), pn_x_shift(pn_x_square(x), 1)));
}
static const pn_op op_atan = {"AtanBackward", atan_back};
pn_tensor *pn_atan(pn_tensor *a) {
  return pn_float_function(&pn_row_atan, &op_atan, a, PN_SAVE_INPUT, 0, 0);
}

/* g cosh(x) */
static pn_status sinh_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_x_mul(pn_ref(g), pn_use1(pn_cosh, x)));
}
static const pn_op op_sinh = {"SinhBackward", sinh_back};
pn_tensor *pn_sinh(pn_tensor *a) {
  return pn_float_function(&pn_row_sinh, &op_sinh, a, PN_SAVE_INPUT, 0, 0);
}

/* g sinh(x) */
static pn_status cosh_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_x_mul(pn_ref(g), pn_use1(pn_sinh, x)));
}
static const pn_op op_cosh = {"CoshBackward", cosh_back};
pn_tensor *pn_cosh(pn_tensor *a) {
  return pn_float_function(&pn_row_cosh, &op_cosh, a, PN_SAVE_INPUT, 0, 0);
}

/* g / sqrt(x^2 + 1) */
static pn_status asinh_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_x_mul(pn_ref(g), pn_use1(pn_rsqrt, pn_x_shift(pn_x_square(x), 1))));
}
static const pn_op op_asinh = {"AsinhBackward", asinh_back};
pn_tensor *pn_asinh(pn_tensor *a) {
  return pn_float_function(&pn_row_asinh, &op_asinh, a, PN_SAVE_INPUT, 0, 0);
}

/* g / sqrt(x^2 - 1) */
static pn_status acosh_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_x_mul(pn_ref(g), pn_use1(pn_rsqrt, pn_x_shift(pn_x_square(x), -1))));
}
static const pn_op op_acosh = {"AcoshBackward", acosh_back};
pn_tensor *pn_acosh(pn_tensor *a) {
  return pn_float_function(&pn_row_acosh, &op_acosh, a, PN_SAVE_INPUT, 0, 0);
}

/* g / (1 - x^2) */
static pn_status atanh_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_x_div(pn_ref(g), one_minus_square(x)));
}
static const pn_op op_atanh = {"AtanhBackward", atanh_back};
pn_tensor *pn_atanh(pn_tensor *a) {
  return pn_float_function(&pn_row_atanh, &op_atanh, a, PN_SAVE_INPUT, 0, 0);
}

/* g (y + 1) */
static pn_status expm1_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *y = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_x_mul(pn_ref(g), pn_x_shift(y, 1)));
}
static const pn_op op_expm1 = {"Expm1Backward", expm1_back};
pn_tensor *pn_expm1(pn_tensor *a) {
  return pn_float_function(&pn_row_expm1, &op_expm1, a, PN_SAVE_OUTPUT, 0, 0);
}

/* g y log(2) */
static pn_status exp2_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *y = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_x_mul(pn_ref(g), pn_x_scale(y, LN2)));
}
static const pn_op op_exp2 = {"Exp2Backward", exp2_back};
pn_tensor *pn_exp2(pn_tensor *a) {
  return pn_float_function(&pn_row_exp2, &op_exp2, a, PN_SAVE_OUTPUT, 0, 0);
}

/* g / (1 + x) */
static pn_status log1p_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_x_div(pn_ref(g), pn_x_shift(x, 1)));
}
static const pn_op op_log1p = {"Log1pBackward", log1p_back};
pn_tensor *pn_log1p(pn_tensor *a) {
  return pn_float_function(&pn_row_log1p, &op_log1p, a, PN_SAVE_INPUT, 0, 0);
}

/* g / (x log(2)) */
static pn_status log2_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_x_div(pn_ref(g), pn_x_scale(x, LN2)));
}
static const pn_op op_log2 = {"Log2Backward", log2_back};
pn_tensor *pn_log2(pn_tensor *a) {
  return pn_float_function(&pn_row_log2, &op_log2, a, PN_SAVE_INPUT, 0, 0);
}

/* g / (x log(10)) */
static pn_status log10_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_x_div(pn_ref(g), pn_x_scale(x, LN10)));
}
static const pn_op op_log10 = {"Log10Backward", log10_back};
pn_tensor *pn_log10(pn_tensor *a) {
  return pn_float_function(&pn_row_log10, &op_log10, a, PN_SAVE_INPUT, 0, 0);
}

/* g 2/sqrt(pi) e^(-x^2) */
static pn_status erf_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_x_mul(pn_ref(g), bell(x, TWO_OVER_ROOT_PI)));
}
static const pn_op op_erf = {"ErfBackward", erf_back};
pn_tensor *pn_erf(pn_tensor *a) {
  return pn_float_function(&pn_row_erf, &op_erf, a, PN_SAVE_INPUT, 0, 0);
}

/* -g 2/sqrt(pi) e^(-x^2) */
static pn_status erfc_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *x = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_x_mul(pn_ref(g), bell(x, -TWO_OVER_ROOT_PI)));
}
static const pn_op op_erfc = {"ErfcBackward", erfc_back};
pn_tensor *pn_erfc(pn_tensor *a) {
  return pn_float_function(&pn_row_erfc, &op_erfc, a, PN_SAVE_INPUT, 0, 0);
}

/* g sqrt(pi)/2 e^(y^2) */
static pn_status erfinv_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *y = pn_saved_get(n, 0);
  return pn_give(gin, 0,
                 pn_x_mul(pn_ref(g), pn_x_scale(pn_use1(pn_exp, pn_x_square(y)), HALF_ROOT_PI)));
}
static const pn_op op_erfinv = {"ErfinvBackward", erfinv_back};
pn_tensor *pn_erfinv(pn_tensor *a) {
  return pn_float_function(&pn_row_erfinv, &op_erfinv, a, PN_SAVE_OUTPUT, 0, 0);
}

/* -g y^3 / 2 */
static pn_status rsqrt_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *y = pn_saved_get(n, 0);
  return pn_give(gin, 0,
                 pn_x_mul(pn_x_scale(pn_ref(g), -0.5), pn_x_mul(pn_x_square(pn_ref(y)), y)));
}
static const pn_op op_rsqrt = {"RsqrtBackward", rsqrt_back};
pn_tensor *pn_rsqrt(pn_tensor *a) {
  return pn_float_function(&pn_row_rsqrt, &op_rsqrt, a, PN_SAVE_OUTPUT, 0, 0);
}

/* -g y^2 */
static pn_status reciprocal_back(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *y = pn_saved_get(n, 0);
  return pn_give(gin, 0, pn_use1(pn_neg, pn_x_mul(pn_ref(g), pn_x_square(y))));
}
static const pn_op op_reciprocal = {"ReciprocalBackward", reciprocal_back};
pn_tensor *pn_reciprocal(pn_tensor *a) {
  return pn_float_function(&pn_row_reciprocal, &op_reciprocal, a, PN_SAVE_OUTPUT, 0, 0);
}

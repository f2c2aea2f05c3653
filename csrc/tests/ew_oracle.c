/* See ew_oracle.h. */
#include "tests/ew_oracle.h"

#include <math.h>
#include <string.h>

#include "kernels/elementwise.h"
#include "tests/kernel_case.h"

bool is_real(int dtype) { return dtype == PN_F32 || dtype == PN_F64; }

value value_get(int dtype, const void *p, int64_t i) {
  value v = {0, 0};
  switch (dtype) {
    case PN_F32:
      v.f = ((const float *)p)[i];
      break;
    case PN_F64:
      v.f = ((const double *)p)[i];
      break;
    case PN_I64:
      v.i = ((const int64_t *)p)[i];
      break;
    case PN_I32:
      v.i = ((const int32_t *)p)[i];
      break;
    case PN_I8:
      v.i = ((const int8_t *)p)[i];
      break;
    case PN_BF16:
    case PN_F16:
      v.i = ((const uint16_t *)p)[i];
      break;
    default:
      v.i = ((const uint8_t *)p)[i];
  }
  return v;
}

void value_set(int dtype, void *p, int64_t i, value v) {
  switch (dtype) {
    case PN_F32:
      ((float *)p)[i] = (float)v.f;
      break;
    case PN_F64:
      ((double *)p)[i] = v.f;
      break;
    case PN_I64:
      ((int64_t *)p)[i] = v.i;
      break;
    case PN_I32:
      ((int32_t *)p)[i] = (int32_t)(uint32_t)(uint64_t)v.i;
      break;
    case PN_BF16:
    case PN_F16:
      ((uint16_t *)p)[i] = (uint16_t)v.i;
      break;
    default:
      ((uint8_t *)p)[i] = (uint8_t)v.i;
  }
}

value value_draw(int dtype) {
  static const double special[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, 1, -1, 2, 1e-310, -1e-42};
  static const int64_t edges[] = {0, 1, -1, INT64_MAX, INT64_MIN, INT32_MAX, INT32_MIN, 127, -128};
  uint64_t bits = (uint64_t)case_random() << 40 ^ (uint64_t)case_random() << 20 ^ case_random();
  value v = {case_real(), (int64_t)bits};
  int64_t kind = case_pick(4);
  if (kind == 0) v = (value){special[case_pick(10)], edges[case_pick(9)]};
  if (kind == 1) v = (value){ldexp(v.f, (int)case_pick(200) - 100), case_pick(20) - 10};
  if (dtype == PN_BOOL) v.i &= 1;
  return v;
}

static double rounded(int dtype, double x) { return dtype == PN_F32 ? (double)(float)x : x; }
static value real(double x) { return (value){x, 0}; }
static value integer(int64_t x) { return (value){0, x}; }
static value truth(bool b) { return integer(b); }

/* ---- float32 and float64: float64 arithmetic rounded to float32 is float32's ---- */
#define REAL_ORACLE(name, expression)                                        \
  static value real_##name(int dtype, value vx, value vy, const double *c) { \
    double x = vx.f, y = vy.f;                                               \
    (void)x, (void)y, (void)c, (void)dtype;                                  \
    return expression;                                                       \
  }
#define R(e) rounded(dtype, e)
REAL_ORACLE(add, real(x + y))
REAL_ORACLE(sub, real(x - y))
REAL_ORACLE(mul, real(x *y))
REAL_ORACLE(div, real(x / y))
REAL_ORACLE(sqrt, real(sqrt(x)))
REAL_ORACLE(neg, real(-x))
REAL_ORACLE(abs, real(fabs(x)))
REAL_ORACLE(sign, real(isnan(x) ? x : (x > 0) - (x < 0)))
REAL_ORACLE(eq, truth(x == y))
REAL_ORACLE(ne, truth(x != y))
REAL_ORACLE(lt, truth(x < y))
REAL_ORACLE(le, truth(x <= y))
REAL_ORACLE(clamp, real(x<R(c[0]) ? c[0] : x> R(c[1]) ? c[1] : x))
REAL_ORACLE(relu, real(x > 0 || isnan(x) ? x : 0))
REAL_ORACLE(leaky_relu, real(x > 0 ? x : x * R(c[0])))
REAL_ORACLE(sigmoid_backward, real(x *R(y *R(1 - y))))
REAL_ORACLE(relu_backward, real(y > 0 ? x : 0))
REAL_ORACLE(leaky_relu_backward, real(y > 0 ? x : x * R(c[0])))
REAL_ORACLE(tanh_backward,
            real(x *(dtype == PN_F32 ? (double)fmaf(-(float)y, (float)y, 1) : fma(-y, y, 1))))
REAL_ORACLE(maximum, real(isnan(x) || isnan(y) ? NAN
                          : x == y             ? (signbit(x) ? y : x)
                          : x > y              ? x
                                               : y))
REAL_ORACLE(minimum, real(isnan(x) || isnan(y) ? NAN
                          : x == y             ? (signbit(x) ? x : y)
                          : x < y              ? x
                                               : y))

/* Functions of simd/vmath.h, judged by test_vmath.c: here one element alone on
 * the scalar level, for the same bits wherever an element stands. */
void pn_level_get_scalar(pn_level *out);
static value alone(pn_kernel_id kernel, int dtype, value vx, value vy) {
  static pn_level scalar;
  if (!scalar.name) pn_level_get_scalar(&scalar);
  double x, y, out;
  value_set(dtype, &x, 0, vx);
  value_set(dtype, &y, 0, vy);
  pn_args a = {.p = {&out, &x, &y}, .dtype = (uint32_t)dtype};
  a.n[PN_EW_ROWS] = a.n[PN_EW_COLS] = 1;
  scalar.fn[kernel][dtype](&a, 0, 1, NULL);
  return value_get(dtype, &out, 0);
}
REAL_ORACLE(exp, alone(PN_K_exp, dtype, vx, vy))
REAL_ORACLE(log, alone(PN_K_log, dtype, vx, vy))
REAL_ORACLE(sigmoid, alone(PN_K_sigmoid, dtype, vx, vy))
REAL_ORACLE(tanh, alone(PN_K_tanh, dtype, vx, vy))
REAL_ORACLE(pow, alone(PN_K_pow, dtype, vx, vy))

/* ---- integers: in 64 bits, wrapped on storing; bool has its own arithmetic ------- */
#define INT_ORACLE(name, expression, on_bool)                               \
  static value int_##name(int dtype, value vx, value vy, const double *c) { \
    int64_t x = vx.i, y = vy.i;                                             \
    (void)y, (void)c;                                                       \
    return dtype == PN_BOOL ? integer(on_bool) : integer(expression);       \
  }
#define W(e) (int64_t)(e) /* unsigned arithmetic wraps */
INT_ORACLE(add, W((uint64_t)x + (uint64_t)y), x | y)
INT_ORACLE(sub, W((uint64_t)x - (uint64_t)y), x ^ y)
INT_ORACLE(mul, W((uint64_t)x *(uint64_t)y), x &y)
INT_ORACLE(neg, W(-(uint64_t)x), x)
INT_ORACLE(abs, W(x < 0 ? -(uint64_t)x : (uint64_t)x), x)
INT_ORACLE(sign, (x > 0) - (x < 0), x)
INT_ORACLE(bit_and, x &y, x &y)
INT_ORACLE(bit_or, x | y, x | y)
INT_ORACLE(bit_xor, x ^ y, x ^ y)
INT_ORACLE(bit_not, ~x, !x)
INT_ORACLE(maximum, x > y ? x : y, x | y)
INT_ORACLE(minimum, x < y ? x : y, x &y)
INT_ORACLE(eq, x == y, x == y)
INT_ORACLE(ne, x != y, x != y)
INT_ORACLE(lt, x < y, x < y)
INT_ORACLE(le, x <= y, x <= y)
static value int_clamp(int dtype, value x, value y, const double *c) {
  double f = (double)x.i; /* the bounds are small */
  return integer(f < c[0] ? (int64_t)ceil(c[0]) : f > c[1] ? (int64_t)floor(c[1]) : x.i);
}

#define CASE_R(name, inputs) {&pn_row_##name, inputs, false, real_##name, NULL},
#define CASE_I(name, inputs) {&pn_row_##name, inputs, false, NULL, int_##name},
#define CASE_RI(name, inputs) {&pn_row_##name, inputs, false, real_##name, int_##name},
#define CASE_COMPARE(name) {&pn_row_##name, 2, true, real_##name, int_##name},
const ew_case ew_cases[] = {
    CASE_RI(add, 2) CASE_RI(sub, 2) CASE_RI(mul, 2) CASE_R(div, 2) CASE_R(pow, 2)     //
    CASE_RI(maximum, 2) CASE_RI(minimum, 2) CASE_COMPARE(eq) CASE_COMPARE(ne)         //
    CASE_COMPARE(lt) CASE_COMPARE(le) CASE_I(bit_and, 2) CASE_I(bit_or, 2)            //
    CASE_I(bit_xor, 2) CASE_I(bit_not, 1) CASE_RI(neg, 1) CASE_RI(abs, 1)             //
    CASE_RI(sign, 1) CASE_RI(clamp, 1) CASE_R(exp, 1) CASE_R(log, 1) CASE_R(sqrt, 1)  //
    CASE_R(sigmoid, 1) CASE_R(tanh, 1) CASE_R(relu, 1) CASE_R(leaky_relu, 1)          //
    CASE_R(sigmoid_backward, 2) CASE_R(tanh_backward, 2) CASE_R(relu_backward, 2)     //
    CASE_R(leaky_relu_backward, 2)};
const int ew_case_count = (int)(sizeof ew_cases / sizeof ew_cases[0]);

/* Casts between all dtypes against their definition: the nearest number of the
 * destination (ties to even) found by exact arithmetic, and C's rule for
 * integers with the out-of-range values that cast/convert.h fixes. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/elementwise.h"
#include "tests/ew_oracle.h"
#include "tests/kernel_case.h"
#include "tests/test.h"

typedef struct format {
  int digits, low, high; /* bits of mantissa; least and largest exponent as of frexp */
} format;

static format format_of(int dtype) {
  switch (dtype) {
    case PN_F64:
      return (format){53, -1021, 1024};
    case PN_F32:
      return (format){24, -125, 128};
    case PN_BF16:
      return (format){8, -125, 128};
    default:
      return (format){11, -13, 16};
  }
}
static bool is_float(int dtype) { return is_real(dtype) || dtype == PN_BF16 || dtype == PN_F16; }

/* m * 2^e with an integer m below 2^63: every item of every dtype. */
typedef struct exact {
  bool negative, nan, infinite;
  uint64_t m;
  int e;
} exact;

static exact exact_of(int dtype, const void *p, int64_t i) {
  value v = value_get(dtype, p, i);
  exact x = {0};
  if (!is_float(dtype)) {
    x.negative = v.i < 0;
    x.m = x.negative ? 0 - (uint64_t)v.i : (uint64_t)v.i;
    return x;
  }
  double f = v.f;
  if (!is_real(dtype)) { /* sign, exponent and mantissa of a 16-bit pattern */
    int mant = dtype == PN_F16 ? 10 : 7, bias = dtype == PN_F16 ? 15 : 127;
    int e = (int)(v.i >> mant) & (dtype == PN_F16 ? 31 : 255), m = (int)v.i & ((1 << mant) - 1);
    if (e == (dtype == PN_F16 ? 31 : 255))
      f = m ? NAN : INFINITY;
    else
      f = ldexp(e ? m + (1 << mant) : m, (e ? e : 1) - bias - mant);
    if (v.i & 0x8000) f = -f;
  }
  x.negative = signbit(f) != 0;
  x.nan = isnan(f);
  x.infinite = isinf(f) != 0;
  if (!x.nan && !x.infinite) {
    x.m = (uint64_t)ldexp(frexp(fabs(f), &x.e), 53);
    x.e -= 53;
  }
  return x;
}

/* |x| rounded to the format, as a float64 (which holds every format). */
static double nearest(exact x, format f) {
  if (x.infinite) return INFINITY;
  if (x.m == 0) return 0;
  int bits = 64;
  while (!(x.m >> (bits - 1))) bits--;
  int e = x.e + bits, keep = e < f.low ? f.digits - (f.low - e) : f.digits;
  int drop = bits - keep;
  if (drop > 64) return 0;
  uint64_t q = x.m;
  if (drop > 0) {
    uint64_t half = 1ull << (drop - 1), rest = drop == 64 ? x.m : x.m & (2 * half - 1);
    q = drop == 64 ? 0 : x.m >> drop;
    q += rest > half || (rest == half && (q & 1));
  } else {
    drop = 0;
  }
  double r = ldexp((double)q, x.e + drop);
  return r >= ldexp(1, f.high) || isinf(r) ? INFINITY : r;
}

/* A float64 that is a number of the format, as bits of a 16-bit dtype. */
static int64_t pattern(int dtype, double r) {
  int mant = dtype == PN_F16 ? 10 : 7, top = dtype == PN_F16 ? 31 : 255;
  format f = format_of(dtype);
  if (isinf(r)) return (int64_t)top << mant;
  if (r == 0) return 0;
  int e;
  double m = frexp(r, &e);
  if (e < f.low) return (int64_t)ldexp(r, f.digits - f.low);
  return ((int64_t)(e - f.low + 1) << mant) + (int64_t)ldexp(m, f.digits) - (1 << mant);
}

/* The integer part of x where it fits between -2^bits and 2^bits - 1. */
static int64_t truncated(exact x, int bits) {
  const int64_t none = bits == 63 ? INT64_MIN : INT32_MIN;
  if (x.nan || x.infinite) return none;
  uint64_t m = x.m;
  if (x.e < 0) m = x.e <= -64 ? 0 : m >> -x.e;
  for (int k = 0; k < x.e && m; k++) m = m >> 63 ? UINT64_MAX : m << 1;
  uint64_t limit = 1ull << bits;
  if (m > limit || (m == limit && !x.negative)) return none;
  return x.negative ? (int64_t)(0 - m) : (int64_t)m;
}

static value expected(int from, int to, const void *p, int64_t i) {
  exact x = exact_of(from, p, i);
  if (to == PN_BOOL) return (value){0, x.nan || x.infinite || x.m != 0};
  if (!is_float(to)) {
    if (!is_float(from)) return (value){0, value_get(from, p, i).i};
    return (value){0, truncated(x, to == PN_I64 ? 63 : 31)};
  }
  bool zero_sign = x.negative && is_float(from);
  if (is_real(to)) {
    double r = x.nan ? NAN : nearest(x, format_of(to));
    return (value){x.negative || zero_sign ? -r : r, 0};
  }
  int64_t bits = pattern(to, x.nan ? INFINITY : nearest(x, format_of(to)));
  return (value){0, bits | (x.negative ? 0x8000 : 0)};
}

static bool same_cast(int to, const void *got, int64_t i, value want, bool nan) {
  value v = value_get(to, got, i);
  if (nan && is_real(to)) return isnan(v.f);
  if (nan && to == PN_F16) return (v.i & 0x7c00) == 0x7c00 && (v.i & 0x3ff);
  if (nan && to == PN_BF16) return (v.i & 0x7f80) == 0x7f80 && (v.i & 0x7f);
  double stored;
  value_set(to, &stored, 0, want);
  return memcmp((const char *)got + (size_t)i * dtype_size(to), &stored, dtype_size(to)) == 0;
}

/* Half a step of bfloat16 or float16, exactly, or less than a float32 can tell
 * above or below it. */
static double half_way(void) {
  int digits = case_pick(2) ? 8 : 11;
  double x = ldexp((double)case_pick(1 << digits) + 0.5, (int)case_pick(40) - 20 - digits);
  return x * (1 + (double)(case_pick(3) - 1) * 0x1p-40);
}

/* Values near the limits of every destination, halfway cases, random bits. */
static void draw(int from, tensor *t) {
  int64_t n = (int64_t)(t->memory.bytes / dtype_size(from));
  for (int64_t i = 0; i < n; i++) {
    value v = value_draw(from);
    int64_t limit = (int64_t)1 << case_pick(63);
    if (case_pick(3) == 0) v.f = ldexp((double)(case_random() % 8192), (int)case_pick(60) - 40);
    if (case_pick(6) == 0) v.f = (double)limit + (double)case_pick(5) - 2;
    if (case_pick(6) == 0)
      v.f = ldexp(1 + ldexp((double)case_pick(4096), -12), -(int)case_pick(160));
    if (case_pick(4) == 0) v.i = limit + case_pick(5) - 2;
    if (case_pick(8) == 0) v.i = limit + (limit >> 8) * (case_pick(16) * 2 + 1) + case_pick(3) - 1;
    if (case_pick(6) == 0) v.f = half_way();
    if (case_pick(2)) v.f = -v.f;
    if (from == PN_BOOL) v.i &= 1;
    value_set(from, t->memory.p, i, v);
  }
}

static const pn_row *row_to(int dtype) {
  static const pn_row *const rows[PN_DTYPE_COUNT] = {
      [PN_F32] = &pn_row_to_f32, [PN_F64] = &pn_row_to_f64, [PN_BF16] = &pn_row_to_bf16,
      [PN_F16] = &pn_row_to_f16, [PN_I64] = &pn_row_to_i64, [PN_I32] = &pn_row_to_i32,
      [PN_I8] = &pn_row_to_i8,   [PN_U8] = &pn_row_to_u8,   [PN_BOOL] = &pn_row_to_bool,
  };
  return rows[dtype];
}

static void check_cast(int from, int to, int64_t rows, int64_t cols, int style) {
  int64_t shape[2] = {rows, cols};
  tensor x = tensor_new(from, 2, shape, style), y = tensor_new(to, 2, shape, 0);
  draw(from, &x);
  pn_args a = {.p = {y.p, x.p}, .dtype = (uint32_t)from};
  a.n[PN_EW_ROWS] = rows;
  a.n[PN_EW_COLS] = cols;
  for (int d = 0; d < 2; d++) {
    a.n[PN_EW_STRIDE + d] = y.stride[d];
    a.n[PN_EW_STRIDE + 2 + d] = x.stride[d];
  }
  run_row(row_to(to), &a, 0, 0);
  for (int64_t i = 0; i < y.size; i++) {
    int64_t at = tensor_offset(&x, i);
    value want = expected(from, to, x.p, at), v = value_get(from, x.p, at);
    bool nan = exact_of(from, x.p, at).nan;
    CHECK_MSG(same_cast(to, y.p, i, want, nan && is_float(to)),
              "%s of dtype %d on %s: %a / %" PRId64, row_to(to)->name, from, pn_active->name, v.f,
              v.i);
  }
  tensor_free(&x);
  tensor_free(&y);
}

/* Every bit pattern of the 16-bit floats, to float32 and back. */
static void check_all_halves(int dtype) {
  static uint16_t half[65536], back[65536];
  static float wide[65536];
  for (int i = 0; i < 65536; i++) half[i] = (uint16_t)i;
  pn_args a = {.p = {wide, half}, .dtype = (uint32_t)dtype};
  a.n[PN_EW_ROWS] = 1;
  a.n[PN_EW_COLS] = 65536;
  a.n[PN_EW_STRIDE + 1] = a.n[PN_EW_STRIDE + 3] = 1;
  run_row(&pn_row_to_f32, &a, 0, 0);
  a.p[0] = back;
  a.p[1] = wide;
  a.dtype = PN_F32;
  run_row(row_to(dtype), &a, 0, 0);
  for (int i = 0; i < 65536; i++) {
    bool nan = exact_of(dtype, half, i).nan;
    value want = expected(dtype, PN_F32, half, i);
    CHECK(same_cast(PN_F32, wide, i, want, nan));
    CHECK(nan ? same_cast(dtype, back, i, want, true) : back[i] == half[i]);
  }
}

void suite_cast(void);
void suite_cast(void) {
  for (int level = 0; level < pn_level_count(); level++) {
    if (!use_level(level)) continue;
    case_seed(5);
    for (int from = 0; from < PN_DTYPE_COUNT; from++)
      for (int to = 0; to < PN_DTYPE_COUNT; to++) {
        for (int64_t n = 0; n < 20; n++) check_cast(from, to, 1, n, n & 1);
        for (int k = 0; k < 4; k++)
          check_cast(from, to, 1 + case_pick(9), 40 + case_pick(60), k & 1);
        check_cast(from, to, 1, 4100, 0);
      }
    check_all_halves(PN_BF16);
    check_all_halves(PN_F16);
  }
  pn_select_level(NULL);
}

/* Vector mathematics: the error bounds of simd/vmath.h in ulp against long
 * double, special values, and one hash of a fixed stream on every level and
 * machine.  --verbose prints the largest error of each function. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/elementwise.h"
#include "tests/kernel_case.h"
#include "tests/simd_probe.h"
#include "tests/test.h"

enum { EXP, LOG, SIGMOID, TANH, POW, LOG1P, FUNCTIONS, BATCH = 1024 };

static const struct function {
  const char *name;
  pn_kernel_id kernel; /* log1p is no kernel of its own: the probe has it */
  double bound;        /* ulp, subnormal results included */
  uint64_t hash[2];    /* of the stream of check_hashes: float32, float64 */
} functions[FUNCTIONS] = {
    {"exp", PN_K_exp, 1.0, {0x4da0d5948ea93078u, 0xbc84e0377a64bba7u}},
    {"log", PN_K_log, 1.0, {0xd94ac91e37d83173u, 0xd696c15a98af5ff8u}},
    {"sigmoid", PN_K_sigmoid, 2.0, {0x9ef45b6257dd15f2u, 0x2e1873ab39d5f44fu}},
    {"tanh", PN_K_tanh, 2.0, {0x4c84492b8c890f70u, 0x2c7629b88f613c1cu}},
    {"pow", PN_K_pow, 2.0, {0xb0070c9d7cbbd543u, 0xd10f6d0d98c695d0u}},
    {"log1p", PN_K_COUNT, 2.0, {0x29f347074dfac55cu, 0x8d4c2c69443bc757u}},
};

static void apply(int f, int dtype, const void *x, const void *y, void *out, int64_t n) {
  if (f == LOG1P) {
    const pn_probes *p = pn_probes_of(pn_active->name);
    if (dtype == PN_F32)
      p->f32(PROBE_log1p, x, y, y, out, n);
    else
      p->f64(PROBE_log1p, x, y, y, out, n);
    return;
  }
  pn_args a = {.p = {out, (void *)x, (void *)y}, .dtype = (uint32_t)dtype};
  a.n[PN_EW_ROWS] = 1;
  a.n[PN_EW_COLS] = n;
  for (int i = 0; i < 3; i++) a.n[PN_EW_STRIDE + 2 * i + 1] = 1;
  pn_active->fn[functions[f].kernel][dtype](&a, 0, 1, NULL);
}

static long double exact(int f, long double x, long double y) {
  switch (f) {
    case EXP:
      return expl(x);
    case LOG:
      return logl(x);
    case SIGMOID:
      return x >= 0 ? 1 / (1 + expl(-x)) : expl(x) / (1 + expl(x));
    case TANH:
      return tanhl(x);
    case LOG1P:
      return log1pl(x);
    default:
      return powl(x, y);
  }
}

/* Distance in units of the last place of the true result, in the type; an
 * infinity stands one unit above the largest number. */
static double ulps(int dtype, double got, long double want) {
  const int mant = dtype == PN_F32 ? 24 : 53, low = dtype == PN_F32 ? -125 : -1021;
  const int high = dtype == PN_F32 ? 128 : 1024;
  if (isnan(got) || isnan(want)) return isnan(got) && isnan(want) ? 0 : INFINITY;
  long double top = ldexpl(1, high), g = isinf(got) ? copysignl(top, (long double)got) : got;
  long double w = fabsl(want) > top ? copysignl(top, want) : want;
  int e;
  frexpl(w, &e);
  if (e > high) e = high;
  if (w == 0 || e < low) e = low;
  return (double)(fabsl(g - w) / ldexpl(1, e - mant));
}

/* ---- inputs ---------------------------------------------------------------------- */
static uint64_t state;
static uint64_t random64(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state * 0x2545F4914F6CDD1Dull;
}
static double uniform(double low, double high) {
  return low + (high - low) * ((double)(random64() >> 11) * 0x1p-53);
}

static double any_bits(int dtype) {
  uint64_t u = random64();
  uint32_t v = (uint32_t)(u >> 16);
  double d;
  float s;
  memcpy(&d, &u, 8);
  memcpy(&s, &v, 4);
  return dtype == PN_F32 ? (double)s : d;
}

/* Arguments where the function does something, and some of every kind. */
static double argument(int f, int dtype) {
  double wide = dtype == PN_F32 ? 105 : 750, fraction = uniform(0.5, 1);
  int scale = (int)(random64() % 2000) - 1000;
  switch (random64() >> 61) {
    case 0:
      return any_bits(dtype);
    case 1:
      return uniform(-wide, wide);
    case 2:
      return uniform(-2, 2);
    case 3:
      return uniform(-20, 20);
    case 4:
      return 1 + uniform(-0.4, 0.4);
    case 5:
      return uniform(-1e-3, 1e-3);
    case 6:
      return ldexp(fraction, scale % 60) * (scale & 1 ? -1 : 1);
    default:
      return f == LOG ? ldexp(fraction, scale) : uniform(-5, 5);
  }
}

/* Pairs for pow: results over the whole range, bases near 1, small integers.
 * No library function but ldexp: the hashes need the same inputs everywhere. */
static void arguments_of_pow(int dtype, double *x, double *y) {
  double wide = dtype == PN_F32 ? 92 : 750;
  int reach = dtype == PN_F32 ? 126 : 1022, k = (int)(random64() % (uint64_t)(2 * reach)) - reach;
  switch (random64() >> 61) {
    case 0:
      *x = any_bits(dtype), *y = any_bits(dtype);
      break;
    case 1:
      *x = ldexp(uniform(1, 2), k), *y = uniform(-wide, wide) / ((k + 0.4) * 0.693);
      break;
    case 2:
      *x = 1 + uniform(-0.01, 0.01), *y = uniform(-wide, wide) / (*x - 1);
      break;
    case 3:
      *x = ldexp(uniform(1, 2), k % 8), *y = uniform(-20, 20);
      break;
    case 4:
      *x = uniform(-3, 3), *y = (double)(random64() % 41) - 20;
      break;
    case 5:
      *x = uniform(0, 2), *y = uniform(-wide, wide);
      break;
    default:
      *x = uniform(0, 4), *y = uniform(-10, 10);
  }
}

typedef struct batch {
  int dtype;
  double x[BATCH], y[BATCH], out[BATCH]; /* bytes of the type; see put and get */
} batch;
static double get(const batch *b, const double *v, int i) {
  return b->dtype == PN_F32 ? (double)((const float *)v)[i] : v[i];
}
static void put(const batch *b, double *v, int i, double value) {
  if (b->dtype == PN_F32)
    ((float *)v)[i] = (float)value;
  else
    v[i] = value;
}

static void draw(int f, batch *b) {
  for (int i = 0; i < BATCH; i++) {
    double x, y = 0;
    if (f == POW)
      arguments_of_pow(b->dtype, &x, &y);
    else
      x = argument(f, b->dtype);
    put(b, b->x, i, x);
    put(b, b->y, i, y);
  }
}

/* ---- checks ----------------------------------------------------------------------- */
typedef struct worst {
  double ulp, x, y;
} worst;

static void measure(int f, const batch *b, worst *w) {
  for (int i = 0; i < BATCH; i++) {
    double x = get(b, b->x, i), y = get(b, b->y, i);
    double u = ulps(b->dtype, get(b, b->out, i), exact(f, x, y));
    if (!(u <= w->ulp)) *w = (worst){u, x, y};
  }
}

/* Quadruple precision is software, 50 times slower; double alone cannot judge
 * float64. */
static int batches(int dtype, int f) {
  if (LDBL_MANT_DIG < 64 && dtype == PN_F64) return 0;
  if (LDBL_MANT_DIG > 64) return 20;
  return f == POW ? 300 : 1000;
}

static void check_bounds(int f, int dtype) {
  static batch b;
  worst w = {0, 0, 0};
  b.dtype = dtype;
  for (int i = 0; i < batches(dtype, f); i++) {
    draw(f, &b);
    apply(f, dtype, b.x, b.y, b.out, BATCH);
    measure(f, &b, &w);
  }
  /* float32: a walk through all bit patterns as well. */
  uint32_t step = LDBL_MANT_DIG > 64 ? 400009 : 6007;
  for (uint64_t bits = 0; dtype == PN_F32 && f != POW && bits >> 32 == 0;) {
    for (int i = 0; i < BATCH; i++, bits += step) {
      uint32_t u = (uint32_t)bits;
      memcpy((float *)b.x + i, &u, 4);
    }
    apply(f, dtype, b.x, b.y, b.out, BATCH);
    measure(f, &b, &w);
  }
  CHECK_MSG(w.ulp <= functions[f].bound, "%s %s: %.4f ulp at %a, %a", functions[f].name,
            dtype == PN_F32 ? "float32" : "float64", w.ulp, w.x, w.y);
  if (pn_test_verbose)
    printf("  %-8s %s max %.4f ulp at %a, %a\n", functions[f].name,
           dtype == PN_F32 ? "float32" : "float64", w.ulp, w.x, w.y);
}

static uint64_t hash_stream(int f, int dtype) {
  static batch b;
  uint64_t h = 0xcbf29ce484222325ull;
  b.dtype = dtype;
  state = 88172645463325252ull;
  for (int k = 0; k < 20; k++) {
    draw(f, &b);
    apply(f, dtype, b.x, b.y, b.out, BATCH);
    for (int i = 0; i < BATCH; i++) {
      uint64_t u = 0;
      double v = get(&b, b.out, i);
      if (v == v) memcpy(&u, &v, 8);
      h = (h ^ u ^ h >> 29) * 0x9e3779b97f4a7c15ull;
    }
  }
  return h;
}

static void check_hashes(const char *level) {
  for (int f = 0; f < FUNCTIONS; f++)
    for (int t = 0; t < 2; t++) {
      uint64_t h = hash_stream(f, t ? PN_F64 : PN_F32);
      CHECK_MSG(h == functions[f].hash[t], "%s %s on %s: hash 0x%016" PRIx64, functions[f].name,
                t ? "float64" : "float32", level, h);
    }
}

static void check_value(int f, double x, double y, double want) {
  for (int t = 0; t < 2; t++) {
    int dtype = t ? PN_F64 : PN_F32;
    static batch b;
    b.dtype = dtype;
    put(&b, b.x, 0, x);
    put(&b, b.y, 0, y);
    apply(f, dtype, b.x, b.y, b.out, 1);
    double got = get(&b, b.out, 0), w = t ? want : (double)(float)want;
    CHECK_MSG((got == w && signbit(got) == signbit(w)) || (isnan(got) && isnan(w)),
              "%s(%g, %g) = %g, not %g", functions[f].name, x, y, got, want);
  }
}

static void check_special(void) {
  static const double unary[][3] = {
      {EXP, 0.0, 1},
      {EXP, -0.0, 1},
      {EXP, INFINITY, INFINITY},
      {EXP, -INFINITY, 0},
      {EXP, NAN, NAN},
      {EXP, 1e30, INFINITY},
      {EXP, -1e30, 0},
      {EXP, 1e-30, 1},
      {LOG, 1, 0},
      {LOG, 0.0, -INFINITY},
      {LOG, -0.0, -INFINITY},
      {LOG, -1, NAN},
      {LOG, -INFINITY, NAN},
      {LOG, INFINITY, INFINITY},
      {LOG, NAN, NAN},
      {SIGMOID, 0.0, 0.5},
      {SIGMOID, -0.0, 0.5},
      {SIGMOID, INFINITY, 1},
      {SIGMOID, -INFINITY, 0},
      {SIGMOID, NAN, NAN},
      {SIGMOID, 1e30, 1},
      {SIGMOID, -1e30, 0},
      {SIGMOID, 50, 1},
      {TANH, 0.0, 0.0},
      {TANH, -0.0, -0.0},
      {TANH, INFINITY, 1},
      {TANH, -INFINITY, -1},
      {TANH, NAN, NAN},
      {TANH, 1e30, 1},
      {TANH, -25, -1},
      {TANH, 0x1p-140, 0x1p-140},
      {TANH, -0x1p-149, -0x1p-149},
      {LOG1P, 0.0, 0.0},
      {LOG1P, -0.0, -0.0},
      {LOG1P, -1, -INFINITY},
      {LOG1P, -2, NAN},
      {LOG1P, INFINITY, INFINITY},
      {LOG1P, NAN, NAN},
      {LOG1P, 0x1p-140, 0x1p-140},
  };
  for (size_t i = 0; i < sizeof unary / sizeof unary[0]; i++)
    check_value((int)unary[i][0], unary[i][1], 0, unary[i][2]);
  /* pow as C's, over all pairs of special bases and exponents. */
  static const double values[] = {0.0, -0.0, 1, -1, 2,   -2,  0.5,      -0.5,      3,  -3,
                                  1.5, -1.5, 4, -4, 1e9, 101, INFINITY, -INFINITY, NAN};
  const int n = (int)(sizeof values / sizeof values[0]);
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      double x = values[i], y = values[j], want = pow(x, y);
      bool trivial = isnan(want) || isinf(want) || want == 0 || fabs(want) == 1;
      if (trivial || y == 2 || y == 1 || y == -1) check_value(POW, x, y, want);
    }
}

void suite_vmath(void);
void suite_vmath(void) {
  bool measured = false;
  for (int level = 0; level < pn_level_count(); level++) {
    if (!use_level(level)) continue;
    check_special();
    check_hashes(pn_level_name(level));
    if (measured) continue; /* equal hashes: the other levels have the same bits */
    measured = true;
    for (int f = 0; f < FUNCTIONS; f++) {
      check_bounds(f, PN_F32);
      check_bounds(f, PN_F64);
    }
  }
  pn_select_level(NULL);
}

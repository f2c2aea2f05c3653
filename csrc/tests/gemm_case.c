/* See gemm_case.h. */
#include "tests/gemm_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/runtime.h"
#include "simd/fma.h"
#include "tests/guard.h"
#include "tests/test.h"

static uint32_t state = 1;
void gemm_random_seed(uint32_t seed) { state = seed * 2 + 1; }
uint32_t gemm_random(void) {
  state = state * 1664525u + 1013904223u;
  return state >> 8;
}
int64_t gemm_pick(int64_t n) { return (int64_t)(gemm_random() % (uint32_t)n); }

static size_t item_size(int dtype) { return dtype == PN_F64 ? 8 : 4; }

static char *address(const operand *o, int64_t batch, int64_t i, int64_t j) {
  return o->base + (batch * o->bs + i * o->rs + j * o->cs) * (int64_t)item_size(o->dtype);
}
double operand_get(const operand *o, int64_t batch, int64_t i, int64_t j) {
  const char *p = address(o, batch, i, j);
  if (o->dtype == PN_F64) return *(const double *)p;
  return *(const float *)p;
}
void operand_set(operand *o, int64_t batch, int64_t i, int64_t j, double x) {
  char *p = address(o, batch, i, j);
  if (o->dtype == PN_F64)
    *(double *)p = x;
  else
    *(float *)p = (float)x;
}

static void layout_strides(layout l, int64_t rows, int64_t cols, int dtype, int64_t *rs,
                           int64_t *cs) {
  const int64_t pitch = 4096 / (int64_t)item_size(dtype);
  const int64_t pc = (cols + pitch - 1) / pitch * pitch, pr = (rows + pitch - 1) / pitch * pitch;
  const int64_t table[LAY_COUNT][2] = {
      [LAY_ROWS] = {cols, 1},         [LAY_ROWS_PADDED] = {cols + 3, 1},
      [LAY_COLS] = {1, rows},         [LAY_COLS_PADDED] = {1, rows + 5},
      [LAY_BOTH] = {2 * cols + 1, 2}, [LAY_ROWS_BACK] = {-cols, 1},
      [LAY_COLS_BACK] = {cols, -1},   [LAY_ROWS_SAME] = {0, 1},
      [LAY_COLS_SAME] = {1, 0},       [LAY_ROWS_PITCH] = {pc, 1},
      [LAY_COLS_PITCH] = {1, pr}};
  *rs = table[l][0];
  *cs = table[l][1];
}

/* Lowest and highest element offset. */
static void extent(const operand *o, int64_t *low, int64_t *high) {
  const int64_t size[3] = {o->batch, o->rows, o->cols}, stride[3] = {o->bs, o->rs, o->cs};
  *low = *high = 0;
  for (int d = 0; d < 3; d++) {
    const int64_t far = (size[d] - 1) * stride[d];
    *(far < 0 ? low : high) += far;
  }
}

/* Needs rows, cols, rs, cs, batch, bs, dtype. */
static void operand_open(operand *o) {
  int64_t low = 0, high = -1;
  if (o->rows && o->cols && o->batch) extent(o, &low, &high);
  o->span = high - low + 1;
  o->low =
      guard_alloc((size_t)o->span * item_size(o->dtype), gemm_pick(2) == 0, &o->map, &o->bytes);
  o->base = o->low - low * (int64_t)item_size(o->dtype);
}
static void operand_close(operand *o) {
  if (o->map) guard_free(o->map, o->bytes);
}

/* Reals of mixed magnitude, so that every rounding shows. */
static double random_real(int dtype) {
  const double x = (double)gemm_random() / (1 << 23) - 1;
  const double y = ldexp(x, (int)gemm_pick(7) - 3);
  return dtype == PN_F64 ? y + ldexp(x, -30) : (double)(float)y;
}
static void operand_fill(operand *o) {
  for (int64_t e = 0; e < o->span; e++) {
    if (o->dtype == PN_F64)
      ((double *)o->low)[e] = random_real(PN_F64);
    else
      ((float *)o->low)[e] = (float)random_real(PN_F32);
  }
}

/* ---- the reference ------------------------------------------------------- */

static double round_to(int dtype, double x) { return dtype == PN_F64 ? x : (double)(float)x; }
static double fused(int dtype, double a, double b, double c) {
  if (dtype == PN_F64) return pn_fma_f64(a, b, c);
  return pn_fma_f32((float)a, (float)b, (float)c);
}

/* One K block: one accumulator, in the order of k. */
static double block_sum(const gemm_case *c, int64_t q, int64_t i, int64_t j, int64_t k0,
                        int64_t k1) {
  double s = 0;
  for (int64_t k = k0; k < k1; k++)
    s = fused(c->dtype, operand_get(&c->a, q, i, k), operand_get(&c->b, q, k, j), s);
  return s;
}

/* M = N = 1 and K > PN_KBLOCK: one chunk, lane by lane (docs/numerics.md). */
static double chunk_sum(const gemm_case *c, int64_t q, int64_t k0, int64_t k1) {
  const int64_t lanes = PN_VBYTES / (int64_t)item_size(c->dtype), width = lanes * PN_VACC;
  double s[PN_VACC * PN_VBYTES / 4] = {0};
  for (int64_t k = k0; k < k0 + (k1 - k0 + lanes - 1) / lanes * lanes; k++) {
    const double x = k < k1 ? operand_get(&c->a, q, 0, k) : 0;
    const double y = k < k1 ? operand_get(&c->b, q, k, 0) : 0;
    s[(k - k0) % width] = fused(c->dtype, x, y, s[(k - k0) % width]);
  }
  for (int64_t e = 0; e < lanes; e++) {
    const double low = round_to(c->dtype, s[e] + s[e + lanes]);
    s[e] = round_to(c->dtype, low + round_to(c->dtype, s[e + 2 * lanes] + s[e + 3 * lanes]));
  }
  for (int64_t half = lanes / 2; half; half /= 2)
    for (int64_t e = 0; e < half; e++) s[e] = round_to(c->dtype, s[e] + s[e + half]);
  return s[0];
}

static double reference(const gemm_case *c, int64_t q, int64_t i, int64_t j) {
  const bool dot = c->m == 1 && c->n == 1 && c->k > PN_KBLOCK;
  const int64_t step = dot ? PN_CHUNK : PN_KBLOCK;
  double s = 0;
  for (int64_t k0 = 0; k0 < c->k; k0 += step) {
    const int64_t k1 = k0 + step < c->k ? k0 + step : c->k;
    const double x = dot ? chunk_sum(c, q, k0, k1) : block_sum(c, q, i, j, k0, k1);
    s = k0 ? round_to(c->dtype, s + x) : x;
  }
  if (c->alpha != 1) s = round_to(c->dtype, s * round_to(c->dtype, c->alpha));
  if (c->accumulate) s = round_to(c->dtype, operand_get(&c->c, q, i, j) + s);
  if (c->bias) s = round_to(c->dtype, s + operand_get(&c->bv, 0, 0, j));
  return s;
}

/* ---- a case --------------------------------------------------------------- */

void gemm_case_open(gemm_case *c) {
  const int64_t ldc = c->c_pad < 0 ? c->n - c->c_pad : c->n + c->c_pad;
  c->a = (operand){.rows = c->m, .cols = c->k, .batch = c->batch, .dtype = c->dtype};
  c->b = (operand){.rows = c->k, .cols = c->n, .batch = c->batch, .dtype = c->dtype};
  layout_strides(c->la, c->m, c->k, c->dtype, &c->a.rs, &c->a.cs);
  layout_strides(c->lb, c->k, c->n, c->dtype, &c->b.rs, &c->b.cs);
  c->a.bs = c->a_broadcast ? 0 : c->m * c->k + 7;
  c->b.bs = c->b_broadcast ? 0 : c->k * c->n + 3;
  c->c = (operand){
      c->m, c->n, c->c_pad < 0 ? -ldc : ldc, 1, c->m * ldc, c->batch, c->dtype, NULL, 0, NULL,
      0,    NULL};
  c->z = c->c;
  c->bv = (operand){1, c->n, 0, c->bias == 1, 0, 1, c->dtype, NULL, 0, NULL, 0, NULL};
  operand *all[5] = {&c->a, &c->b, &c->c, &c->bv, &c->z};
  for (int i = 0; i < 5; i++) {
    operand_open(all[i]);
    operand_fill(all[i]);
  }
  const size_t bytes = (size_t)c->c.span * item_size(c->dtype);
  c->before = malloc(bytes + 1);
  memcpy(c->before, c->c.low, bytes);
  const int64_t size = c->batch * c->m * c->n;
  c->want = malloc((size_t)size * sizeof(double) + 8);
  gemm_case_refer(c);
}

void gemm_case_refer(gemm_case *c) {
  for (int64_t e = 0; e < c->batch * c->m * c->n; e++)
    c->want[e] = reference(c, e / (c->m * c->n), e / c->n % c->m, e % c->n);
}

void gemm_case_close(gemm_case *c) {
  operand_close(&c->a);
  operand_close(&c->b);
  operand_close(&c->c);
  operand_close(&c->z);
  operand_close(&c->bv);
  free(c->want);
  free(c->before);
}

pn_args gemm_case_record(const gemm_case *c) {
  pn_args r = {0};
  r.dtype = (uint32_t)c->dtype;
  r.flags = (uint32_t)c->act | (c->accumulate ? PN_GEMM_ACCUMULATE : 0);
  r.p[PN_GEMM_C] = c->c.base;
  r.p[PN_GEMM_Z] = c->with_z ? c->z.base : NULL;
  r.p[PN_GEMM_A] = c->a.base;
  r.p[PN_GEMM_B] = c->b.base;
  r.p[PN_GEMM_BIAS] = c->bias ? c->bv.base : NULL;
  r.f[PN_GEMM_ALPHA] = c->alpha;
  const int64_t n[13] = {c->m,    c->n,     c->k,    c->a.rs, c->a.cs, c->b.rs, c->b.cs,
                         c->c.rs, c->batch, c->a.bs, c->b.bs, c->c.bs, c->bv.cs};
  memcpy(r.n, n, sizeof n);
  return r;
}

void gemm_case_describe(const gemm_case *c, char *text, size_t size) {
  snprintf(text, size,
           "%s %s batch %d, %d x %d x %d, layouts %d %d, alpha %g, accumulate %d, bias %d, act %d, "
           "z %d, c_pad %d",
           pn_active_level()->name, c->dtype == PN_F64 ? "f64" : "f32", (int)c->batch, (int)c->m,
           (int)c->n, (int)c->k, c->la, c->lb, c->alpha, c->accumulate, c->bias, c->act, c->with_z,
           (int)c->c_pad);
}

/* Casts, named by destination, compiled once per source type: what a value
 * becomes is in convert.h.  Plain loops; the compiler finds the vectors. */
#include "kernels/cast/convert.h"
#include "kernels/ew_walk.h"
#include "kernels/kernel.h"

/* Rows of the record: o = first output, x = first input, n columns. */
typedef void (*cast_row)(void *o, const item *x, int64_t n, int64_t so, int64_t sx);

PN_INLINE void cast_run(const pn_args *a, int64_t begin, int64_t end, int64_t size, cast_row row) {
  const int64_t *s = &a->n[PN_EW_STRIDE];
  const item *in = pn_ew_input(a, 1);
  pn_ew_walk w;
  for (pn_ew_begin(a, 2, begin, end, &w); w.rows > 0; pn_ew_next(a, &w)) {
    char *o = (char *)a->p[0] + w.offset[0] * size;
    const item *x = in + w.offset[1];
    for (int64_t r = 0; r < w.rows; r++, o += s[0] * size, x += s[2]) row(o, x, w.cols, s[1], s[3]);
  }
}

static void row_f32(void *o, const item *x, int64_t n, int64_t so, int64_t sx) {
  float *y = o;
  if (so == 1 && sx == 1) {
    PN_IVDEP
    for (int64_t i = 0; i < n; i++) y[i] = as_f32(x[i]);
  } else {
    for (int64_t i = 0; i < n; i++) y[i * so] = as_f32(x[i * sx]);
  }
}

static void row_f64(void *o, const item *x, int64_t n, int64_t so, int64_t sx) {
  double *y = o;
  if (so == 1 && sx == 1) {
    PN_IVDEP
    for (int64_t i = 0; i < n; i++) y[i] = as_f64(x[i]);
  } else {
    for (int64_t i = 0; i < n; i++) y[i * so] = as_f64(x[i * sx]);
  }
}

static void row_bf16(void *o, const item *x, int64_t n, int64_t so, int64_t sx) {
  uint16_t *y = o;
  if (so == 1 && sx == 1) {
    PN_IVDEP
    for (int64_t i = 0; i < n; i++) y[i] = as_bf16(x[i]);
  } else {
    for (int64_t i = 0; i < n; i++) y[i * so] = as_bf16(x[i * sx]);
  }
}

static void row_f16(void *o, const item *x, int64_t n, int64_t so, int64_t sx) {
  uint16_t *y = o;
  if (so == 1 && sx == 1) {
    PN_IVDEP
    for (int64_t i = 0; i < n; i++) y[i] = as_f16(x[i]);
  } else {
    for (int64_t i = 0; i < n; i++) y[i * so] = as_f16(x[i * sx]);
  }
}

static void row_i64(void *o, const item *x, int64_t n, int64_t so, int64_t sx) {
  int64_t *y = o;
  if (so == 1 && sx == 1) {
    PN_IVDEP
    for (int64_t i = 0; i < n; i++) y[i] = as_i64(x[i]);
  } else {
    for (int64_t i = 0; i < n; i++) y[i * so] = as_i64(x[i * sx]);
  }
}

static void row_i32(void *o, const item *x, int64_t n, int64_t so, int64_t sx) {
  int32_t *y = o;
  if (so == 1 && sx == 1) {
    PN_IVDEP
    for (int64_t i = 0; i < n; i++) y[i] = as_i32(x[i]);
  } else {
    for (int64_t i = 0; i < n; i++) y[i * so] = as_i32(x[i * sx]);
  }
}

static void row_byte(void *o, const item *x, int64_t n, int64_t so, int64_t sx) {
  uint8_t *y = o;
  if (so == 1 && sx == 1) {
    PN_IVDEP
    for (int64_t i = 0; i < n; i++) y[i] = as_byte(x[i]);
  } else {
    for (int64_t i = 0; i < n; i++) y[i * so] = as_byte(x[i * sx]);
  }
}

static void row_bool(void *o, const item *x, int64_t n, int64_t so, int64_t sx) {
  uint8_t *y = o;
  if (so == 1 && sx == 1) {
    PN_IVDEP
    for (int64_t i = 0; i < n; i++) y[i] = as_bool(x[i]);
  } else {
    for (int64_t i = 0; i < n; i++) y[i * so] = as_bool(x[i * sx]);
  }
}

PN_KERNEL(to_f32) { cast_run(a, begin, end, 4, row_f32); }
PN_KERNEL(to_f64) { cast_run(a, begin, end, 8, row_f64); }
PN_KERNEL(to_bf16) { cast_run(a, begin, end, 2, row_bf16); }
PN_KERNEL(to_f16) { cast_run(a, begin, end, 2, row_f16); }
PN_KERNEL(to_i64) { cast_run(a, begin, end, 8, row_i64); }
PN_KERNEL(to_i32) { cast_run(a, begin, end, 4, row_i32); }
PN_KERNEL(to_i8) { cast_run(a, begin, end, 1, row_byte); }
PN_KERNEL(to_u8) { cast_run(a, begin, end, 1, row_byte); }
PN_KERNEL(to_bool) { cast_run(a, begin, end, 1, row_bool); }

/* softmax and log_softmax: the exact maximum first, then the exponentials and
 * their sum in the order of reduce.h, then one division (softmax) or one
 * logarithm for all (log_softmax). */
#include "kernels/softmax.h"

#include "kernels/real/softmax.h"

PN_INLINE void divide(real *y, real s, int64_t n) {
  vreal d = v_set1(s);
  int64_t i = 0;
  for (; i + PN_VN <= n; i += PN_VN) v_store(y + i, v_div(v_load(y + i), d));
  if (i < n) v_store_n(y + i, v_div(v_load_n(y + i, n - i), d), n - i);
}

PN_INLINE void exponentials(real *y, const real *x, real m, int64_t n) {
  vreal s = v_set1(m);
  int64_t i = 0;
  for (; i + PN_VN <= n; i += PN_VN) v_store(y + i, v_exp(v_sub(v_load(x + i), s)));
  if (i < n) v_store_n(y + i, v_exp(v_sub(v_load_n(x + i, n - i), s)), n - i);
}

PN_INLINE void softmax_short(int parts, real *y, const real *x, int64_t n) {
  vvec e[2];
  real m, s;
  short_row(parts, x, n, e, &m, &s);
  vreal d = v_set1(s);
  for (int k = 0; k < parts; k++)
    for (int j = 0; j < PN_VREGS; j++) {
      int64_t i = k * PN_VV + j * PN_VN;
      if (i < n) store_lanes(y + i, v_div(e[k].v[j], d), pn_min64(n - i, PN_VN));
    }
}

static void softmax_row(real *y, const real *x, int64_t n) {
  if (n <= 2 * PN_VV && PN_VN > 1) {
    if (n <= PN_VV)
      softmax_short(1, y, x, n);
    else
      softmax_short(2, y, x, n);
    return;
  }
  real m = row_max(x, n), total = 0;
  for (int64_t i = 0; i < n; i += PN_CHUNK) {
    int64_t part = pn_min64(n - i, PN_CHUNK);
    exponentials(y + i, x + i, m, part);
    real s = sum_values(y + i, part);
    total = i == 0 ? s : total + s;
  }
  divide(y, total, n);
}

PN_INLINE void shift_row(real *y, const real *x, real max, real log_sum, int64_t n) {
  vreal m = v_set1(max), s = v_set1(log_sum);
  int64_t i = 0;
  for (; i + PN_VN <= n; i += PN_VN) v_store(y + i, v_sub(v_sub(v_load(x + i), m), s));
  if (i < n) v_store_n(y + i, v_sub(v_sub(v_load_n(x + i, n - i), m), s), n - i);
}

static void log_softmax_rows(real *y, const real *x, int64_t stride, int64_t rows, int64_t n) {
  real m[ROW_BLOCK], s[ROW_BLOCK];
  for (int64_t i = 0; i < rows; i++) row_statistics(x + i * stride, n, m + i, s + i);
  logarithms(s, rows);
  for (int64_t i = 0; i < rows; i++) shift_row(y + i * n, x + i * stride, m[i], s[i], n);
}

typedef struct writing {
  strip in;
  real *y;
  int64_t ld;
} writing;

PN_INLINE vreal strip_write_exp(void *context, int64_t row, int64_t cols) {
  writing *c = context;
  vreal e = strip_exp(&c->in, row, cols);
  store_lanes(c->y + row * c->ld, e, cols);
  return e;
}

PN_INLINE void softmax_strip(bool log, real *y, int64_t ldy, const real *x, int64_t ldx,
                             int64_t rows, int64_t cols) {
  vreal m = strip_max(x, ldx, rows, cols), s;
  writing c = {{x, ldx, m}, y, ldy};
  if (log)
    s = v_log(strip_exp_sum(x, ldx, m, rows, cols));
  else
    s = strip_sum(strip_write_exp, &c, rows, cols);
  for (int64_t i = 0; i < rows; i++) {
    real *to = y + i * ldy;
    vreal v = load_lanes(log ? x + i * ldx : to, cols);
    store_lanes(to, log ? v_sub(v_sub(v, m), s) : v_div(v, s), cols);
  }
}
PN_NOINLINE void softmax_columns(real *y, int64_t ldy, const real *x, int64_t ldx, int64_t rows,
                                 int64_t cols, bool log) {
  for (int64_t c = 0; c < cols; c += PN_VN) {
    int64_t n = pn_min64(cols - c, PN_VN);
    if (log)
      softmax_strip(true, y + c, ldy, x + c, ldx, rows, n);
    else
      softmax_strip(false, y + c, ldy, x + c, ldx, rows, n);
  }
}

static void forward_rows(const pn_args *a, int64_t begin, int64_t end, real *scratch, bool log) {
  const int64_t *stride = a->n + PN_SM_STRIDE_X;
  int64_t axis = a->n[PN_SM_AXIS];
  for (int64_t o = begin, rows; o < end; o += rows) {
    const real *x = (const real *)a->p[PN_SM_X] + o * stride[0];
    real *y = (real *)a->p[PN_SM_OUT] + o * axis;
    rows = log && stride[1] == 1 ? pn_min64(end - o, ROW_BLOCK) : 1;
    if (stride[1] != 1) x = side_by_side(scratch, x, stride[1], 0, axis, 1);
    if (log)
      log_softmax_rows(y, x, stride[0], rows, axis);
    else
      softmax_row(y, x, axis);
  }
}

static void forward(const pn_args *a, int64_t begin, int64_t end, real *scratch, bool log) {
  const int64_t *n = a->n, *stride = n + PN_SM_STRIDE_X;
  int64_t axis = n[PN_SM_AXIS], inner = n[PN_SM_INNER];
  int64_t blocks = pn_ceil_div(inner, PN_SM_COLBLOCK);
  if (inner == 1) {
    forward_rows(a, begin, end, scratch, log);
    return;
  }
  for (int64_t u = begin; u < end; u++) {
    int64_t o = u / blocks, c = (u - o * blocks) * PN_SM_COLBLOCK;
    int64_t cols = pn_min64(inner - c, PN_SM_COLBLOCK), ld = stride[1];
    const real *x = (const real *)a->p[PN_SM_X] + o * stride[0] + c * stride[2];
    if (stride[2] != 1) {
      x = side_by_side(scratch, x, ld, stride[2], axis, cols);
      ld = cols;
    }
    softmax_columns((real *)a->p[PN_SM_OUT] + o * axis * inner + c, inner, x, ld, axis, cols, log);
  }
}

PN_KERNEL(softmax) { forward(a, begin, end, scratch, false); }
PN_KERNEL(log_softmax) { forward(a, begin, end, scratch, true); }

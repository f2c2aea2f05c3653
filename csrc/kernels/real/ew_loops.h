/* The loops of real elementwise kernels: an operator on vectors, applied to the
 * rows of the record.  The last elements of a row go through the same operator
 * in a masked vector, so an element's bits do not depend on where it stands.
 *
 * op(x, y, c0, c1): the inputs and the constants f[0], f[1]; what an operator
 * does not use costs nothing, everything is inlined. */
#ifndef PN_REAL_EW_LOOPS_H
#define PN_REAL_EW_LOOPS_H

#include "kernels/ew_walk.h"
#include "kernels/kernel.h"
#include "simd/vmath.h"

typedef vreal (*ew_op)(vreal x, vreal y, vreal c0, vreal c1);

/* Lanes 0 .. n - 1 from p with a stride; the others are copies of lane 0, so
 * that no operator sees a value that is not there. */
PN_INLINE vreal ew_load(const real *p, int64_t stride, int64_t n) {
  if (stride == 1) return v_load_n(p, n);
  if (stride == 0) return v_set1(*p);
  real lane[PN_VN];
  for (int64_t i = 0; i < PN_VN; i++) lane[i] = p[i < n ? i * stride : 0];
  return v_load(lane);
}
PN_INLINE void ew_store(real *p, int64_t stride, vreal v, int64_t n) {
  if (stride == 1) {
    v_store_n(p, v, n);
    return;
  }
  real lane[PN_VN];
  v_store(lane, v);
  for (int64_t i = 0; i < n; i++) p[i * stride] = lane[i];
}

/* One row with strides 1 (or 0 where x_step, y_step say so, constants both). */
PN_INLINE void ew_row(ew_op op, real *o, const real *x, const real *y, int64_t n, int x_step,
                      int y_step, vreal c0, vreal c1) {
  int64_t i = 0;
  vreal xs = x_step ? c0 : v_set1(*x), ys = y_step ? c0 : v_set1(*y);
  for (; i + PN_VN <= n; i += PN_VN) {
    vreal xv = x_step ? v_load(x + i) : xs, yv = y_step ? v_load(y + i) : ys;
    v_store(o + i, op(xv, yv, c0, c1));
  }
  if (i < n) {
    vreal xv = x_step ? v_load_n(x + i, n - i) : xs, yv = y_step ? v_load_n(y + i, n - i) : ys;
    v_store_n(o + i, op(xv, yv, c0, c1), n - i);
  }
}

/* Any strides, one copy of the operator. */
PN_INLINE void ew_row_any(ew_op op, real *o, const real *x, const real *y, int64_t n,
                          const int64_t *col, vreal c0, vreal c1) {
  for (int64_t i = 0; i < n; i += PN_VN) {
    int64_t m = n - i < PN_VN ? n - i : PN_VN;
    vreal xv = ew_load(x + i * col[1], col[1], m), yv = ew_load(y + i * col[2], col[2], m);
    ew_store(o + i * col[0], col[0], op(xv, yv, c0, c1), m);
  }
}

/* All units; inputs = 1 or 2.  `wide` operators (pow) have one loop only. */
PN_INLINE void ew_run(const pn_args *a, int64_t begin, int64_t end, ew_op op, int inputs,
                      int wide) {
  const vreal c0 = v_set1((real)a->f[0]), c1 = v_set1((real)a->f[1]);
  const int64_t *s = &a->n[PN_EW_STRIDE];
  const int64_t row[3] = {s[0], s[2], inputs > 1 ? s[4] : 0};
  const int64_t col[3] = {s[1], s[3], inputs > 1 ? s[5] : s[3]};
  const real *in1 = pn_ew_input(a, 1), *in2 = inputs > 1 ? pn_ew_input(a, 2) : in1;
  pn_ew_walk w;
  for (pn_ew_begin(a, inputs + 1, begin, end, &w); w.rows > 0; pn_ew_next(a, &w)) {
    real *o = (real *)a->p[0] + w.offset[0];
    const real *x = in1 + w.offset[1], *y = inputs > 1 ? in2 + w.offset[2] : x;
    const int64_t n = w.cols;
    for (int64_t r = 0; r < w.rows; r++, o += row[0], x += row[1], y += row[2]) {
      if (wide || col[0] != 1 || (col[1] | col[2]) != 1)
        ew_row_any(op, o, x, y, n, col, c0, c1);
      else if (inputs == 1 || (col[1] & col[2]))
        ew_row(op, o, x, y, n, 1, 1, c0, c1);
      else if (col[1])
        ew_row(op, o, x, y, n, 1, 0, c0, c1);
      else
        ew_row(op, o, x, y, n, 0, 1, c0, c1);
    }
  }
}

PN_INLINE void ew_unary(const pn_args *a, int64_t begin, int64_t end, ew_op op) {
  ew_run(a, begin, end, op, 1, 0);
}
PN_INLINE void ew_binary(const pn_args *a, int64_t begin, int64_t end, ew_op op) {
  ew_run(a, begin, end, op, 2, 0);
}

#endif

/* The loops of real elementwise kernels: an operator on vectors, applied to the
 * rows of the record.  The last elements of a row go through the same operator
 * in a masked vector, so an element's bits do not depend on where it stands.
 *
 * op(x, y, c0, c1): the inputs and the constants f[0], f[1]; what an operator
 * does not use costs nothing, everything is inlined. */
#ifndef PN_REAL_EW_LOOPS_H
#define PN_REAL_EW_LOOPS_H

#include <stdbool.h>

#include "kernels/ew_walk.h"
#include "kernels/kernel.h"
#include "simd/vmath.h"

typedef vreal (*ew_op)(vreal x, vreal y, vreal c0, vreal c1);

/* PN_VN lanes from p with a stride, and back.  Lanes from n on are copies of lane
 * 0, so that no operator sees a value that is not there.  Functions of their own:
 * inlined, the multiples of the stride cost every call of every kernel 5 ns. */
PN_NOINLINE vreal ew_gather(const real *p, int64_t stride, int64_t n) {
  real lane[PN_VN];
  for (int64_t i = 0; i < PN_VN; i++) lane[i] = p[i < n ? i * stride : 0];
  return v_load(lane);
}
PN_NOINLINE void ew_scatter(real *p, int64_t stride, vreal v, int64_t n) {
  real lane[PN_VN];
  v_store(lane, v);
  for (int64_t i = 0; i < n; i++) p[i * stride] = lane[i];
}
PN_INLINE vreal ew_load(const real *p, int64_t stride, int64_t n) {
  return stride == 1 ? v_load_n(p, n) : stride == 0 ? v_set1(*p) : ew_gather(p, stride, n);
}
PN_INLINE void ew_store(real *p, int64_t stride, vreal v, int64_t n) {
  if (stride == 1)
    v_store_n(p, v, n);
  else
    ew_scatter(p, stride, v, n);
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
PN_INLINE void ew_row_any(ew_op op, real *o, const real *x, const real *y, int64_t n, int64_t so,
                          int64_t sx, int64_t sy, vreal c0, vreal c1) {
  for (int64_t i = 0; i < n; i += PN_VN) {
    int64_t m = n - i < PN_VN ? n - i : PN_VN;
    vreal xv = ew_load(x + i * sx, sx, m), yv = ew_load(y + i * sy, sy, m);
    ew_store(o + i * so, so, op(xv, yv, c0, c1), m);
  }
}

/* Any record: inputs = 1 or 2.  `wide` operators (pow) have one loop only. */
PN_INLINE void ew_run(const pn_args *a, int64_t begin, int64_t end, ew_op op, int inputs,
                      int wide) {
  const vreal c0 = v_set1((real)a->f[0]), c1 = v_set1((real)a->f[1]);
  const int64_t *s = &a->n[PN_EW_STRIDE];
  const int64_t ro = s[0], so = s[1], rx = s[2], sx = s[3];
  const int64_t ry = inputs > 1 ? s[4] : rx, sy = inputs > 1 ? s[5] : sx;
  const real *in1 = pn_ew_input(a, 1), *in2 = inputs > 1 ? pn_ew_input(a, 2) : in1;
  pn_ew_walk w;
  for (pn_ew_begin(a, inputs + 1, begin, end, &w); w.rows > 0; pn_ew_next(a, &w)) {
    real *o = (real *)a->p[0] + w.offset[0];
    const real *x = in1 + w.offset[1], *y = inputs > 1 ? in2 + w.offset[2] : x;
    const int64_t n = w.cols;
    for (int64_t r = 0; r < w.rows; r++, o += ro, x += rx, y += ry) {
      if (wide || so != 1 || (sx | sy) != 1)
        ew_row_any(op, o, x, y, n, so, sx, sy, c0, c1);
      else if (inputs == 1 || (sx & sy))
        ew_row(op, o, x, y, n, 1, 1, c0, c1);
      else if (sx)
        ew_row(op, o, x, y, n, 1, 0, c0, c1);
      else
        ew_row(op, o, x, y, n, 0, 1, c0, c1);
    }
  }
}

/* One short row, contiguous or with a scalar second input: straight to its loop;
 * false: any other record.  8 float64 take 2.2 ns, through ew_run 5 (add, Zen 4,
 * avx512); hence the two functions of each operator, so that the first needs no
 * stack frame. */
PN_INLINE bool ew_short(const pn_args *a, int64_t begin, int64_t end, ew_op op, int inputs) {
  const int64_t *s = &a->n[PN_EW_STRIDE], n = a->n[PN_EW_COLS];
  if (n > PN_EW_CHUNK || a->n[PN_EW_ROWS] != 1 || a->block || begin >= end) return false;
  if (s[1] != 1 || s[3] != 1) return false;
  const vreal c0 = v_set1((real)a->f[0]), c1 = v_set1((real)a->f[1]);
  if (inputs == 1)
    ew_row(op, a->p[0], a->p[1], a->p[1], n, 1, 1, c0, c1);
  else if (s[5] == 1)
    ew_row(op, a->p[0], a->p[1], a->p[2], n, 1, 1, c0, c1);
  else if (s[5] == 0)
    ew_row(op, a->p[0], a->p[1], pn_ew_input(a, 2), n, 1, 0, c0, c1);
  else
    return false;
  return true;
}

#define EW_ARGS const pn_args *a, int64_t begin, int64_t end
/* The second function of operator `name`, op_<name>. */
#define EW_ANY(name, n) \
  PN_NOINLINE void any_##name(EW_ARGS) { ew_run(a, begin, end, op_##name, n, 0); }
/* The body of its kernel. */
#define EW_KERNEL(name, n) \
  if (!ew_short(a, begin, end, op_##name, n)) any_##name(a, begin, end)

#endif

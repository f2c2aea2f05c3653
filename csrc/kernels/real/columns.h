/* Reductions along rows, one accumulator per column: "last axis kept". */
#ifndef PN_REAL_COLUMNS_H
#define PN_REAL_COLUMNS_H

#include "kernels/kernel.h"
#include "simd/simd.h"

/* acc joined with x; m is the column's constant, if there is one. */
typedef vreal (*column_step)(vreal acc, vreal x, vreal m);

PN_INLINE vreal step_sum(vreal acc, vreal x, vreal m) { return v_add(acc, x); }

/* `regs` whole registers of columns; m may be NULL. */
PN_INLINE void column_tile(column_step step, int regs, real *acc, bool fresh, vreal start,
                           const real *m, const real *x, int64_t stride, int64_t rows) {
  vreal r[8], c[8];
  for (int j = 0; j < regs; j++) {
    r[j] = fresh ? start : v_load(acc + j * PN_VN);
    c[j] = m ? v_load(m + j * PN_VN) : start;
  }
  for (int64_t i = 0; i < rows; i++, x += stride)
    for (int j = 0; j < regs; j++) r[j] = step(r[j], v_load(x + j * PN_VN), c[j]);
  for (int j = 0; j < regs; j++) v_store(acc + j * PN_VN, r[j]);
}

PN_INLINE void column_tail(column_step step, int64_t n, real *acc, bool fresh, vreal start,
                           const real *m, const real *x, int64_t stride, int64_t rows) {
  vreal r = fresh ? start : v_load_n(acc, n), c = m ? v_load_n(m, n) : start;
  for (int64_t i = 0; i < rows; i++, x += stride) r = step(r, v_load_n(x, n), c);
  v_store_n(acc, r, n);
}

PN_INLINE void column_rows(column_step step, real identity, real *acc, bool fresh, const real *m,
                           const real *x, int64_t stride, int64_t rows, int64_t cols) {
  vreal start = v_set1(identity);
  int64_t c = 0;
  for (; c + 8 * PN_VN <= cols; c += 8 * PN_VN)
    column_tile(step, 8, acc + c, fresh, start, m ? m + c : m, x + c, stride, rows);
  for (; c + 2 * PN_VN <= cols; c += 2 * PN_VN)
    column_tile(step, 2, acc + c, fresh, start, m ? m + c : m, x + c, stride, rows);
  for (; c + PN_VN <= cols; c += PN_VN)
    column_tile(step, 1, acc + c, fresh, start, m ? m + c : m, x + c, stride, rows);
  if (c < cols)
    column_tail(step, cols - c, acc + c, fresh, start, m ? m + c : m, x + c, stride, rows);
}

/* acc[0..cols) joined with `rows` rows of x, one after another.  fresh: acc
 * holds nothing yet and counts as the identity.  extra: what a particular join
 * needs besides.  Not inlined: one copy each. */
typedef void (*columns_fn)(real *acc, bool fresh, void *extra, const real *x, int64_t stride,
                           int64_t rows, int64_t cols);

PN_NOINLINE void columns_sum(real *acc, bool fresh, void *extra, const real *x, int64_t stride,
                             int64_t rows, int64_t cols) {
  column_rows(step_sum, -(real)0, acc, fresh, NULL, x, stride, rows, cols);
}

#endif

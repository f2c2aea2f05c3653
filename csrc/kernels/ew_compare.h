/* eq, ne, lt, le of any type: two inputs of `item`, a bool output.  Plain loops,
 * which the compiler turns into the level's vectors. */
#ifndef PN_EW_COMPARE_H
#define PN_EW_COMPARE_H

#include "kernels/ew_walk.h"
#include "kernels/kernel.h"
#include "simd/compiler.h"

typedef uint8_t (*compare_op)(item x, item y);

PN_INLINE void compare_row(compare_op op, uint8_t *o, const item *x, const item *y, int64_t n,
                           int64_t x_step, int64_t y_step) {
  PN_IVDEP
  for (int64_t i = 0; i < n; i++) o[i] = op(x[i * x_step], y[i * y_step]);
}

PN_INLINE void ew_compare(const pn_args *a, int64_t begin, int64_t end, compare_op op) {
  const int64_t *s = &a->n[PN_EW_STRIDE];
  const item *in1 = pn_ew_input(a, 1), *in2 = pn_ew_input(a, 2);
  pn_ew_walk w;
  for (pn_ew_begin(a, 3, begin, end, &w); w.rows > 0; pn_ew_next(a, &w)) {
    uint8_t *o = (uint8_t *)a->p[0] + w.offset[0];
    const item *x = in1 + w.offset[1], *y = in2 + w.offset[2];
    for (int64_t r = 0; r < w.rows; r++, o += s[0], x += s[2], y += s[4]) {
      if (s[1] != 1)
        for (int64_t i = 0; i < w.cols; i++) o[i * s[1]] = op(x[i * s[3]], y[i * s[5]]);
      else if (s[3] == 1 && s[5] == 1)
        compare_row(op, o, x, y, w.cols, 1, 1);
      else if (s[3] == 1 && s[5] == 0)
        compare_row(op, o, x, y, w.cols, 1, 0);
      else
        compare_row(op, o, x, y, w.cols, s[3], s[5]);
    }
  }
}

PN_INLINE uint8_t op_eq(item x, item y) { return x == y; }
PN_INLINE uint8_t op_ne(item x, item y) { return x != y; }
PN_INLINE uint8_t op_lt(item x, item y) { return x < y; }
PN_INLINE uint8_t op_le(item x, item y) { return x <= y; }
PN_KERNEL(eq) { ew_compare(a, begin, end, op_eq); }
PN_KERNEL(ne) { ew_compare(a, begin, end, op_ne); }
PN_KERNEL(lt) { ew_compare(a, begin, end, op_lt); }
PN_KERNEL(le) { ew_compare(a, begin, end, op_le); }

#endif

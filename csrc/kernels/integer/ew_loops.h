/* The loops of integer elementwise kernels.  Plain, so that the compiler turns them
 * into the level's vectors. */
#ifndef PN_INTEGER_EW_LOOPS_H
#define PN_INTEGER_EW_LOOPS_H

#include "kernels/ew_walk.h"
#include "kernels/kernel.h"
#include "kernels/integer/item.h"
#include "simd/compiler.h"

typedef item (*item_op)(item x, item y, item c0, item c1);

PN_INLINE void item_row(item_op op, item *o, const item *x, const item *y, int64_t n,
                        int64_t x_step, int64_t y_step, item c0, item c1) {
  PN_IVDEP
  for (int64_t i = 0; i < n; i++) o[i] = op(x[i * x_step], y[i * y_step], c0, c1);
}

/* plain: an operator that has no vector form (division). */
PN_INLINE void item_run(const pn_args *a, int64_t begin, int64_t end, item_op op, int inputs,
                        item c0, item c1, int plain) {
  const int64_t *s = &a->n[PN_EW_STRIDE];
  const int64_t ro = s[0], co = s[1], rx = s[2], cx = s[3];
  const int64_t ry = inputs > 1 ? s[4] : rx, cy = inputs > 1 ? s[5] : cx;
  const item *in1 = pn_ew_input(a, 1), *in2 = inputs > 1 ? pn_ew_input(a, 2) : in1;
  pn_ew_walk w;
  for (pn_ew_begin(a, inputs + 1, begin, end, &w); w.rows > 0; pn_ew_next(a, &w)) {
    item *o = (item *)a->p[0] + w.offset[0];
    const item *x = in1 + w.offset[1], *y = inputs > 1 ? in2 + w.offset[2] : x;
    for (int64_t r = 0; r < w.rows; r++, o += ro, x += rx, y += ry) {
      if (!plain && co == 1 && cx == 1 && cy == 1)
        item_row(op, o, x, y, w.cols, 1, 1, c0, c1);
      else if (!plain && co == 1 && cx == 1 && cy == 0)
        item_row(op, o, x, y, w.cols, 1, 0, c0, c1);
      else
        for (int64_t i = 0; i < w.cols; i++) o[i * co] = op(x[i * cx], y[i * cy], c0, c1);
    }
  }
}
PN_INLINE void item_unary(const pn_args *a, int64_t begin, int64_t end, item_op op) {
  item_run(a, begin, end, op, 1, 0, 0, 0);
}
PN_INLINE void item_binary(const pn_args *a, int64_t begin, int64_t end, item_op op) {
  item_run(a, begin, end, op, 2, 0, 0, 0);
}
PN_INLINE void item_divide(const pn_args *a, int64_t begin, int64_t end, item_op op) {
  item_run(a, begin, end, op, 2, 0, 0, 1);
}

#endif

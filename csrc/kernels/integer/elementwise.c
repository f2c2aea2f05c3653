/* Elementwise arithmetic of int64, int32, int8, uint8 (wrapping) and bool, where
 * + is "or", * is "and", - is "xor", and the rest is what 0 and 1 make of it.
 * Plain loops, which the compiler turns into the level's vectors. */
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

/* A double as an item: saturated, NaN is 0.  2^63 itself is not an int64. */
static item saturated(double x) {
  if (!(x == x)) return 0;
  if (x <= (double)ITEM_MIN) return ITEM_MIN;
  return x >= (double)ITEM_MAX ? ITEM_MAX : (item)x;
}

PN_INLINE void item_run(const pn_args *a, int64_t begin, int64_t end, item_op op, int inputs,
                        item c0, item c1) {
  const int64_t *s = &a->n[PN_EW_STRIDE];
  const int64_t ro = s[0], co = s[1], rx = s[2], cx = s[3];
  const int64_t ry = inputs > 1 ? s[4] : rx, cy = inputs > 1 ? s[5] : cx;
  const item *in1 = pn_ew_input(a, 1), *in2 = inputs > 1 ? pn_ew_input(a, 2) : in1;
  pn_ew_walk w;
  for (pn_ew_begin(a, inputs + 1, begin, end, &w); w.rows > 0; pn_ew_next(a, &w)) {
    item *o = (item *)a->p[0] + w.offset[0];
    const item *x = in1 + w.offset[1], *y = inputs > 1 ? in2 + w.offset[2] : x;
    for (int64_t r = 0; r < w.rows; r++, o += ro, x += rx, y += ry) {
      if (co == 1 && cx == 1 && cy == 1)
        item_row(op, o, x, y, w.cols, 1, 1, c0, c1);
      else if (co == 1 && cx == 1 && cy == 0)
        item_row(op, o, x, y, w.cols, 1, 0, c0, c1);
      else
        for (int64_t i = 0; i < w.cols; i++) o[i * co] = op(x[i * cx], y[i * cy], c0, c1);
    }
  }
}
PN_INLINE void item_unary(const pn_args *a, int64_t begin, int64_t end, item_op op) {
  item_run(a, begin, end, op, 1, 0, 0);
}
PN_INLINE void item_binary(const pn_args *a, int64_t begin, int64_t end, item_op op) {
  item_run(a, begin, end, op, 2, 0, 0);
}

#if PN_TYPE_IS_BOOL
PN_INLINE item op_add(item x, item y, item c0, item c1) { return x | y; }
PN_INLINE item op_sub(item x, item y, item c0, item c1) { return x ^ y; }
PN_INLINE item op_mul(item x, item y, item c0, item c1) { return x & y; }
PN_INLINE item op_not(item x, item y, item c0, item c1) { return x ^ 1; }
PN_INLINE item op_neg(item x, item y, item c0, item c1) { return x; }
#else
PN_INLINE item op_add(item x, item y, item c0, item c1) { return (item)((uitem)x + (uitem)y); }
PN_INLINE item op_sub(item x, item y, item c0, item c1) { return (item)((uitem)x - (uitem)y); }
PN_INLINE item op_mul(item x, item y, item c0, item c1) { return (item)((uitem)x * (uitem)y); }
PN_INLINE item op_not(item x, item y, item c0, item c1) { return (item)~x; }
PN_INLINE item op_neg(item x, item y, item c0, item c1) { return (item)(0 - (uitem)x); }
#endif
PN_KERNEL(add) { item_binary(a, begin, end, op_add); }
PN_KERNEL(sub) { item_binary(a, begin, end, op_sub); }
PN_KERNEL(mul) { item_binary(a, begin, end, op_mul); }
PN_KERNEL(bit_not) { item_unary(a, begin, end, op_not); }
PN_KERNEL(neg) { item_unary(a, begin, end, op_neg); }

PN_INLINE item op_and(item x, item y, item c0, item c1) { return x & y; }
PN_INLINE item op_or(item x, item y, item c0, item c1) { return x | y; }
PN_INLINE item op_xor(item x, item y, item c0, item c1) { return x ^ y; }
PN_KERNEL(bit_and) { item_binary(a, begin, end, op_and); }
PN_KERNEL(bit_or) { item_binary(a, begin, end, op_or); }
PN_KERNEL(bit_xor) { item_binary(a, begin, end, op_xor); }

PN_INLINE item op_maximum(item x, item y, item c0, item c1) { return x > y ? x : y; }
PN_INLINE item op_minimum(item x, item y, item c0, item c1) { return x < y ? x : y; }
PN_KERNEL(maximum) { item_binary(a, begin, end, op_maximum); }
PN_KERNEL(minimum) { item_binary(a, begin, end, op_minimum); }

#if PN_TYPE_IS_U8 || PN_TYPE_IS_BOOL
PN_INLINE item op_abs(item x, item y, item c0, item c1) { return x; }
PN_INLINE item op_sign(item x, item y, item c0, item c1) { return x != 0; }
#else
/* The least int64 (int32, int8) is its own absolute value. */
PN_INLINE item op_abs(item x, item y, item c0, item c1) { return x < 0 ? op_neg(x, x, 0, 0) : x; }
PN_INLINE item op_sign(item x, item y, item c0, item c1) { return (item)((x > 0) - (x < 0)); }
#endif
PN_KERNEL(abs) { item_unary(a, begin, end, op_abs); }
PN_KERNEL(sign) { item_unary(a, begin, end, op_sign); }

/* min(max(x, f[0]), f[1]); the bounds are doubles, rounded inwards. */
PN_INLINE item op_clamp(item x, item y, item low, item high) {
  item raised = x < low ? low : x;
  return raised > high ? high : raised;
}
PN_KERNEL(clamp) {
  item low = saturated(a->f[0]), high = saturated(a->f[1]);
  if ((double)low < a->f[0] && low < ITEM_MAX) low++;
  if ((double)high > a->f[1] && high > ITEM_MIN) high--;
  item_run(a, begin, end, op_clamp, 1, low, high);
}

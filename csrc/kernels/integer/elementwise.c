/* Elementwise arithmetic of int64, int32, int8, uint8 (wrapping) and bool, where
 * + is "or", * is "and", - is "xor", and the rest is what 0 and 1 make of it. */
#include "kernels/integer/ew_loops.h"

/* A double as an item: saturated, NaN is 0.  2^63 itself is not an int64. */
static item saturated(double x) {
  if (!(x == x)) return 0;
  if (x <= (double)ITEM_MIN) return ITEM_MIN;
  return x >= (double)ITEM_MAX ? ITEM_MAX : (item)x;
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
  item_run(a, begin, end, op_clamp, 1, low, high, 0);
}

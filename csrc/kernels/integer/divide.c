/* Division, shifts and powers of integers.  A divisor of 0 gives 0 (the engine
 * refuses it before); the least number divided by -1 wraps. */
#include "kernels/integer/ew_loops.h"

enum { BITS = 8 * (int)sizeof(item) };

PN_INLINE item negative(item x) { return (item)(0 - (uitem)x); }
#if PN_TYPE_IS_U8 || PN_TYPE_IS_BOOL
PN_INLINE int is_minus_one(item y) { return 0; }
PN_INLINE int is_negative(item y) { return 0; }
#else
PN_INLINE int is_minus_one(item y) { return y == -1; }
PN_INLINE int is_negative(item y) { return y < 0; }
#endif

PN_INLINE item op_trunc_divide(item x, item y, item c0, item c1) {
  if (y == 0) return 0;
  return is_minus_one(y) ? negative(x) : (item)(x / y);
}
/* With the sign of x. */
PN_INLINE item op_fmod(item x, item y, item c0, item c1) {
  return y == 0 || is_minus_one(y) ? 0 : (item)(x % y);
}
/* Does the remainder's sign differ from the divisor's?  No branch: signs of random
 * numbers cannot be predicted (2.8 times faster). */
PN_INLINE int differ(item r, item y) { return (r != 0) & is_negative((item)(r ^ y)); }
/* With the sign of y. */
PN_INLINE item op_remainder(item x, item y, item c0, item c1) {
  item r = op_fmod(x, y, 0, 0);
  return (item)((uitem)r + (uitem)(differ(r, y) ? y : 0));
}
PN_INLINE item op_floor_divide(item x, item y, item c0, item c1) {
  item q = op_trunc_divide(x, y, 0, 0), r = (item)((uitem)x - (uitem)q * (uitem)y);
  return (item)((uitem)q - (uitem)(differ(r, y) & (y != 0)));
}
PN_KERNEL(trunc_divide) { item_divide(a, begin, end, op_trunc_divide); }
PN_KERNEL(fmod) { item_divide(a, begin, end, op_fmod); }
PN_KERNEL(remainder) { item_divide(a, begin, end, op_remainder); }
PN_KERNEL(floor_divide) { item_divide(a, begin, end, op_floor_divide); }

/* Shifts by less than 0 or at least the width: 0, to the right what is left of
 * the sign. */
PN_INLINE item op_shift_left(item x, item y, item c0, item c1) {
  if (is_negative(y) || y >= BITS) return 0;
  return (item)((uitem)x << y);
}
PN_INLINE item op_shift_right(item x, item y, item c0, item c1) {
  return (item)(x >> (is_negative(y) || y >= BITS ? BITS - 1 : y));
}
PN_KERNEL(shift_left) { item_binary(a, begin, end, op_shift_left); }
PN_KERNEL(shift_right) { item_binary(a, begin, end, op_shift_right); }

/* x^y by repeated squaring, wrapping; of a negative exponent the integer part:
 * 1 and -1 alone are not 0. */
PN_INLINE item op_power(item x, item y, item c0, item c1) {
  if (is_negative(y)) return x == 1 ? 1 : is_minus_one(x) ? (y & 1 ? x : 1) : 0;
  uitem r = 1, square = (uitem)x;
  for (uint64_t e = (uint64_t)y; e; e >>= 1, square = (uitem)(square * square))
    if (e & 1) r = (uitem)(r * square);
  return (item)r;
}
PN_KERNEL(power) { item_divide(a, begin, end, op_power); }

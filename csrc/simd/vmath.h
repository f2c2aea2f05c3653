/* Vector mathematics: one algorithm for both float types and every level, so
 * the same bits everywhere; no table, no branch, no libm.  Bounds in ulp over
 * all inputs, measured by tests/test_vmath.c.
 *
 *   v_exp(x)       1   exact 0 and inf beyond the range; subnormal results
 *   v_sigmoid(x)   2   1 / (1 + e^-x), down to the smallest normal; below it
 *                      one subnormal step
 *   v_tanh(x)      2   odd, and x itself for tiny x
 *   v_log(x)       1   log(+-0) = -inf, log(x < 0) = NaN; subnormal x
 *   v_log1p(x)     2   log(1 + x): tiny x, -1 -> -inf, x < -1 -> NaN
 *   v_pow(x, y)    2   the special cases of C's pow; y = 1, 2, -1 exactly
 *                      x, x * x, 1 / x                                        */
#ifndef PN_VMATH_H
#define PN_VMATH_H

#include "simd/simd.h"
#include "simd/vmath_exp.h"
#include "simd/vmath_log.h"
#include "simd/vmath_pow.h"

#endif

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
 *                      x, x * x, 1 / x
 *   v_log2 v_log10   1   exact at powers of the base
 *   v_exp2           1
 *   v_expm1          2
 *   v_sin v_cos      1   any finite x, huge ones included; infinity gives NaN
 *   v_tan            2
 *   v_asin v_acos v_atan v_atan2    1
 *   v_sinh v_cosh v_asinh v_acosh v_atanh  1 (float64 sinh below 1: 1)
 *   v_erf v_erfc     1 and 2, subnormal results of erfc included
 *   v_ncdf(x)        2   the normal distribution function
 *   v_erfinv(x)      2                                                       */
#ifndef PN_VMATH_H
#define PN_VMATH_H

#include "simd/simd.h"
#include "simd/vmath_atan.h"
#include "simd/vmath_erf.h"
#include "simd/vmath_exp.h"
#include "simd/vmath_hyper.h"
#include "simd/vmath_log.h"
#include "simd/vmath_log2.h"
#include "simd/vmath_pow.h"
#include "simd/vmath_trig.h"

#endif

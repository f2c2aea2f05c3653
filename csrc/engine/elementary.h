/* Elementary functions beside those of engine.h, rounding, division with an integer
 * quotient. */
#ifndef PN_ELEMENTARY_H
#define PN_ELEMENTARY_H

#include "engine/engine.h"

/* Integers are taken as the default floating dtype. */
pn_tensor *pn_sin(pn_tensor *a);
pn_tensor *pn_cos(pn_tensor *a);
pn_tensor *pn_tan(pn_tensor *a);
pn_tensor *pn_asin(pn_tensor *a);
pn_tensor *pn_acos(pn_tensor *a);
pn_tensor *pn_atan(pn_tensor *a);
pn_tensor *pn_sinh(pn_tensor *a);
pn_tensor *pn_cosh(pn_tensor *a);
pn_tensor *pn_asinh(pn_tensor *a);
pn_tensor *pn_acosh(pn_tensor *a);
pn_tensor *pn_atanh(pn_tensor *a);
pn_tensor *pn_expm1(pn_tensor *a);
pn_tensor *pn_exp2(pn_tensor *a);
pn_tensor *pn_log1p(pn_tensor *a);
pn_tensor *pn_log2(pn_tensor *a);
pn_tensor *pn_log10(pn_tensor *a);
pn_tensor *pn_erf(pn_tensor *a);
pn_tensor *pn_erfc(pn_tensor *a);
pn_tensor *pn_erfinv(pn_tensor *a);
pn_tensor *pn_rsqrt(pn_tensor *a);
pn_tensor *pn_reciprocal(pn_tensor *a);

pn_tensor *pn_atan2(pn_tensor *y, pn_tensor *x);
pn_tensor *pn_hypot(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_copysign(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_logaddexp(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_logaddexp2(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_xlogy(pn_tensor *a, pn_tensor *b);

/* Integers are themselves. */
pn_tensor *pn_floor(pn_tensor *a);
pn_tensor *pn_ceil(pn_tensor *a);
pn_tensor *pn_trunc(pn_tensor *a);
pn_tensor *pn_round(pn_tensor *a); /* half to even */

/* In the common dtype, integers too; an integer divisor of 0 is an error. */
pn_tensor *pn_trunc_divide(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_floor_divide(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_fmod(pn_tensor *a, pn_tensor *b);      /* the sign of a */
pn_tensor *pn_remainder(pn_tensor *a, pn_tensor *b); /* the sign of b */

/* Bounds that broadcast; the gradient of a bound is where it holds. */
pn_tensor *pn_clamp_min(pn_tensor *a, pn_tensor *least);
pn_tensor *pn_clamp_max(pn_tensor *a, pn_tensor *most);

/* Integers only. */
pn_tensor *pn_shift_left(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_shift_right(pn_tensor *a, pn_tensor *b);
pn_tensor *pn_integer_power(pn_tensor *a, pn_tensor *b, int dtype);

#endif

/* The record of the softmax family along one axis of outer x axis x inner:
 *
 *   softmax               y = exp(x - m) / s,   m = max x, s = sum exp(x - m)
 *   log_softmax           y = (x - m) - log(s)
 *   softmax_backward      dx = y * (g - sum(g * y))
 *   log_softmax_backward  dx = g - exp(y) * sum(g)
 *
 * Sums are those of reduce.h: inner = 1 is "last axis reduced", else "last axis
 * kept".  The output is contiguous; inputs have three strides each (the engine
 * copies what does not fit).  The output may be the same memory as an input of
 * the same layout.  A row that holds NaN or +inf, or only -inf, is NaN.  */
#ifndef PN_SOFTMAX_H
#define PN_SOFTMAX_H

#include "pn_types.h"

/* p[] */
enum {
  PN_SM_OUT = 0,
  PN_SM_X = 1, /* forward: x; backward: y */
  PN_SM_G = 2  /* backward: the upstream gradient */
};

/* n[] */
enum {
  PN_SM_OUTER = 0,
  PN_SM_AXIS,
  PN_SM_INNER,
  PN_SM_STRIDE_X, /* outer, axis, inner */
  PN_SM_STRIDE_G = PN_SM_STRIDE_X + 3
};

/* Columns of one unit when inner > 1; a unit is one row when inner = 1. */
enum { PN_SM_COLBLOCK = 64 };

#endif

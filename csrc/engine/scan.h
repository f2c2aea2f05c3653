/* Scans along an axis, and what their derivatives are made of (scan.c). */
#ifndef PN_ENGINE_SCAN_H
#define PN_ENGINE_SCAN_H

#include "engine/engine.h"

/* dtype -1: that of a, int64 for integers and bool.  reverse: from the end. */
pn_tensor *pn_cumsum(pn_tensor *a, int axis, int dtype, bool reverse);
pn_tensor *pn_cumprod(pn_tensor *a, int axis, int dtype, bool reverse);
pn_tensor *pn_logcumsumexp(pn_tensor *a, int axis);
/* y[i] = x[i] + a[i] y[i-1]; reverse: y[i] = x[i] + a[i+1] y[i+1]; equal shapes. */
pn_tensor *pn_linear_scan(pn_tensor *x, pn_tensor *a, int axis, bool reverse);
/* y[i] = x[i-1], y[0] = fill; back: y[i] = x[i+1], fill at the end. */
pn_tensor *pn_shift(pn_tensor *x, int axis, bool back, double fill);
/* y[i] = the product of all x[k] with k != i, along axis: differentiable while
 * recording, one kernel with the same bits otherwise. */
pn_tensor *pn_prod_others(pn_tensor *x, int axis);

#endif

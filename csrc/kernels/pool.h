/* The records of pooling, of banded maps along an axis, of im2col and col2im (unfold and fold).
 *
 * max_pool over the last three dimensions of planes (n[] of conv.h: PN_CV_BATCH
 * planes, PN_CV_SRC_DIM ... PN_CV_DILATION; adaptive: windows
 * [floor(o I / O), ceil((o + 1) I / O))):
 *   out = the greatest element of each window (a later NaN wins, of equal ones
 *   the first), index = where it lies in its plane.  An unit is one plane and
 *   depth.  A plane has less than 2^31 elements.
 *
 * max_pool_backward over planes of n[PN_MPB_IN] elements, n[PN_MPB_OUT] of out:
 *   dx[index[q]] += g[q], q ascending, onto zeros; an index outside is left out.
 *
 * im2col  out[c, tap, y] = src[c, y * stride - pad + tap * dilation], +0 outside
 * col2im  src[c, i] = sum of out[c, tap, y] over what im2col copies from i, taps
 *         in C order; units are the channels of all images.
 *
 * band along one axis of outer x axis x inner:
 *   out[u, o, v] = sum over t < count of weight[o * most + t] x[u, first + t, v]
 *   with table[2 o] = first, table[2 o + 1] = count; one product, then FMAs in
 *   the order of t.  Resampling and average pooling are products of these. */
#ifndef PN_POOL_H
#define PN_POOL_H

#include "kernels/conv.h"

/* p[] of max_pool; of im2col and col2im: out and src */
enum { PN_POOL_OUT = 0, PN_POOL_INDEX = 1, PN_POOL_SRC = 2 };
enum { PN_POOL_ADAPTIVE = 1 }; /* flags */

/* max_pool_backward: out, index and src (g) as above; n[] */
enum { PN_MPB_PLANES = 0, PN_MPB_IN, PN_MPB_OUT };

/* p[] of band */
enum { PN_BAND_OUT = 0, PN_BAND_X = 1, PN_BAND_TABLE = 2, PN_BAND_WEIGHT = 3 };
/* n[] of band */
enum {
  PN_BAND_OUTER = 0,
  PN_BAND_IN,   /* size of the axis of x */
  PN_BAND_AXIS, /* and of out */
  PN_BAND_INNER,
  PN_BAND_MOST /* weights of one output */
};

#endif

/* nonzero in two records, with the sum of the counts between them:
 *   nonzero_count   p[0][c] = how many elements of chunk c are not 0
 *   nonzero_write   the coordinates of chunk c's, from row p[2][c] of p[0] on
 * x (p[1]) is contiguous.  -0 is 0, NaN is not.  A unit is one chunk. */
#ifndef PN_NONZERO_H
#define PN_NONZERO_H

#include "pn_types.h"

enum { PN_NZ_NUMEL = 0, PN_NZ_NDIM, PN_NZ_SHAPE, PN_NZ_UNIT = 4096 };

#endif

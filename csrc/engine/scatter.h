/* Writing at an index along one dimension. */
#ifndef PN_SCATTER_H
#define PN_SCATTER_H

#include "engine/engine.h"

/* A copy of a with a[..index[..i..]..] = src[..i..]; the last of equal places
 * stays.  src has at least the index's sizes. */
pn_tensor *pn_scatter(pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src);
/* The same with products, or the greatest or smallest value, of a's element and
 * all that go there. */
enum { PN_SCATTER_PROD, PN_SCATTER_AMAX, PN_SCATTER_AMIN };
pn_tensor *pn_scatter_reduce(pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src, int mode);

#endif

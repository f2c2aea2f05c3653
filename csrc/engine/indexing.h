/* Indexing with tensors: reading, writing and adding, as x[..., i, j] does. */
#ifndef PN_INDEXING_H
#define PN_INDEXING_H

#include "engine/engine.h"

/* x[items]: an item is NULL (the whole dimension), an int64 or int32 tensor, or
 * a bool mask, which covers as many dimensions as it has; dimensions that no
 * item covers are whole.  Index tensors broadcast together; where they are
 * neighbours the result has their dimensions in their place, else first.
 * Masks read values, so a recording refuses them. */
pn_tensor *pn_index(pn_tensor *x, int count, pn_tensor **items);
/* x with value, broadcast to the shape of x[items] and cast, written (the last
 * of equal positions stays) or added there. */
pn_tensor *pn_index_put(pn_tensor *x, int count, pn_tensor **items, pn_tensor *value,
                        bool accumulate);
pn_status pn_index_put_(pn_tensor *x, int count, pn_tensor **items, pn_tensor *value,
                        bool accumulate);
/* The coordinates of what is not 0: int64 (n, ndim), in C order. */
pn_tensor *pn_nonzero(pn_tensor *x);

#endif

/* Views beyond slices and permutations: diagonals, sliding windows, any strides,
 * the bytes as another dtype. */
#ifndef PN_WINDOW_H
#define PN_WINDOW_H

#include "engine/engine.h"

/* The diagonal `offset` of dimensions d0 and d1, as the last dimension. */
pn_tensor *pn_diagonal(pn_tensor *t, int64_t offset, int d0, int d1);
/* All windows of `size` elements of a dimension, `step` apart; a window's
 * elements are the last dimension. */
pn_tensor *pn_unfold(pn_tensor *t, int axis, int64_t size, int64_t step);
/* Any geometry over t's storage; offset in elements from the storage's first. */
pn_tensor *pn_as_strided(pn_tensor *t, int ndim, const int64_t *shape, const int64_t *stride,
                         int64_t offset);
/* The same bytes as items of another dtype; no derivative. */
pn_tensor *pn_view_dtype(pn_tensor *t, int dtype);

#endif

/* Orders of elements: all of them are indices, without derivatives; values are
 * gathered at them. */
#ifndef PN_SORTING_H
#define PN_SORTING_H

#include "engine/engine.h"

/* The indices that sort t along an axis: stable, NaN last (descending: first). */
pn_tensor *pn_argsort(pn_tensor *t, int axis, bool descending);
/* The first k of them. */
pn_tensor *pn_argtopk(pn_tensor *t, int64_t k, int axis, bool largest);
/* The index of the last of the most frequent value along an axis, which goes. */
pn_tensor *pn_argmode(pn_tensor *t, int axis);
/* Where values belong in rows sorted along their last dimension: one row for all
 * values, or as many as the values have. */
pn_tensor *pn_searchsorted(pn_tensor *sorted, pn_tensor *values, bool right);

#endif

/* What indexing with tensors is made of (pick.c, indexing.c). */
#ifndef PN_PICK_ENGINE_H
#define PN_PICK_ENGINE_H

#include "engine/internal.h"

/* Which dimensions of an x of this shape are indexed, and the shape that the
 * index tensors broadcast to. */
typedef struct pn_geometry {
  uint32_t dims;
  int ndim, index_ndim;
  int64_t shape[PN_MAX_DIMS], index_shape[PN_MAX_DIMS];
} pn_geometry;

/* The shape of x[index]. */
pn_status pn_pick_shape(const pn_geometry *q, int *ndim, int64_t *shape);
/* Positions in elements of an x with these strides, int64, contiguous, of the
 * index's shape; index[d] is used where the geometry says so.  IndexError. */
pn_tensor *pn_pick_offsets(const pn_geometry *q, pn_tensor *const *index, const int64_t *stride);
/* Without history: x at offsets in its own strides; y, of the result's shape and
 * contiguous or one value, into x. */
pn_tensor *pn_read_at(pn_tensor *x, const pn_geometry *q, pn_tensor *offsets);
pn_status pn_write_at(pn_tensor *x, const pn_geometry *q, pn_tensor *offsets, pn_tensor *y,
                      bool add);
/* True if all elements are one in memory. */
bool pn_is_one_value(const pn_tensor *t);
/* Differentiable: x[positions], and x with y put (or added) there; positions are
 * those of a contiguous x. */
pn_tensor *pn_pick_at(pn_tensor *x, const pn_geometry *q, pn_tensor *positions);
pn_tensor *pn_put_at(pn_tensor *x, const pn_geometry *q, pn_tensor *positions, pn_tensor *y,
                     bool add);
/* The history of out = x[positions]. */
pn_tensor *pn_index_node(pn_tensor *out, pn_tensor *x, const pn_geometry *q, pn_tensor *positions);

#endif

/* What operators that reduce over axes share (reduce.c).  Axes are bit masks. */
#ifndef PN_ENGINE_REDUCE_H
#define PN_ENGINE_REDUCE_H

#include "engine/internal.h"

uint32_t pn_all_axes(const pn_tensor *a);
/* The shape that remains; returns its number of dimensions. */
int pn_reduced_shape(const pn_tensor *a, uint32_t axes, bool keepdim, int64_t *shape);
/* Elements of a that one output is made of. */
int64_t pn_reduced_count(const pn_tensor *a, uint32_t axes);
/* g of the reduced shape as a view that broadcasts against the input. */
pn_tensor *pn_unreduce(pn_tensor *g, uint32_t axes, bool keepdim, int ndim);
/* Runs row over x; out, out2 are the outputs (either may be NULL). */
pn_status pn_run_reduce(const pn_row *row, pn_tensor *x, uint32_t axes, pn_tensor *out,
                        pn_tensor *out2, uint32_t flags, double f0);
/* Keeps what derivatives need, axes, keepdim and the input's shape, in
 * n->i[0 .. PN_AXES_FREE). */
enum { PN_AXES_FREE = 3 + PN_MAX_DIMS };
void pn_keep_axes(pn_node *n, const pn_tensor *a, uint32_t axes, bool keepdim);
/* g as a view that broadcasts against the input, and expanded to its shape. */
pn_tensor *pn_unreduced(pn_node *n, pn_tensor *g);
pn_tensor *pn_spread(pn_node *n, pn_tensor *g);

#endif

/* Windows over the last dimensions: pooling, unfold, fold. */
#ifndef PN_ENGINE_POOL_H
#define PN_ENGINE_POOL_H

#include "engine/engine.h"

/* Three dimensions, fewer with leading sizes 1. */
typedef struct pn_windows {
  int64_t src[3], dst[3], kernel[3], stride[3], pad[3], dilation[3];
} pn_windows;

/* x (N, C, H, W) to (N, C KH KW, positions), and the sum back; each is the
 * other's derivative. */
pn_tensor *pn_im2col(pn_tensor *x, const pn_windows *w);
pn_tensor *pn_col2im(pn_tensor *columns, const pn_windows *w);

/* The banded map of kernels/pool.h along an axis: table (axis, 2) int64, weight
 * (axis, most) of x's dtype, and those of the transposed map, which is the
 * derivative. */
typedef struct pn_band_tables {
  pn_tensor *table, *weight, *transposed_table, *transposed_weight;
} pn_band_tables;
pn_tensor *pn_band(pn_tensor *x, int axis, const pn_band_tables *t);

/* For the callers: a real tensor or an error; kernel, stride, padding, dilation
 * from integers, ndim of each; n[] of a record. */
pn_status pn_real_input(const char *name, const pn_tensor *x);
pn_status pn_read_windows(const char *name, pn_windows *w, int ndim, const int64_t *at);
void pn_fill_windows(pn_args *a, const pn_windows *w, int64_t planes);

#endif

/* index_select and gather: rows of the output. */
#include "kernels/index.h"

#include "kernels/table.h"

void pn_plan_index_select(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  w->units = a->n[PN_IX_INNER] == 0 ? 0 : a->n[PN_IX_OUTER] * a->n[PN_IX_COUNT];
  w->cost = 1.0 + row->cost * (double)a->n[PN_IX_INNER];
  w->scratch = 0;
}

void pn_plan_gather(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  int64_t last = a->n[PN_GA_SHAPE + a->n[PN_GA_NDIM] - 1];
  w->units = last == 0 ? 0 : a->n[PN_GA_ROWS];
  w->cost = row->cost * (double)last;
  w->scratch = 0;
}

/* Dimensions are appended from the outermost in; the axis is never merged with
 * another one, because its stride in x is apart. */
void pn_gather_record(pn_args *a, int ndim, const int64_t *shape, const int64_t *stride_x,
                      const int64_t *stride_index, int axis, int64_t extent) {
  int64_t *n = a->n, *s = n + PN_GA_SHAPE, *x = n + PN_GA_STRIDE_X, *ix = n + PN_GA_STRIDE_INDEX;
  int dims = 0, last_axis = -2;
  for (int d = 0; d < ndim; d++) {
    int64_t sx = d == axis ? 0 : stride_x[d], si = stride_index[d], size = shape[d];
    if (size == 1) continue;
    int p = dims - 1;
    if (p >= 0 && d != axis && last_axis != p && x[p] == sx * size && ix[p] == si * size) {
      s[p] *= size;
      x[p] = sx;
      ix[p] = si;
      continue;
    }
    if (d == axis) last_axis = dims;
    s[dims] = size;
    x[dims] = sx;
    ix[dims++] = si;
  }
  if (dims == 0) {
    s[0] = 1;
    x[0] = ix[0] = 0;
    dims = 1;
  }
  n[PN_GA_NDIM] = dims;
  n[PN_GA_EXTENT] = extent;
  n[PN_GA_STRIDE_AXIS] = ndim ? stride_x[axis] : 0;
  n[PN_GA_ROWS] = 1;
  for (int d = 0; d < dims - 1; d++) n[PN_GA_ROWS] *= s[d];
}

/* index_add and scatter_add: divided along outputs that no two units share. */
#include "kernels/index.h"

#include "kernels/table.h"

void pn_plan_index_add(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const int64_t *n = a->n;
  w->units = n[PN_IX_OUTER] * pn_ceil_div(n[PN_IX_INNER], PN_IX_COLBLOCK);
  w->cost =
      (double)n[PN_IX_COUNT] * (1.0 + row->cost * (double)pn_min64(n[PN_IX_INNER], PN_IX_COLBLOCK));
  w->scratch = 0;
}

void pn_plan_scatter_add(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const pn_scatter_lines *l = a->block;
  int64_t lines = pn_min64(l->shape[l->ndim - 1], PN_SC_LINES);
  w->units = a->n[PN_SC_OUTER] * a->n[PN_SC_BLOCKS];
  w->cost = row->cost * (double)(a->n[PN_SC_COUNT] * lines);
  w->scratch = 0;
}

void pn_scatter_record(pn_args *a, pn_scatter_lines *l, int ndim, const int64_t *shape,
                       const int64_t *stride_out, const int64_t *stride_src,
                       const int64_t *stride_index, int axis, int64_t extent) {
  int64_t *n = a->n;
  l->ndim = 0;
  for (int d = 0; d < ndim; d++) {
    int64_t size = shape[d];
    if (d == axis || size == 1) continue;
    int p = l->ndim - 1;
    if (p >= 0 && l->stride_out[p] == stride_out[d] * size &&
        l->stride_src[p] == stride_src[d] * size && l->stride_index[p] == stride_index[d] * size) {
      l->shape[p] *= size;
    } else {
      l->shape[++p] = size;
      l->ndim++;
    }
    l->stride_out[p] = stride_out[d];
    l->stride_src[p] = stride_src[d];
    l->stride_index[p] = stride_index[d];
  }
  if (l->ndim == 0) {
    l->shape[0] = 1;
    l->stride_out[0] = l->stride_src[0] = l->stride_index[0] = 0;
    l->ndim = 1;
  }
  n[PN_SC_COUNT] = shape[axis];
  n[PN_SC_EXTENT] = extent;
  n[PN_SC_STRIDE_OUT] = stride_out[axis];
  n[PN_SC_STRIDE_SRC] = stride_src[axis];
  n[PN_SC_STRIDE_INDEX] = stride_index[axis];
  n[PN_SC_OUTER] = 1;
  for (int d = 0; d < l->ndim - 1; d++) n[PN_SC_OUTER] *= l->shape[d];
  n[PN_SC_BLOCKS] = pn_ceil_div(l->shape[l->ndim - 1], PN_SC_LINES);
  a->block = l;
}

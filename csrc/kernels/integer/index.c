/* index (pick.h): several index tensors as one position. */
#include "kernels/index_status.h"
#include "kernels/integer/item.h"
#include "kernels/kernel.h"
#include "kernels/pick.h"
#include "kernels/walk.h"

/* out[0..n) (+)= index * step along one run. */
static void add_run(int64_t *out, const item *index, int64_t stride, int64_t n, bool first,
                    const pn_pick_indices *p, int k, int64_t *status) {
  int64_t extent = p->extent[k], step = p->step[k];
  for (int64_t i = 0; i < n; i++) {
    int64_t at = (int64_t)index[i * stride], from_end = at < 0 ? at + extent : at;
    if ((uint64_t)from_end >= (uint64_t)extent) {
      pn_index_bad_dim(status, at, extent, p->dim[k]);
      out[i] = PN_PICK_BAD;
    } else if (first) {
      out[i] = from_end * step;
    } else if (out[i] != PN_PICK_BAD) {
      out[i] += from_end * step;
    }
  }
}

PN_KERNEL(index) {
  const pn_pick_indices *p = a->block;
  int64_t *out = a->p[PN_PO_OUT];
  int64_t lo = begin * PN_PO_UNIT, hi = pn_min64(end * PN_PO_UNIT, a->n[PN_PO_NUMEL]);
  for (int k = 0; k < p->count; k++) {
    const item *index = a->p[PN_PO_INDEX + k];
    pn_walk w;
    pn_walk_start(&w, p->ndim, p->shape, p->stride[k], lo);
    for (int64_t e = lo; e < hi;) {
      int64_t n = pn_min64(pn_walk_run(&w), hi - e);
      add_run(out + e, index + w.offset, pn_walk_stride(&w), n, k == 0, p, k, a->p[PN_PO_STATUS]);
      pn_walk_step(&w, n);
      e += n;
    }
  }
}

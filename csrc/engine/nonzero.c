/* nonzero: an output whose size depends on the values, so no recording has it. */
#include "kernels/nonzero.h"
#include "engine/indexing.h"
#include "engine/internal.h"

static void fill(pn_args *a, pn_tensor *x) {
  a->block = NULL;
  a->flags = 0;
  a->dtype = x->dtype;
  a->n[PN_NZ_NUMEL] = x->numel;
  a->n[PN_NZ_NDIM] = x->ndim;
  memcpy(&a->n[PN_NZ_SHAPE], x->shape, sizeof x->shape);
  pn_bind(a, 1, x);
}

/* x contiguous; counts has one word for every chunk. */
static pn_tensor *coordinates(pn_tensor *x, pn_tensor *counts) {
  pn_args a;
  int64_t *count = counts->data, total = 0;
  fill(&a, x);
  pn_bind_out(&a, 0, counts);
  if (pn_run(&pn_row_nonzero_count, &a, 0)) return NULL;
  for (int64_t c = 0; c < counts->numel; c++) {
    int64_t here = count[c];
    count[c] = total;
    total += here;
  }
  int64_t shape[2] = {total, x->ndim};
  pn_tensor *out = pn_empty(PN_I64, 2, shape);
  if (!out || out->numel == 0) return out;
  fill(&a, x);
  pn_bind_out(&a, 0, out);
  pn_bind(&a, 2, counts);
  return pn_run(&pn_row_nonzero_write, &a, 0) ? pn_discard(out) : out;
}

pn_tensor *pn_nonzero(pn_tensor *x) {
  if (pn_data_read()) return NULL;
  bool was = pn_set_grad_enabled(false), half = pn_is_float(x->dtype) && !pn_is_real(x->dtype);
  pn_tensor *c = half ? pn_cast(x, PN_BOOL) : pn_contiguous(x);
  pn_set_grad_enabled(was);
  int64_t chunks = c ? pn_ceil_div(c->numel, PN_NZ_UNIT) : 0;
  pn_tensor *counts = c ? pn_empty(PN_I64, 1, &chunks) : NULL;
  pn_tensor *out = counts ? coordinates(c, counts) : NULL;
  pn_release(counts);
  pn_release(c);
  return out;
}

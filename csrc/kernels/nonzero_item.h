/* nonzero.h for one item type, which the including file defines as `item`. */
#include "kernels/kernel.h"
#include "kernels/nonzero.h"

PN_KERNEL(nonzero_count) {
  int64_t *count = a->p[0];
  const item *x = a->p[1];
  for (int64_t u = begin; u < end; u++) {
    int64_t last = pn_min64((u + 1) * PN_NZ_UNIT, a->n[PN_NZ_NUMEL]);
    int32_t found = 0;
    for (int64_t i = u * PN_NZ_UNIT; i < last; i++) found += x[i] != 0;
    count[u] = found;
  }
}

PN_KERNEL(nonzero_write) {
  const item *x = a->p[1];
  const int64_t *shape = &a->n[PN_NZ_SHAPE];
  int ndim = (int)a->n[PN_NZ_NDIM];
  for (int64_t u = begin; u < end; u++) {
    int64_t last = pn_min64((u + 1) * PN_NZ_UNIT, a->n[PN_NZ_NUMEL]);
    int64_t *out = (int64_t *)a->p[0] + ((const int64_t *)a->p[2])[u] * ndim;
    for (int64_t i = u * PN_NZ_UNIT; i < last; i++) {
      if (x[i] == 0) continue;
      int64_t left = i;
      for (int d = ndim - 1; d > 0; d--) {
        int64_t q = left / shape[d];
        out[d] = left - q * shape[d];
        left = q;
      }
      if (ndim) out[0] = left;
      out += ndim;
    }
  }
}

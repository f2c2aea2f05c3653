/* What the kernels that read indices share: loading one, and the status word. */
#ifndef PN_INDEX_STATUS_H
#define PN_INDEX_STATUS_H

#include <stdatomic.h>

#include "kernels/index.h"

static inline int64_t pn_index_load(const void *index, int64_t i, bool is32) {
  return is32 ? ((const int32_t *)index)[i] : ((const int64_t *)index)[i];
}

/* Notes an index out of range of a dimension (-1: not told); the first thread
 * to come wins. */
static inline void pn_index_bad_dim(int64_t *status, int64_t index, int64_t extent, int64_t dim) {
  int64_t fine = 0;
  if (!status) return;
  if (!atomic_compare_exchange_strong_explicit((_Atomic int64_t *)status, &fine, dim + 2,
                                               memory_order_relaxed, memory_order_relaxed))
    return;
  status[1] = index;
  status[2] = extent;
}
static inline void pn_index_bad(int64_t *status, int64_t index, int64_t extent) {
  pn_index_bad_dim(status, index, extent, -1);
}

/* The index in 0..extent-1, or -1 with the status set. */
static inline int64_t pn_index_check(int64_t index, int64_t extent, bool wrap, int64_t *status) {
  int64_t i = wrap && index < 0 ? index + extent : index;
  if ((uint64_t)i < (uint64_t)extent) return i;
  pn_index_bad(status, index, extent);
  return -1;
}

#endif

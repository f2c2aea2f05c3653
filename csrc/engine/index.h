/* What the index operators share (index.c, scatter.c). */
#ifndef PN_ENGINE_INDEX_H
#define PN_ENGINE_INDEX_H

#include "engine/internal.h"

pn_status pn_check_index(const char *name, const pn_tensor *index);
pn_status pn_check_pair(const char *name, const pn_tensor *a, const pn_tensor *b);
/* index no larger than a, apart from the axis (-1: nowhere). */
pn_status pn_check_gather(const char *name, const pn_tensor *a, const pn_tensor *index, int axis);
/* pn_run_checked with status words, in PN_IX_STATUS, that every replay clears. */
pn_status pn_run_indexed(const pn_row *row, pn_args *a, size_t block_bytes);
/* fn in float32, for float16 and bfloat16, in a's dtype: rounded once. */
typedef pn_tensor *(*pn_index_fn)(pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src);
static inline bool pn_is_half(const pn_tensor *t) {
  return pn_is_float(t->dtype) && !pn_is_real(t->dtype);
}
pn_tensor *pn_index_wide(pn_index_fn fn, pn_tensor *a, int axis, pn_tensor *index, pn_tensor *src);
/* A contiguous copy without history. */
pn_tensor *pn_copy_of(pn_tensor *a);

#endif

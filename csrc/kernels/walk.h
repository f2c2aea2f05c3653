/* Walking over the elements of some dimensions (outermost first) in C order, a
 * run of the innermost dimension at a time. */
#ifndef PN_WALK_H
#define PN_WALK_H

#include "pn_types.h"

/* Offset of element `index` in C order. */
static inline int64_t pn_walk_offset(int ndim, const int64_t *shape, const int64_t *stride,
                                     int64_t index) {
  int64_t offset = 0;
  for (int d = ndim - 1; d > 0; d--) {
    int64_t q = index / shape[d];
    offset += (index - q * shape[d]) * stride[d];
    index = q;
  }
  return ndim > 0 ? offset + index * stride[0] : 0;
}

typedef struct pn_walk {
  int ndim;
  const int64_t *shape, *stride;
  int64_t at[PN_MAX_DIMS]; /* coordinates of the next element */
  int64_t offset;          /* where it lies */
} pn_walk;

/* Starts at element `index`; no dimension may be empty. */
static inline void pn_walk_start(pn_walk *w, int ndim, const int64_t *shape, const int64_t *stride,
                                 int64_t index) {
  w->ndim = ndim;
  w->shape = shape;
  w->stride = stride;
  w->offset = 0;
  for (int d = ndim - 1; d >= 0; d--) {
    int64_t q = d > 0 ? index / shape[d] : 0;
    w->at[d] = index - q * shape[d];
    w->offset += w->at[d] * stride[d];
    index = q;
  }
}

/* Elements from here to the end of the innermost dimension. */
static inline int64_t pn_walk_run(const pn_walk *w) {
  return w->ndim > 0 ? w->shape[w->ndim - 1] - w->at[w->ndim - 1] : 1;
}

static inline int64_t pn_walk_stride(const pn_walk *w) {
  return w->ndim > 0 ? w->stride[w->ndim - 1] : 0;
}

/* Steps over n elements, at most the rest of the run. */
static inline void pn_walk_step(pn_walk *w, int64_t n) {
  int d = w->ndim - 1;
  if (d < 0) return;
  w->at[d] += n;
  w->offset += n * w->stride[d];
  while (w->at[d] == w->shape[d] && d > 0) {
    w->offset += w->stride[d - 1] - w->at[d] * w->stride[d];
    w->at[d--] = 0;
    w->at[d]++;
  }
}

#endif

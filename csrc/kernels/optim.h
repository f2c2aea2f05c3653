/* The record of the optimisers: one call over a list of segments.
 *
 * sgd, PyTorch's formula and order, every operation rounded by itself (no FMA:
 * the same bits as NumPy's and as the separate operators):
 *   d = maximize ? -g : g
 *   d = d + weight_decay * p                              when weight_decay != 0
 *   b = first ? d : momentum * b + (1 - dampening) * d    when momentum != 0
 *   d = nesterov ? d + momentum * b : b                   when momentum != 0
 *   p = p - lr * d
 * The scalars are double and are rounded to the type once. */
#ifndef PN_OPTIM_H
#define PN_OPTIM_H

#include "pn_types.h"

/* What changes between steps: the caller owns it and may write it between runs. */
typedef struct pn_sgd_scalars {
  double lr, momentum, dampening, weight_decay;
  int64_t nesterov, maximize; /* 0 or 1 */
} pn_sgd_scalars;

/* All of one parameter; contiguous. */
typedef struct pn_sgd_segment {
  void *param;
  const void *grad;
  void *momentum;                /* buffer, or NULL (then momentum counts as 0) */
  const pn_sgd_scalars *scalars; /* of its parameter group */
  int64_t *first;                /* != 0: the buffer holds nothing yet; cleared by the
                                    kernel; NULL where there is no buffer */
  int64_t n;                     /* elements */
  int64_t unit;                  /* first unit of this segment (pn_sgd_record) */
} pn_sgd_segment;

/* n[] */
enum {
  PN_SGD_SEGMENTS = 0,
  PN_SGD_UNITS,
  PN_SGD_ITEMS,  /* elements of all segments */
  PN_SGD_BUFFERS /* segments with a momentum buffer */
};

/* Elements of one unit. */
enum { PN_SGD_CHUNK = 4096 };

/* Numbers the units of the segments, fills n[], sets a->block = segments
 * (which must live as long as a). */
void pn_sgd_record(pn_args *a, pn_sgd_segment *segments, int64_t count);

#endif

/* The record of sum, mean, var, max, min, argmax, argmin over any set of axes
 * of a strided tensor.  pn_reduce_record() fills n[]; the caller sets p[],
 * f[], flags and dtype.
 *
 * The order of a reduction (docs/numerics.md) is a function of the logical
 * shape and the axes only.  Dimensions of size 1 count for nothing.  The
 * reduced elements of one output, in C order, are one sequence x[0..count):
 *
 *   last axis reduced   chunks of PN_CHUNK elements; in a chunk element i goes
 *                       to accumulator (i / L) % PN_VACC, lane i % L of a
 *                       virtual vector of L = PN_VBYTES / itemsize lanes;
 *                       accumulators (a0 + a1) + (a2 + a3), then lanes by
 *                       halves; absent lanes are not added;
 *   last axis kept      chunks of PN_ROWCHUNK elements, added one by one.
 *
 * Chunk results are added in index order; an empty sequence sums to +0.  Means
 * are the sum divided by the count.  Outputs are contiguous, in C order of the
 * kept dimensions.
 *
 * Phases: a reduction to few outputs over many chunks is split over its chunks
 * (partials in p[PN_RED_WORK], then a combining phase); else one phase. */
#ifndef PN_REDUCE_H
#define PN_REDUCE_H

#include "pn_types.h"

/* p[] */
enum {
  PN_RED_OUT = 0,  /* sum: R own type, I int64; var, extreme: own type or NULL */
  PN_RED_OUT2 = 1, /* var: the mean, or NULL; extreme: int64 index, or NULL */
  PN_RED_IN = 2,
  PN_RED_WORK = 3 /* pn_reduce_record() bytes, or NULL */
};

/* n[] */
enum {
  PN_RED_OUTPUTS = 0, /* product of the kept dimensions */
  PN_RED_COUNT,       /* reduced elements of one output */
  PN_RED_COLS,        /* last axis kept: its size; last axis reduced: 0 */
  PN_RED_CHUNKS,      /* chunks of one output */
  PN_RED_UNITS,       /* units of the first phase */
  PN_RED_SPLIT,       /* 1: units are chunks, partials are combined */
  PN_RED_UNIT_ITEMS,  /* elements that one unit of the first phase reads */
  PN_RED_KEPT,        /* number of kept and of reduced dimensions, together */
  PN_RED_REDUCED,     /*   at most PN_MAX_DIMS; kept ones come first */
  PN_RED_SCRATCH,     /* bytes per thread */
  PN_RED_SHAPE = 10,
  PN_RED_STRIDE = PN_RED_SHAPE + PN_MAX_DIMS,
  PN_RED_PLAIN = PN_RED_STRIDE + PN_MAX_DIMS, /* 1: one unit, one chunk, side by side: x is
                                                 the sequence, or rows PN_RED_PLAIN_ROW apart */
  PN_RED_PLAIN_ROW,
  PN_RED_BLOCK, /* last axis kept: columns of one unit */
  PN_RED_ACROSS /* last axis reduced: 1 where neighbouring outputs lie side by side and the
                   elements of one output do not */
};

/* f[] */
enum { PN_RED_CORRECTION = 0 }; /* var: divisor max(count - correction, 0) */

/* flags */
enum {
  PN_RED_MEAN = 1, /* sum */
  PN_RED_MIN = 1   /* extreme: min instead of max */
};

enum {
  PN_RED_COLBLOCK = 256, /* most columns of one unit; outputs of a combining unit */
  PN_RED_GROUP = 64      /* most outputs that are added up across */
};

/* axes: bit d set = dimension d is reduced; strides in elements.  Returns the
 * bytes that p[PN_RED_WORK] must hold (0: none), for any of the kernels. */
size_t pn_reduce_record(pn_args *a, int ndim, const int64_t *shape, const int64_t *stride,
                        uint32_t axes);

#endif

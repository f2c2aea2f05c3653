/* Indexing with integer tensors: the records of its kernels.
 *
 *   index            out[e] = sum over k of index_k[e] * step_k, the position in
 *                    elements that the index tensors name together; an index out
 *                    of range sets the status (index_status.h; with the
 *                    dimension) and gives PN_PICK_BAD
 *   pick             y[o][i][r] = x[o @ offset[i] @ r]; 0 where the offset is bad
 *   pick_put         x[o @ offset[i] @ r] = y[o][i][r]     i ascending: the last
 *                    of equal positions stays; bad offsets are skipped
 *   pick_add         the same, added one by one in ascending i
 *
 * o runs over the dimensions before the indexed ones, r over those after; @ adds
 * the strides of x.  A unit never shares an element of its output with another
 * one, so the bits do not depend on threads. */
#ifndef PN_PICK_H
#define PN_PICK_H

#include "pn_types.h"

#define PN_PICK_BAD INT64_MIN

/* index: dtype is that of the indices, int64 or int32 (of the integer
 * family only these two are used).  out is contiguous. */
enum { PN_PO_OUT = 0, PN_PO_STATUS = 1, PN_PO_INDEX = 2 /* .. + PN_MAX_DIMS */ };
enum { PN_PO_NUMEL = 0, PN_PO_UNIT = 1024 /* elements of one unit */ };
typedef struct pn_pick_indices {
  int count; /* of index tensors */
  int ndim;
  int64_t shape[PN_MAX_DIMS];
  int64_t stride[PN_MAX_DIMS][PN_MAX_DIMS]; /* [index tensor][dimension] */
  int64_t extent[PN_MAX_DIMS], step[PN_MAX_DIMS], dim[PN_MAX_DIMS];
} pn_pick_indices;

/* pick, pick_put, pick_add */
enum { PN_PK_X = 0, PN_PK_Y = 1, PN_PK_OFFSET = 2 };
enum {
  PN_PK_OUTER = 0, /* products of the sizes */
  PN_PK_COUNT,
  PN_PK_ROWS,  /* of the inner dimensions but the last */
  PN_PK_COLS,  /* the last inner dimension, 1 if there is none */
  PN_PK_X_COL, /* strides of the last inner dimension */
  PN_PK_Y_COL,
  PN_PK_Y_COUNT, /* stride of i */
  PN_PK_BLOCKS   /* put and add: blocks of PN_PK_BLOCK columns */
};
enum { PN_PK_BLOCK = 256 };
typedef struct pn_pick_dims {
  int ndim;
  int64_t shape[PN_MAX_DIMS], x[PN_MAX_DIMS], y[PN_MAX_DIMS];
} pn_pick_dims;
typedef struct pn_pick_block {
  pn_pick_dims outer, inner; /* inner without its last dimension */
} pn_pick_block;

/* Dimensions of equal meaning from the outermost in: merged where both operands
 * allow, those of size 1 dropped. */
void pn_pick_append(pn_pick_dims *d, int64_t size, int64_t x, int64_t y);

#endif

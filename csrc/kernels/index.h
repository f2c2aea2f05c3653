/* The records of the index kernels.  Indices are int64, or int32 with
 * PN_INDEX_32; with PN_INDEX_WRAP -extent..-1 count from the end.
 *
 * A kernel never reads or writes outside its operands: an index out of range
 * is skipped (index_add, scatter_add) or reads element 0 (index_select, gather;
 * +0 when the extent is 0), and the status word is set:
 *   status[0]  0 = fine; 1 = an index was out of range (sticky: only the first
 *              one found is noted; with several threads, any one of them);
 *              2 + d = the same, of dimension d
 *   status[1]  that index,  status[2]  the extent it must be in.
 *
 *   index_select  out[o][i][:] = x[o][index[i]][:]
 *   index_add     out[o][index[i]][:] += src[o][i][:]        i ascending
 *   gather        out[..i..] = x[..index[..i..]..]           torch.gather
 *   scatter_add   out[..index[..i..]..] += src[..i..]        i ascending
 *
 * The additions to one output happen one by one in ascending i, starting from
 * what it holds: the bits do not depend on threads. */
#ifndef PN_INDEX_H
#define PN_INDEX_H

#include "pn_types.h"

enum { PN_INDEX_32 = 1, PN_INDEX_WRAP = 2 }; /* flags */
enum { PN_SCATTER_MAX = 4, PN_SCATTER_MIN = 8 };
/* scatter_reduce multiplies without them; scatter writes: the last one stays */

/* p[] of all four */
enum {
  PN_IX_OUT = 0,
  PN_IX_X = 1, /* x, or src */
  PN_IX_INDEX = 2,
  PN_IX_STATUS = 3 /* int64_t[3], or NULL */
};

/* n[] of index_select (out contiguous: outer x count x inner) and index_add
 * (out and src with three strides each). */
enum {
  PN_IX_OUTER = 0,
  PN_IX_EXTENT, /* of the indexed axis of x (select), of out (add) */
  PN_IX_COUNT,  /* number of indices */
  PN_IX_INNER,
  PN_IX_STRIDE_INDEX,
  PN_IX_STRIDE_X,                       /* outer, axis, inner of x or src */
  PN_IX_STRIDE_OUT = PN_IX_STRIDE_X + 3 /* index_add only */
};
enum { PN_IX_COLBLOCK = 128 }; /* elements of inner that one unit of index_add adds */

/* n[] of gather.  Dimensions are those of index, size-1 dimensions dropped,
 * mergeable ones merged; out is contiguous.  The stride of x along the axis is
 * PN_GA_STRIDE_AXIS, and 0 in its place in PN_GA_STRIDE_X. */
enum {
  PN_GA_NDIM = 0,
  PN_GA_EXTENT,
  PN_GA_STRIDE_AXIS,
  PN_GA_ROWS, /* product of all dimensions but the last; a unit is one row */
  PN_GA_SHAPE = 8,
  PN_GA_STRIDE_X = PN_GA_SHAPE + PN_MAX_DIMS,
  PN_GA_STRIDE_INDEX = PN_GA_STRIDE_X + PN_MAX_DIMS
};
void pn_gather_record(pn_args *a, int ndim, const int64_t *shape, const int64_t *stride_x,
                      const int64_t *stride_index, int axis, int64_t extent);

/* n[] of scatter_add; the dimensions of index other than the axis ("lines")
 * are in the block, merged where all three operands allow. */
enum {
  PN_SC_COUNT = 0, /* size of index along the axis */
  PN_SC_EXTENT,    /* size of out along the axis */
  PN_SC_STRIDE_OUT,
  PN_SC_STRIDE_SRC,
  PN_SC_STRIDE_INDEX,
  PN_SC_OUTER, /* product of all line dimensions but the last */
  PN_SC_BLOCKS /* blocks of PN_SC_LINES lines of the last line dimension */
};
enum { PN_SC_LINES = 64 };
typedef struct pn_scatter_lines {
  int ndim; /* >= 1 */
  int64_t shape[PN_MAX_DIMS];
  int64_t stride_out[PN_MAX_DIMS];
  int64_t stride_src[PN_MAX_DIMS];
  int64_t stride_index[PN_MAX_DIMS];
} pn_scatter_lines;
/* Fills n[], *lines, and a->block = lines (which must live as long as a). */
void pn_scatter_record(pn_args *a, pn_scatter_lines *lines, int ndim, const int64_t *shape,
                       const int64_t *stride_out, const int64_t *stride_src,
                       const int64_t *stride_index, int axis, int64_t extent);

#endif

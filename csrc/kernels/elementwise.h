/* The record of every elementwise kernel, the same for all families.
 *
 * The engine drops dimensions of size 1, merges what can be merged, and puts
 * the two innermost dimensions (rows x cols) into the record; what is left
 * goes into the block.  Operand 0 is the output, 1..3 are inputs.
 *
 *   n[PN_EW_ROWS], n[PN_EW_COLS]   sizes of the two innermost dimensions
 *   n[PN_EW_STRIDE + 2*i + 0/1]    row and column stride of operand i
 *   p[i]                           base of operand i; NULL: the operand is an
 *                                  inline scalar whose bits (of its own type)
 *                                  lie in n[PN_EW_SCALAR + i] (stride 0)
 *   block                          pn_ew_outer or NULL
 *   f[0], f[1]                     constants of the operator
 *                                  (leaky_relu slope; clamp low and high)
 *
 * A unit of work is PN_EW_CHUNK columns of one row:
 *   units = outer * rows * ceil(cols / PN_EW_CHUNK). */
#ifndef PN_ELEMENTWISE_H
#define PN_ELEMENTWISE_H

#include "pn_types.h"

enum {
  PN_EW_ROWS = 0,
  PN_EW_COLS = 1,
  PN_EW_STRIDE = 2, /* 2 per operand, 4 operands */
  PN_EW_SCALAR = 24,
  PN_EW_OPERANDS = 4,
  PN_EW_CHUNK = 4096
};

/* Dimensions outside rows x cols, outermost first; index in C order. */
typedef struct pn_ew_outer {
  int64_t count; /* product of shape */
  int ndim;      /* 1..6 */
  int64_t shape[PN_MAX_DIMS - 2];
  int64_t stride[PN_EW_OPERANDS][PN_MAX_DIMS - 2];
} pn_ew_outer;

#endif

/* Kernels that order the elements of rows, float32, float64 and the integers.
 *
 * The order: ascending values, -0 equal to +0, NaN greater than everything;
 * descending is the exact opposite of that order of values.  Of equal elements
 * the lower index comes first, always.  x is rows x length, contiguous; a unit
 * is a row.
 *
 *   sort           p[0] = the order: rows x length indices (int64)
 *   topk           p[0] = the first PN_SO_K of that order
 *   mode           p[0] = for every row the index of the last of its most
 *                  frequent value (of several such values, of the smallest)
 *   searchsorted   p[0] = where p[2]'s values belong in the sorted rows p[1]:
 *                  before equal ones, or behind them with PN_SORT_RIGHT; NaN
 *                  belongs at the end.  n: PN_SS_*; a unit is PN_SS_UNIT values
 */
#ifndef PN_SORT_H
#define PN_SORT_H

#include "pn_types.h"

enum { PN_SORT_DESCENDING = 1, PN_SORT_RIGHT = 2 }; /* flags */
enum { PN_SO_ROWS = 0, PN_SO_LENGTH, PN_SO_K };
enum {
  PN_SS_ROWS = 0,
  PN_SS_LENGTH,
  PN_SS_COUNT /* values of a row */,
  PN_SS_SHARED,
  PN_SS_UNIT = 256
};
/* PN_SS_SHARED: there is one sorted row, for all rows of values. */

/* An element in scratch: 8 bytes, or 16 for items of 8 bytes. */
enum { PN_SORT_MOST = 0x7fffffff }; /* length of a row of items of at most 4 bytes */

#endif

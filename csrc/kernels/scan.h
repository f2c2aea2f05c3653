/* The record of the scans along one axis of outer x axis x inner:
 *
 *   cumsum        y[i] = y[i-1] + x[i]
 *   cumprod       y[i] = y[i-1] * x[i]
 *   logcumsumexp  y[i] = m + log1p(exp(min(y[i-1], x[i]) - m)),  m = max(y[i-1], x[i])
 *   linear_scan   y[i] = fma(a[i], y[i-1], x[i]);  a[0] is not read
 *
 * and y[0] = x[0].  PN_SCAN_REVERSE walks from the end:
 *
 *   y[i] = y[i+1] + x[i] and so on;  linear_scan: y[i] = fma(a[i+1], y[i+1], x[i])
 *
 *   prod_others   y[i] = (x[0] x[1] ... x[i-1]) (x[n-1] x[n-2] ... x[i+1]), not in place
 *
 * (a[i] belongs to the step between i-1 and i, whichever way it is taken).  The
 * order of a line is sequential, so it depends on nothing else; lines are
 * divided over threads and vector lanes.  The output is contiguous, inputs have
 * three strides each.  The output may be x itself where the strides agree. */
#ifndef PN_SCAN_H
#define PN_SCAN_H

#include "pn_types.h"

/* p[] */
enum {
  PN_SCAN_OUT = 0,
  PN_SCAN_X = 1,
  PN_SCAN_A = 2 /* linear_scan, else NULL */
};

/* n[] */
enum {
  PN_SCAN_OUTER = 0,
  PN_SCAN_AXIS,
  PN_SCAN_INNER,
  PN_SCAN_STRIDE_X, /* outer, axis, inner */
  PN_SCAN_STRIDE_A = PN_SCAN_STRIDE_X + 3
};

/* flags */
enum { PN_SCAN_REVERSE = 1 };

/* A unit: so many columns of one outer row, or, where inner = 1, so many lines. */
enum { PN_SCAN_COLBLOCK = 64, PN_SCAN_LINES = 16 };

/* The lines of one unit: y[i * step + c * across] for c < lines, and likewise
 * for x and a, with the walk's direction in the steps. */
typedef struct pn_scan_unit {
  int64_t lines, axis;
  int64_t y, x, a;            /* element offsets of the first item of line 0 */
  int64_t step[3], across[3]; /* of y, x, a */
} pn_scan_unit;

static inline pn_scan_unit pn_scan_unit_at(const pn_args *args, int64_t unit) {
  const int64_t *n = args->n, *sx = n + PN_SCAN_STRIDE_X, *sa = n + PN_SCAN_STRIDE_A;
  const int64_t axis = n[PN_SCAN_AXIS], inner = n[PN_SCAN_INNER];
  const bool has_a = args->p[PN_SCAN_A] != NULL, rows = inner == 1;
  pn_scan_unit u = {.axis = axis};
  int64_t outer, col = 0;
  if (rows) {
    outer = unit * PN_SCAN_LINES;
    u.lines = pn_min64(n[PN_SCAN_OUTER] - outer, PN_SCAN_LINES);
  } else {
    const int64_t blocks = pn_ceil_div(inner, PN_SCAN_COLBLOCK);
    outer = unit / blocks;
    col = (unit - outer * blocks) * PN_SCAN_COLBLOCK;
    u.lines = pn_min64(inner - col, PN_SCAN_COLBLOCK);
  }
  u.y = outer * axis * inner + col;
  u.x = outer * sx[0] + col * sx[2];
  u.a = has_a ? outer * sa[0] + col * sa[2] : 0;
  u.step[0] = inner;
  u.step[1] = sx[1];
  u.step[2] = has_a ? sa[1] : 0;
  u.across[0] = rows ? axis : 1;
  u.across[1] = rows ? sx[0] : sx[2];
  u.across[2] = has_a ? (rows ? sa[0] : sa[2]) : 0;
  if (args->flags & PN_SCAN_REVERSE) {
    u.y += (axis - 1) * u.step[0];
    u.x += (axis - 1) * u.step[1];
    u.a += axis * u.step[2]; /* the first one read is a[axis - 1], a step later */
    for (int k = 0; k < 3; k++) u.step[k] = -u.step[k];
  }
  return u;
}

#endif

/* What cross-entropy and its gradient share. */
#ifndef PN_REAL_CROSS_ENTROPY_H
#define PN_REAL_CROSS_ENTROPY_H

#include "kernels/index_status.h"
#include "kernels/loss.h"
#include "kernels/real/softmax.h"

/* The target of a row, or -1 where it is ignored. */
static inline int64_t target_of(const pn_args *a, int64_t row) {
  int64_t t = pn_index_load(a->p[PN_CE_TARGET], row, a->flags & PN_LOSS_TARGET32);
  if (t == a->n[PN_CE_IGNORE]) return -1;
  return pn_index_check(t, a->n[PN_CE_CLASSES], false, a->p[PN_CE_STATUS]);
}

/* Units of a whole record. */
static inline int64_t all_units(const pn_args *a) {
  int64_t inner = a->n[PN_CE_INNER];
  return a->n[PN_CE_OUTER] * (inner == 1 ? 1 : pn_ceil_div(inner, PN_CE_COLBLOCK));
}

/* One unit: `cols` neighbouring rows whose logits lie `ld` apart (inner > 1), or
 * one row with its logits side by side (inner = 1, ld = 1). */
typedef struct unit {
  int64_t outer, row, cols, ld;
  int64_t column; /* of the first row, within inner */
  const real *x;
} unit;

static inline unit unit_at(const pn_args *a, int64_t u, real *scratch) {
  const int64_t *n = a->n, *stride = n + PN_CE_STRIDE_X;
  int64_t inner = n[PN_CE_INNER], blocks = inner == 1 ? 1 : pn_ceil_div(inner, PN_CE_COLBLOCK);
  unit r;
  r.outer = inner == 1 ? u : u / blocks;
  r.column = (u - r.outer * blocks) * PN_CE_COLBLOCK;
  r.row = r.outer * inner + r.column;
  r.cols = pn_min64(inner - r.column, PN_CE_COLBLOCK);
  r.ld = stride[1];
  r.x = (const real *)a->p[PN_CE_X] + r.outer * stride[0] + r.column * stride[2];
  if ((inner == 1 ? stride[1] : stride[2]) != 1) {
    r.x = side_by_side(scratch, r.x, stride[1], stride[2], n[PN_CE_CLASSES], r.cols);
    r.ld = r.cols;
  }
  return r;
}

#endif

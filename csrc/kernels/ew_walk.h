/* Walking the units of an elementwise record: a kernel gets blocks of whole
 * rows, or one part of one row, with the offset of each operand.
 *
 *   for (pn_ew_begin(a, operands, begin, end, &w); w.rows > 0; pn_ew_next(a, &w))
 *
 * The output may be an input, element on element (in place); else it shares no
 * memory with the inputs.  The common case, no outer dimensions and rows of one
 * chunk, is a single block and costs no division. */
#ifndef PN_EW_WALK_H
#define PN_EW_WALK_H

#include "kernels/elementwise.h"

typedef struct pn_ew_walk {
  int64_t rows, cols;             /* this block; rows = 0: finished */
  int64_t offset[PN_EW_OPERANDS]; /* of its first element, in elements */
  int64_t left;                   /* units after this block */
  int64_t row, chunk;             /* where the next block begins */
  int64_t base[PN_EW_OPERANDS];   /* of the outer index */
  int64_t at[PN_MAX_DIMS - 2];    /* the outer index */
  int operands;                   /* that the record has */
} pn_ew_walk;

/* rows/elementwise.c; next: false, and rows = 0, when all units are done. */
void pn_ew_begin_outer(const pn_args *a, int operands, int64_t begin, int64_t end, pn_ew_walk *w);
bool pn_ew_next_outer(const pn_args *a, pn_ew_walk *w);

static inline int64_t pn_ew_row_stride(const pn_args *a, int operand) {
  return a->n[PN_EW_STRIDE + 2 * operand];
}
static inline int64_t pn_ew_col_stride(const pn_args *a, int operand) {
  return a->n[PN_EW_STRIDE + 2 * operand + 1];
}

/* Units begin .. end are rows begin .. end, and one block. */
static inline bool pn_ew_is_block(const pn_args *a) {
  return !a->block && a->n[PN_EW_COLS] <= PN_EW_CHUNK;
}

static inline void pn_ew_begin(const pn_args *a, int operands, int64_t begin, int64_t end,
                               pn_ew_walk *w) {
  if (!pn_ew_is_block(a)) {
    pn_ew_begin_outer(a, operands, begin, end, w);
    return;
  }
  w->left = 0;
  w->rows = end - begin;
  w->cols = a->n[PN_EW_COLS];
  for (int i = 0; i < operands; i++) w->offset[i] = begin * pn_ew_row_stride(a, i);
}

static inline void pn_ew_next(const pn_args *a, pn_ew_walk *w) {
  w->rows = 0;
  if (w->left) pn_ew_next_outer(a, w);
}

/* Operand i, an inline scalar's bits included. */
static inline const void *pn_ew_input(const pn_args *a, int i) {
  return a->p[i] ? a->p[i] : (const void *)&a->n[PN_EW_SCALAR + i];
}

#endif

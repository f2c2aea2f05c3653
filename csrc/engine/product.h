/* One matrix product with its operands' geometry given, so that a transposed or
 * flattened operand needs no view object. */
#ifndef PN_PRODUCT_H
#define PN_PRODUCT_H

#include "engine/internal.h"
#include "kernels/gemm.h"

typedef struct pn_matrix {
  pn_tensor *t;                  /* whose memory it is */
  int64_t rows, cols;            /* shape */
  int64_t row_step, column_step; /* strides in elements */
} pn_matrix;

/* t's last two dimensions. */
static inline pn_matrix pn_matrix_of(pn_tensor *t) {
  int d = t->ndim - 2;
  return (pn_matrix){t, t->shape[d], t->shape[d + 1], t->stride[d], t->stride[d + 1]};
}

/* All dimensions but the last as rows: t is contiguous or has two dimensions. */
static inline pn_matrix pn_rows_of(pn_tensor *t) {
  if (t->ndim == 2) return pn_matrix_of(t);
  int64_t cols = t->shape[t->ndim - 1], rows = 1;
  for (int d = 0; d < t->ndim - 1; d++) rows *= t->shape[d];
  return (pn_matrix){t, rows, cols, cols, 1};
}

static inline pn_matrix pn_transposed(pn_matrix m) {
  return (pn_matrix){m.t, m.cols, m.rows, m.column_step, m.row_step};
}

/* out = act(alpha a b + bias), without history: out is contiguous and has
 * a->rows * b->cols elements; bias: NULL, or a vector of b->cols elements whose
 * last stride is 0 or 1; act: PN_ACT_*. */
pn_status pn_product(pn_tensor *out, const pn_matrix *a, const pn_matrix *b, pn_tensor *bias,
                     double alpha, int act);
/* The same for a filled record: operands bound, workspace, run. */
pn_status pn_product_run(pn_args *args, size_t block_bytes, pn_tensor *out, pn_tensor *a,
                         pn_tensor *b, pn_tensor *bias, double alpha, int act);

/* Fails unless both are of one dtype, float32, float64 or an integer. */
pn_status pn_product_types(const char *name, const pn_tensor *a, const pn_tensor *b);

#endif

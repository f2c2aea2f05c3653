/* What attention and its gradients share: one matrix of the batch, transposed
 * operands, a block of scores. */
#ifndef PN_REAL_ATTENTION_H
#define PN_REAL_ATTENTION_H

#include "kernels/attention.h"
#include "kernels/real/inner_product.h"
#include "kernels/real/softmax.h"

typedef struct at_matrix {
  const pn_args *a;
  const real *q, *k, *v;
  const void *mask;    /* or NULL */
  const uint8_t *keep; /* or NULL */
} at_matrix;

/* The matrix at the pointers p[0..4]: q, k, v, mask, keep. */
static void at_matrix_of(at_matrix *m, const pn_args *a, void *const *p, int64_t index) {
  const uint8_t *keep = p[4];
  if (keep) keep += index * a->n[PN_AT_L] * a->n[PN_AT_S];
  const pn_attention_batch *b = a->block;
  int64_t q = 0, k = 0, v = 0, mask = 0;
  for (int d = b->ndim - 1; d >= 0; d--) {
    const int64_t i = index % b->shape[d];
    index /= b->shape[d];
    q += i * b->q[d];
    k += i * b->k[d];
    v += i * b->v[d];
    mask += i * b->mask[d];
  }
  const int64_t item = a->flags & PN_AT_BOOL ? 1 : (int64_t)sizeof(real);
  *m = (at_matrix){a,
                   (const real *)p[0] + q,
                   (const real *)p[1] + k,
                   (const real *)p[2] + v,
                   p[3] ? (const char *)p[3] + mask * item : NULL,
                   keep};
}

/* t (columns, ld) = x^T for x (rows, columns). */
static void at_transpose(real *t, int64_t ld, const real *x, int64_t row, int64_t rows,
                         int64_t columns) {
  for (int64_t j = 0; j < rows; j += PN_VN)
    for (int64_t i = 0; i < columns; i += PN_VN) PN_FN(gemm_transpose_block)
  (t + i * ld + j, ld, x + j * row + i, row, pn_min64(PN_VN, columns - i),
   pn_min64(PN_VN, rows - j));
}

/* Columns that row i sees. */
PN_INLINE int64_t at_columns(const at_matrix *m, int64_t i) {
  const int64_t s = m->a->n[PN_AT_S];
  return m->a->flags & PN_AT_CAUSAL ? pn_min64(s, i + 1) : s;
}

static void at_mask_row(const at_matrix *m, int64_t i, real *x, int64_t columns) {
  const int64_t step = m->a->n[PN_AT_COL_MASK], at = i * m->a->n[PN_AT_ROW_MASK];
  if (m->a->flags & PN_AT_BOOL) {
    const uint8_t *mask = (const uint8_t *)m->mask + at;
    for (int64_t j = 0; j < columns; j++) x[j] = mask[j * step] ? x[j] : -REAL_INF;
  } else {
    const real *mask = (const real *)m->mask + at;
    for (int64_t j = 0; j < columns; j++) x[j] = x[j] + mask[j * step];
  }
}

/* s (rows, ld): the masked scores of query rows [i0, i0 + rows), in the columns
 * that the last of them sees; what a row does not see is undefined. */
static void at_scores(const at_matrix *m, const real *kt, int64_t i0, int64_t rows, real *s,
                      int64_t ld) {
  const int64_t *n = m->a->n;
  inner_product(&(inner_job){rows, at_columns(m, i0 + rows - 1), n[PN_AT_E],
                             m->q + i0 * n[PN_AT_ROW_Q], kt, NULL, s, n[PN_AT_ROW_Q], 1, ld, ld,
                             (real)m->a->f[PN_AT_SCALE], false});
  for (int64_t i = 0; i < rows && m->mask; i++)
    at_mask_row(m, i0 + i, s + i * ld, at_columns(m, i0 + i));
}

/* Dropout of row i: x = kept x where the row keeps it, else 0. */
static void at_drop_row(const at_matrix *m, int64_t i, real *x, int64_t columns) {
  if (!m->keep) return;
  const uint8_t *keep = m->keep + i * m->a->n[PN_AT_S];
  const real kept = (real)m->a->f[PN_AT_KEPT];
  for (int64_t j = 0; j < columns; j++) x[j] = keep[j] ? x[j] * kept : 0;
}

PN_INLINE void at_zero(real *x, int64_t from, int64_t to) {
  for (int64_t j = from; j < to; j++) x[j] = 0;
}

#endif

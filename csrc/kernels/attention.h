/* The records of scaled dot-product attention, for every matrix b of a batch:
 *
 *   attention           s = scale q k^T + mask;  p = softmax(s);  out = p v
 *   attention_backward  with dp = g v^T, ds = p (dp - sum(dp p)):
 *                       dq = scale ds k;  dk = scale ds^T q;  dv = p^T g
 *
 * q (L, E), k (S, E), v (S, Ev), mask (L, S).  PN_AT_ROWS query rows at a time;
 * no more of s and p exists than those.  stats holds the maximum of each row of
 * s and the sum of the exponentials, from which the backward pass has p again,
 * with the same bits.  dk and dv are added up over blocks of query rows, in
 * their order.  A row that is masked as a whole has p = 0.
 *
 * With dropout, keep (batch, L, S) of bool, p v becomes (kept p where keep, else
 * 0) v, and dp and dv follow.
 *
 * A unit of attention is a block of rows, of attention_backward a matrix. */
#ifndef PN_ATTENTION_H
#define PN_ATTENTION_H

#include "pn_types.h"

/* p[]; the outputs are contiguous */
enum { PN_AT_OUT, PN_AT_STATS, PN_AT_Q, PN_AT_K, PN_AT_V, PN_AT_MASK, PN_AT_KEEP };
enum {
  PN_AB_DQ,
  PN_AB_DK,
  PN_AB_DV,
  PN_AB_STATS,
  PN_AB_Q,
  PN_AB_K,
  PN_AB_V,
  PN_AB_MASK,
  PN_AB_KEEP,
  PN_AB_G
};

/* n[]; rows of q, k and v have any stride, their elements lie side by side */
enum {
  PN_AT_BATCH,
  PN_AT_L,
  PN_AT_S,
  PN_AT_E,
  PN_AT_EV,
  PN_AT_ROW_Q,
  PN_AT_ROW_K,
  PN_AT_ROW_V,
  PN_AT_ROW_MASK,
  PN_AT_COL_MASK
};

/* f[]; KEPT is the factor of the weights that dropout keeps */
enum { PN_AT_SCALE, PN_AT_KEPT };

/* flags: a boolean mask (true: takes part; else the mask is added); row i sees
 * the columns up to i only */
enum { PN_AT_BOOL = 1, PN_AT_CAUSAL = 2 };

/* The block: dimensions of the batch, in C order. */
typedef struct pn_attention_batch {
  int ndim;
  int64_t shape[PN_MAX_DIMS];
  int64_t q[PN_MAX_DIMS], k[PN_MAX_DIMS], v[PN_MAX_DIMS], mask[PN_MAX_DIMS];
} pn_attention_batch;

enum { PN_AT_ROWS = 64, PN_AT_PAD = 16 };

/* Elements of a row of s, and of k^T and v^T, in scratch. */
static inline int64_t pn_at_row(int64_t s) {
  return (s + PN_AT_PAD - 1) & ~(int64_t)(PN_AT_PAD - 1);
}

#endif

/* The record of the product family (row pn_row_gemm_pack: pack, compute,
 * combine; a phase that a shape does not need has no units).
 *
 *   C[b] = act( bias + [C[b] +] alpha * (A[b] B[b]) ),   b = 0..batch-1
 *
 * A is (M, K), B is (K, N), C is (M, N), each with any row and column stride
 * (C's column stride is 1).  Order per element: the finished product, times
 * alpha (when alpha != 1), plus C (PN_GEMM_ACCUMULATE), plus bias, then the
 * activation: the bits are those of the separate operators.  K = 0 gives +0.
 * All drivers round alike, split K included (its pieces are the K blocks that
 * every driver adds in order); only M = N = 1 with K > PN_KBLOCK is a
 * reduction of its own (docs/numerics.md). */
#ifndef PN_GEMM_H
#define PN_GEMM_H

#include "pn_types.h"

/* p[] */
enum {
  PN_GEMM_C = 0,
  PN_GEMM_Z = 1, /* pre-activation, same layout as C, or NULL */
  PN_GEMM_A = 2,
  PN_GEMM_B = 3,
  PN_GEMM_BIAS = 4,
  PN_GEMM_WORK = 5, /* pn_gemm_workspace() bytes: packed B, split-K partials */
};

/* n[] */
enum {
  PN_GEMM_M,
  PN_GEMM_N,
  PN_GEMM_K,
  PN_GEMM_RSA, /* row and column strides, in elements */
  PN_GEMM_CSA,
  PN_GEMM_RSB,
  PN_GEMM_CSB,
  PN_GEMM_RSC,
  PN_GEMM_BATCH,
  PN_GEMM_BSA, /* batch strides, when there is no block */
  PN_GEMM_BSB,
  PN_GEMM_BSC,
  PN_GEMM_BIAS_STRIDE /* column stride of bias (0 or 1) */
};

/* f[] */
enum { PN_GEMM_ALPHA = 0 };

/* flags: activation in the low 4 bits */
enum {
  PN_ACT_NONE = 0,
  PN_ACT_RELU = 1,
  PN_ACT_SIGMOID = 2,
  PN_ACT_TANH = 3,
  PN_ACT_MASK = 15,
  PN_GEMM_ACCUMULATE = 16
};

/* Several batch dimensions (broadcast batches): the block.  Batch b in C order;
 * C is contiguous over batches (BSC). */
typedef struct pn_gemm_batch {
  int ndim;
  int64_t shape[PN_MAX_DIMS - 2];
  int64_t stride_a[PN_MAX_DIMS - 2];
  int64_t stride_b[PN_MAX_DIMS - 2];
} pn_gemm_batch;

/* Bytes that p[PN_GEMM_WORK] must hold for this record on the active level
 * (0: none).  n[] and dtype must be set; p[] is not looked at. */
size_t pn_gemm_workspace(const pn_args *a);

#endif

/* Tiles of few rows on a B whose columns are contiguous (A x^T with x one row:
 * a matrix times a vector; a linear layer on a small batch).  Outputs are the
 * lanes; B is transposed in registers, block by block, and used at once: with
 * few rows a packed panel would be written and read back for a single use. */
#define VREAL vreal
#define LANES PN_VN
#define V(op) v_##op
#include "kernels/real/gemm_tile.h"
#include "simd/transpose.h"

/* acc[i] += A[i][k .. k + PN_VN) * B[k .. k + PN_VN), in the order of k; A's
 * rows are contiguous, ld apart.  One vector of outputs is as fast as two: the
 * loads of the transposition decide (256 x 256 float32, one row: 6.7 us; two
 * vectors 8.1; packed first 9.1). */
PN_INLINE void columns_block(tile_acc *acc, const int mr, const real *a, int64_t ld, const real *b,
                             int64_t csb) {
  vreal r[PN_VN];
  v_load_transposed(r, b, csb);
  UNROLL for (int k = 0; k < PN_VN; k++) UNROLL for (int i = 0; i < mr; i++) acc->r[i][0] =
      v_fma(v_set1(a[i * ld + k]), r[k], acc->r[i][0]);
}

/* The same where kc <= PN_VN rows or n <= PN_VN columns of the block exist. */
PN_INLINE void columns_edge(tile_acc *acc, const int mr, const real *a, int64_t ld, const real *b,
                            int64_t csb, int64_t kc, int64_t n) {
  real block[PN_VN * PN_VN];
  PN_FN(gemm_transpose_block)(block, PN_VN, b, csb, kc, n);
  for (int64_t k = 0; k < kc; k++) {
    const vreal r = v_load(block + k * PN_VN);
    UNROLL for (int i = 0; i < mr; i++) acc->r[i][0] =
        v_fma(v_set1(a[i * ld + k]), r, acc->r[i][0]);
  }
}

PN_INLINE void columns_tile(const int mr, int64_t kc, const real *a, int64_t rsa, int64_t csa,
                            const real *b, int64_t csb, int64_t last, const gemm_out *o) {
  real rows[PN_GEMM_FEW * PN_KBLOCK];
  tile_acc acc;
  if (csa != 1) {
    for (int i = 0; i < mr; i++)
      for (int64_t k = 0; k < kc; k++) rows[i * PN_KBLOCK + k] = a[i * rsa + k * csa];
    a = rows;
    rsa = PN_KBLOCK;
  }
  UNROLL for (int i = 0; i < mr; i++) acc.r[i][0] = v_set1(0);
  int64_t k = 0;
  if (last == PN_VN)
    for (; k + PN_VN <= kc; k += PN_VN) columns_block(&acc, mr, a + k, rsa, b + k, csb);
  for (; k < kc; k += PN_VN)
    columns_edge(&acc, mr, a + k, rsa, b + k, csb, pn_min64(kc - k, PN_VN), last);
  tile_finish(&acc, mr, 1, 1, last, o);
}

/* clang-format off */
#define COLUMNS(mr, nv, x) static void columns_##mr(PARAMS) { columns_tile(mr, kc, a, rsa, csa, b, ldb, last, o); }
#define COLUMNS_NAME(mr, nv, x) columns_##mr,
/* clang-format on */
ROWS4(COLUMNS, 1, 1)
const gemm_tile_fn PN_FN(gemm_tiles_columns)[PN_GEMM_FEW] = {ROWS4(COLUMNS_NAME, 1, 1)};

/* Products of a few numbers: XOR's layers are 4 x 2 x 4.  One accumulator per
 * output, from +0, with FMAs in the order of k, then the bias: as every tile,
 * without setting one up (4 x 2 x 4 in 13 ns instead of 35). */
#include "kernels/real/gemm.h"

/* B's rows are contiguous and fit a vector: the lanes are outputs. */
PN_INLINE void mini_rows(const int64_t *n, const real *row, const real *b, const real *bias,
                         real *c) {
  const int64_t columns = n[PN_GEMM_N], depth = n[PN_GEMM_K];
  for (int64_t i = 0; i < n[PN_GEMM_M]; i++, row += n[PN_GEMM_RSA], c += n[PN_GEMM_RSC]) {
    const real *x = row, *y = b;
    vreal sum = v_set1(0);
    for (int64_t k = 0; k < depth; k++, x += n[PN_GEMM_CSA], y += n[PN_GEMM_RSB])
      sum = v_fma(v_set1(*x), v_load_n(y, columns), sum);
    if (bias) sum = v_add(sum, n[PN_GEMM_BIAS_STRIDE] ? v_load_n(bias, columns) : v_set1(*bias));
    v_store_n(c, sum, columns);
  }
}

/* Any B; the depth is a constant where it is small, so that nothing loops over it. */
PN_INLINE void mini_any(const int64_t *n, const real *row, const real *b, const real *bias, real *c,
                        const int64_t depth) {
  const int64_t columns = n[PN_GEMM_N], ka = n[PN_GEMM_CSA], kb = n[PN_GEMM_RSB];
  for (int64_t i = 0; i < n[PN_GEMM_M]; i++, row += n[PN_GEMM_RSA], c += n[PN_GEMM_RSC]) {
    const real *column = b, *add = bias;
    for (int64_t j = 0; j < columns; j++, column += n[PN_GEMM_CSB]) {
      real sum = 0;
      for (int64_t k = 0; k < depth; k++) sum = r_fma(row[k * ka], column[k * kb], sum);
      if (add) sum = sum + *add, add += n[PN_GEMM_BIAS_STRIDE];
      c[j] = sum;
    }
  }
}

void PN_FN(gemm_mini)(const pn_args *args) {
  const int64_t *n = args->n;
  const real *row = args->p[PN_GEMM_A], *b = args->p[PN_GEMM_B], *bias = args->p[PN_GEMM_BIAS];
  real *c = args->p[PN_GEMM_C];
  if (n[PN_GEMM_CSB] == 1 && n[PN_GEMM_N] > 1 && n[PN_GEMM_N] <= PN_VN)
    mini_rows(n, row, b, bias, c);
  else if (n[PN_GEMM_K] == 2)
    mini_any(n, row, b, bias, c, 2);
  else if (n[PN_GEMM_K] == 4)
    mini_any(n, row, b, bias, c, 4);
  else
    mini_any(n, row, b, bias, c, n[PN_GEMM_K]);
}

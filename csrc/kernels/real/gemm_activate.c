/* The activation of a fused product: the functions of the elementwise
 * operators, applied to finished rows while they are in the cache. */
#include "kernels/real/gemm.h"
#include "simd/vmath.h"

PN_INLINE vreal activate(vreal x, uint32_t act) {
  switch (act) {
    case PN_ACT_RELU:
      return v_max(x, v_set1(0));
    case PN_ACT_SIGMOID:
      return v_sigmoid(x);
    case PN_ACT_TANH:
      return v_tanh(x);
    default:
      return x;
  }
}

PN_INLINE void activate_row(real *c, const real *z, int64_t n, uint32_t act) {
  int64_t j = 0;
  for (; j + PN_VN <= n; j += PN_VN) v_store(c + j, activate(v_load(z + j), act));
  if (j < n) v_store_n(c + j, activate(v_load_n(z + j, n - j), act), n - j);
}

static void relu_row(real *c, const real *z, int64_t n) { activate_row(c, z, n, PN_ACT_RELU); }
static void sigmoid_row(real *c, const real *z, int64_t n) {
  activate_row(c, z, n, PN_ACT_SIGMOID);
}
static void tanh_row(real *c, const real *z, int64_t n) { activate_row(c, z, n, PN_ACT_TANH); }
static void copy_row(real *c, const real *z, int64_t n) { activate_row(c, z, n, PN_ACT_NONE); }

void PN_FN(gemm_activate)(real *c, const real *z, int64_t ld, int64_t m, int64_t n, uint32_t act) {
  void (*row)(real *, const real *, int64_t) = act == PN_ACT_RELU      ? relu_row
                                               : act == PN_ACT_SIGMOID ? sigmoid_row
                                               : act == PN_ACT_TANH    ? tanh_row
                                                                       : copy_row;
  if (ld == n || m == 1) {
    row(c, z, m * n);
    return;
  }
  for (int64_t i = 0; i < m; i++) row(c + i * ld, z + i * ld, n);
}

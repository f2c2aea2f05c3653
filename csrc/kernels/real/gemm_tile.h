/* The register tile: one always-inlined source, instantiated for every height
 * and width, so that a tail costs its own share and no scalar code exists.
 * The including file defines VREAL, LANES and V(op): full or half registers. */
#include "kernels/real/gemm.h"

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
/* clang-format off */
#define EACH_VECTOR(v, nv) UNROLL for (int v = 0; v < (nv); v++)
#define EACH(i, mr, v, nv) UNROLL for (int i = 0; i < (mr); i++) EACH_VECTOR(v, nv)
/* clang-format on */

typedef struct tile_acc {
  VREAL r[TILE_MR][TILE_NV];
} tile_acc;

PN_INLINE VREAL tile_load(const real *p, int partial, int64_t last) {
  return partial ? V(load_n)(p, last) : V(load)(p);
}

/* acc[i][v] = sum over k < kc of A[i][k] * B[k][v]: one accumulator per output,
 * from +0, FMAs in the order of k.  Rows of A are addressed from one pointer
 * per four rows (base, +1, +2, +3 strides): one addition per four rows and k,
 * and A may have any strides. */
PN_INLINE void tile_product(tile_acc *acc, const int mr, const int nv, const int masked, int64_t kc,
                            const real *a, int64_t rsa, int64_t csa, const real *b, int64_t ldb,
                            int64_t last) {
  EACH(i, mr, v, nv) acc->r[i][v] = V(set1)(0);
  const real *row[(TILE_MR + 3) / 4];
  UNROLL for (int g = 0; g < (mr + 3) / 4; g++) row[g] = a + 4 * g * rsa;
  for (int64_t k = 0; k < kc; k++) {
    VREAL bv[TILE_NV];
    EACH_VECTOR(v, nv) bv[v] = tile_load(b + v * LANES, masked && v == nv - 1, last);
    UNROLL for (int i = 0; i < mr; i++) {
      const VREAL x = V(set1)(row[i / 4][i % 4 * rsa]);
      EACH_VECTOR(v, nv) acc->r[i][v] = V(fma)(x, bv[v], acc->r[i][v]);
    }
    UNROLL for (int g = 0; g < (mr + 3) / 4; g++) row[g] += csa;
    b += ldb;
  }
}

/* The steps of gemm_out, each over the whole tile while it is in registers. */
PN_INLINE void tile_plus(tile_acc *acc, const int mr, const int nv, const int masked, int64_t last,
                         const real *p, int64_t ld) {
  EACH(i, mr, v, nv) {
    const VREAL x = tile_load(p + i * ld + v * LANES, masked && v == nv - 1, last);
    acc->r[i][v] = V(add)(x, acc->r[i][v]);
  }
}

PN_INLINE void tile_scale(tile_acc *acc, const int mr, const int nv, real alpha) {
  const VREAL x = V(set1)(alpha);
  EACH(i, mr, v, nv) acc->r[i][v] = V(mul)(acc->r[i][v], x);
}

PN_INLINE void tile_bias(tile_acc *acc, const int mr, const int nv, const int masked, int64_t last,
                         const real *bias, int64_t stride) {
  EACH_VECTOR(v, nv) {
    const VREAL x =
        stride ? tile_load(bias + v * LANES, masked && v == nv - 1, last) : V(set1)(*bias);
    UNROLL for (int i = 0; i < mr; i++) acc->r[i][v] = V(add)(acc->r[i][v], x);
  }
}

PN_INLINE void tile_row_bias(tile_acc *acc, const int mr, const int nv, const real *bias) {
  EACH(i, mr, v, nv) acc->r[i][v] = V(add)(acc->r[i][v], V(set1)(bias[i]));
}

PN_INLINE void tile_store(const tile_acc *acc, const int mr, const int nv, const int masked,
                          int64_t last, real *c, int64_t ldc) {
  EACH(i, mr, v, nv) {
    real *p = c + i * ldc + v * LANES;
    if (masked && v == nv - 1)
      V(store_n)(p, acc->r[i][v], last);
    else
      V(store)(p, acc->r[i][v]);
  }
}

PN_INLINE void tile_finish(tile_acc *acc, const int mr, const int nv, const int masked,
                           int64_t last, const gemm_out *o) {
  if (o->part) tile_plus(acc, mr, nv, masked, last, o->part, o->ldp);
  if (o->alpha != 1) tile_scale(acc, mr, nv, o->alpha);
  if (o->old) tile_plus(acc, mr, nv, masked, last, o->old, o->ldo);
  if (o->bias) tile_bias(acc, mr, nv, masked, last, o->bias, o->bias_stride);
  if (o->row_bias) tile_row_bias(acc, mr, nv, o->row_bias);
  tile_store(acc, mr, nv, masked, last, o->c, o->ldc);
}

PN_INLINE void tile(const int mr, const int nv, const int masked, int64_t kc, const real *a,
                    int64_t rsa, int64_t csa, const real *b, int64_t ldb, int64_t last,
                    const gemm_out *o) {
  tile_acc acc;
  tile_product(&acc, mr, nv, masked, kc, a, rsa, csa, b, ldb, last);
  tile_finish(&acc, mr, nv, masked, last, o);
}

/* clang-format off */
#define PARAMS int64_t kc, const real *a, int64_t rsa, int64_t csa, const real *b, int64_t ldb, int64_t last, const gemm_out *o
#define TILE(mr, nv, x) static void tile_##mr##_##nv##_##x(PARAMS) { tile(mr, nv, x, kc, a, rsa, csa, b, ldb, last, o); }
#define NAME(mr, nv, x) tile_##mr##_##nv##_##x,

#define ROWS4(X, nv, x) X(1, nv, x) X(2, nv, x) X(3, nv, x) X(4, nv, x)
#define ROWS6(X, nv, x) ROWS4(X, nv, x) X(5, nv, x) X(6, nv, x)
#define ROWS7(X, nv, x) ROWS6(X, nv, x) X(7, nv, x)
#define ROWS8(X, nv, x) ROWS7(X, nv, x) X(8, nv, x)
#define ROWS14(X, nv, x) ROWS8(X, nv, x) X(9, nv, x) X(10, nv, x) X(11, nv, x) X(12, nv, x) X(13, nv, x) X(14, nv, x)
/* clang-format on */

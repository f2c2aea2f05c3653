/* Inside the product family: tiles, packed panels, and what is done with a
 * finished accumulator.  One K block (PN_KBLOCK) per tile call; the callers
 * chain the blocks. */
#ifndef PN_REAL_GEMM_H
#define PN_REAL_GEMM_H

#include "kernels/gemm.h"
#include "kernels/gemm_plan.h"
#include "kernels/kernel.h"
#include "simd/simd.h"

/* acc is the sum over one K block.  In this order:
 *   v = acc;  v = part + v;  v = v * alpha;  v = old + v;  v = v + bias;
 *   v = v + row_bias;  c = v
 * each step only where its pointer is set (alpha: where it is not 1). */
typedef struct gemm_out {
  real *c;
  int64_t ldc;
  const real *part; /* sum of the finished K blocks, NULL in the first */
  int64_t ldp;
  const real *old; /* C before the product (accumulate), NULL before the last block */
  int64_t ldo;
  const real *bias; /* NULL before the last block */
  int64_t bias_stride;
  const real *row_bias; /* one for each row (convolutions), NULL before the last block */
  real alpha;
} gemm_out;

/* mr x (nv vectors) outputs: A's element (i, k) at a[i*rsa + k*csa], B's rows
 * contiguous at b + k*ldb; `last` lanes of the last vector exist. */
typedef void (*gemm_tile_fn)(int64_t kc, const real *a, int64_t rsa, int64_t csa, const real *b,
                             int64_t ldb, int64_t last, const gemm_out *o);

/* TILE_MR<nv>: the highest tile of that width.  Accumulators are mr * nv
 * registers, B takes nv more and A one: 31 of 32 on AVX-512 (14 x 2), 15 of 16
 * on AVX2 (6 x 2).  NEON multiplies by an element of a register, and gcc 12
 * keeps one for each row: 31 of 32 at 7 x 3, spills at 8 x 3.
 * TILE_LOW<nv>: the height to use while k is small (gemm_rows_for).
 * TILE_PNV, TILE_PMR: vectors and rows of the packed path's tile.  At n = 1000
 * to 1536: AVX-512 8 x 48 1.03 to 1.05 times OpenBLAS, 6 x 64 the same, 14 x 32
 * 0.97 to 1.00 (float64: 1.01 and 0.89); AVX2 4 x 24 0.95 to 0.99, 6 x 16 0.88
 * to 0.92.
 * TILE_A_BYTES: a packed block of A, for half of the second level cache (1 MB;
 * 256 to 512 KB on machines without AVX-512).  Twice as much and half as much
 * are within 2 %. */
#if PN_LEVEL_IS_AVX512
enum { TILE_NV = 4, TILE_MR = 14, TILE_MR1 = 14, TILE_MR2 = 14, TILE_MR3 = 8, TILE_MR4 = 6 };
enum { TILE_LOW1 = 8, TILE_LOW2 = 8, TILE_LOW3 = 6, TILE_LOW4 = 4 };
enum { TILE_PNV = 3, TILE_PMR = 8, TILE_A_BYTES = 504 << 10 };
#elif PN_LEVEL_IS_AVX2
enum { TILE_NV = 3, TILE_MR = 8, TILE_MR1 = 8, TILE_MR2 = 6, TILE_MR3 = 4, TILE_MR4 = 0 };
enum { TILE_LOW1 = 8, TILE_LOW2 = 6, TILE_LOW3 = 4, TILE_LOW4 = 0 };
enum { TILE_PNV = 3, TILE_PMR = 4, TILE_A_BYTES = 192 << 10 };
#elif PN_LEVEL_IS_NEON
enum { TILE_NV = 3, TILE_MR = 8, TILE_MR1 = 8, TILE_MR2 = 8, TILE_MR3 = 7, TILE_MR4 = 0 };
enum { TILE_LOW1 = 8, TILE_LOW2 = 8, TILE_LOW3 = 7, TILE_LOW4 = 0 };
enum { TILE_PNV = 3, TILE_PMR = 7, TILE_A_BYTES = 192 << 10 };
#else
enum { TILE_NV = 2, TILE_MR = 4, TILE_MR1 = 4, TILE_MR2 = 4, TILE_MR3 = 0, TILE_MR4 = 0 };
enum { TILE_LOW1 = 4, TILE_LOW2 = 4, TILE_LOW3 = 0, TILE_LOW4 = 0 };
enum { TILE_PNV = 2, TILE_PMR = 4, TILE_A_BYTES = 192 << 10 };
#endif

/* [0]: every lane of the last vector exists; [1]: some do not. */
extern const gemm_tile_fn PN_FN(gemm_tiles)[2][TILE_NV][TILE_MR];
#if PN_LEVEL_IS_AVX512
extern const gemm_tile_fn PN_FN(gemm_tiles_half)[TILE_MR]; /* one half register wide */
enum { TILE_HALF = PN_VN / 2 };
#else
enum { TILE_HALF = 0 };
#endif

/* Few rows and one vector on a B whose columns are contiguous: ldb is the
 * column stride, the row stride is 1. */
extern const gemm_tile_fn PN_FN(gemm_tiles_columns)[PN_GEMM_FEW];

#define PN_BLOCKS_(t, l) pn_gemm_blocks_##t##_##l
#define PN_BLOCKS(t, l) PN_BLOCKS_(t, l)
extern const pn_gemm_blocks PN_BLOCKS(PN_TYPE, PN_LEVEL);

PN_INLINE int64_t gemm_max_rows(int64_t nv) {
  return nv == 1 ? TILE_MR1 : nv == 2 ? TILE_MR2 : nv == 3 ? TILE_MR3 : TILE_MR4;
}
/* Rows of a tile over k rows of B.  While those are few enough for the first
 * level cache, short tiles overlap better with their neighbours: at k = 48,
 * 6 x 48 runs at 113 Gflop/s, 8 x 48 at 111, 14 x 32 at 110.  One vector is the
 * other way round: 14 long rows of A, 4 KB apart, fall on one set of the cache
 * (1024 x 4 x 1024: 512 us, with 8 rows 211). */
PN_INLINE int64_t gemm_rows_for(int64_t nv, int64_t k) {
  if (nv > 1 && nv * k > 16384 / (PN_VN * (int)sizeof(real))) return gemm_max_rows(nv);
  return nv == 1   ? (k > 64 ? TILE_LOW1 : TILE_MR1)
         : nv == 2 ? TILE_LOW2
         : nv == 3 ? TILE_LOW3
                   : TILE_LOW4;
}
/* The next of ceil(left / most) parts of nearly equal size: no part is a
 * sliver, and a tail costs its own share only. */
PN_INLINE int64_t gemm_next(int64_t left, int64_t most) {
  return left <= most ? left : pn_ceil_div(left, pn_ceil_div(left, most));
}

/* Vectors of the next panel, n columns being left: a tail that fits a half
 * register is a panel of its own. */
PN_INLINE int64_t gemm_next_vectors(int64_t n, int64_t most) {
  const int64_t full = n / PN_VN, tail = n - full * PN_VN;
  return gemm_next(tail && (tail > TILE_HALF || !full) ? full + 1 : full, most);
}

/* The same for packed panels, which are as wide as can be and then a tail, so
 * that any unit finds their borders. */
PN_INLINE int64_t gemm_panel_vectors(int64_t n) {
  const int64_t full = n / PN_VN, tail = n - full * PN_VN;
  return pn_min64(TILE_PNV, tail && (tail > TILE_HALF || !full) ? full + 1 : full);
}

/* dst[k * ld + j] = src[j * stride + k], k < kc <= PN_VN, j < n <= PN_VN; lanes
 * n <= j < PN_VN are written as zeros. */
void PN_FN(gemm_transpose_block)(real *dst, int64_t ld, const real *src, int64_t stride, int64_t kc,
                                 int64_t n);
/* dst[k][w] = B[k][j], zeros for n <= j < w. */
void PN_FN(gemm_pack_panel)(real *dst, int64_t w, const real *b, int64_t rsb, int64_t csb,
                            int64_t kc, int64_t n);
/* Where a block of A lies: its rows from i on at p + i * step; element (r, k)
 * of them at r * rs + k * cs.  Panels: k-major, cs is the panel's height. */
typedef struct gemm_rows {
  const real *p;
  int64_t step, rs, cs;
  bool panels;
} gemm_rows;
/* Copies m rows x kc columns of A into dst, for tiles of at most `most` rows. */
gemm_rows PN_FN(gemm_pack_rows)(real *dst, const real *a, int64_t rsa, int64_t csa, int64_t m,
                                int64_t kc, int64_t most);

/* C = act(Z) over a block of rows; act may be PN_ACT_NONE (a copy). */
void PN_FN(gemm_activate)(real *c, const real *z, int64_t ld, int64_t m, int64_t n, uint32_t act);

/* The sum over e of a[e*sa] * b[e*sb], e in [0, k): one chunk of the dot
 * product; scratch holds 2 * PN_CHUNK elements. */
real PN_FN(gemm_dot_chunk)(const real *a, int64_t sa, const real *b, int64_t sb, int64_t k,
                           real *scratch);

/* One matrix of the batch. */
typedef struct gemm_job {
  const pn_gemm_shape *s;
  const real *a, *b;
  real *c;     /* the result */
  real *z;     /* where the pre-activation goes; c when nobody wants it */
  int64_t rsc; /* of c and z */
  const real *bias;
  int64_t bias_stride;
  real alpha;
  bool accumulate;
  uint32_t act; /* PN_ACT_* */
} gemm_job;

/* C's row i from `parts` partial sums at p, p + step, ...: their sum in order,
 * then the rest of the product's formula. */
void PN_FN(gemm_finish_row)(const gemm_job *g, int64_t i, const real *p, int64_t parts,
                            int64_t step);

/* A record that pn_gemm_is_mini. */
void PN_FN(gemm_mini)(const pn_args *a);

/* Element offsets of matrix `i` of the batch, for operands that broadcast. */
PN_INLINE void gemm_outer_offset(const pn_gemm_batch *outer, int64_t i, int64_t *a, int64_t *b) {
  *a = *b = 0;
  for (int d = outer->ndim - 1; d >= 0; d--) {
    const int64_t q = i / outer->shape[d], r = i - q * outer->shape[d];
    *a += r * outer->stride_a[d];
    *b += r * outer->stride_b[d];
    i = q;
  }
}

/* Filled field by field: a structure that is copied right after it was written
 * stalls its reader (store forwarding), which small products would notice. */
PN_INLINE void gemm_job_of(gemm_job *g, const pn_gemm_shape *s, const pn_args *a, int64_t i) {
  const int64_t *n = a->n, at_c = i * n[PN_GEMM_BSC];
  int64_t at_a = i * n[PN_GEMM_BSA], at_b = i * n[PN_GEMM_BSB];
  if (a->block) gemm_outer_offset(a->block, i, &at_a, &at_b);
  g->s = s;
  g->a = (const real *)a->p[PN_GEMM_A] + at_a;
  g->b = (const real *)a->p[PN_GEMM_B] + at_b;
  g->c = (real *)a->p[PN_GEMM_C] + at_c;
  g->z = a->p[PN_GEMM_Z] ? (real *)a->p[PN_GEMM_Z] + at_c : g->c;
  g->rsc = n[PN_GEMM_RSC];
  g->bias = a->p[PN_GEMM_BIAS];
  g->bias_stride = n[PN_GEMM_BIAS_STRIDE];
  g->alpha = (real)a->f[PN_GEMM_ALPHA];
  g->accumulate = (a->flags & PN_GEMM_ACCUMULATE) != 0;
  g->act = a->flags & PN_ACT_MASK;
  if (!s->swapped) return;
  const real *p = g->a;
  g->a = g->b;
  g->b = p;
  g->rsc = s->n;
  g->bias_stride = 0;
}

/* What is done with the tile at (i, j) of a finished product. */
PN_INLINE void gemm_finish(gemm_out *o, const gemm_job *g, int64_t i, int64_t j) {
  o->c = g->z + i * g->rsc + j;
  o->ldc = g->rsc;
  o->part = NULL;
  o->ldp = 0;
  o->old = g->accumulate ? g->c + i * g->rsc + j : NULL;
  o->ldo = g->rsc;
  o->bias = g->bias ? g->bias + j * g->bias_stride : NULL;
  o->bias_stride = g->bias_stride;
  o->row_bias = NULL;
  o->alpha = g->alpha;
}

#endif

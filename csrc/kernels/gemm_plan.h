/* How one product is cut into units: the plan (rows/gemm.c) and the kernels
 * (real/gemm*.c) ask the same function, so both count alike.  The cut follows
 * from the record's sizes and strides and the level's blocks; no choice made
 * here moves a bit (docs/numerics.md: one k order for every path). */
#ifndef PN_GEMM_PLAN_H
#define PN_GEMM_PLAN_H

#include "kernels/gemm.h"
#include "kernels/table.h"
#include "pn_contract.h"

typedef enum pn_gemm_kind {
  PN_GEMM_DIRECT, /* one unit = mb x nb outputs, all of k */
  PN_GEMM_SHARED, /* the same; phase 0 packs all of B into the workspace */
  PN_GEMM_SPLIT,  /* one unit = some K blocks of the whole (small) product */
  PN_GEMM_DOT     /* M = N = 1: one unit = some chunks of the reduction */
} pn_gemm_kind;

typedef struct pn_gemm_cut {
  pn_gemm_kind kind;
  bool pack_a, pack_b; /* by the unit, into its scratch */
  int64_t mb, nb;      /* rows and columns of one unit */
  int64_t um, un;      /* units along M and N */
  int64_t kg;          /* K blocks are taken in groups of kg rows of B: one packing */
  int64_t parts;       /* SPLIT, DOT: K blocks or chunks, each with a partial result */
  int64_t group, us;   /* SPLIT, DOT: parts per unit, units per matrix; us = 1 otherwise */
  int64_t npad;        /* SHARED: columns of packed B */
} pn_gemm_cut;

enum {
  PN_GEMM_MINI = 64,           /* multiply-adds up to which not even a tile is set up */
  PN_GEMM_TINY = 64 * 64 * 64, /* multiply-adds up to which nothing is planned: 100 ns less */
  PN_GEMM_TINY_B = 1024,       /* ... if B's rows lie as they must, or this many elements */
  PN_GEMM_GRAIN = 1 << 20,     /* multiply-adds worth a unit: 20 us at 100 Gflop/s */
  PN_GEMM_ENOUGH = 32,         /* units to aim at where fewer would do */
  PN_GEMM_PAD = 16,            /* elements added to a packed row of A, against aliasing */
  PN_GEMM_FEW = 4,             /* rows for which packing B does not pay */
  PN_GEMM_SPLIT_BLOCKS = 8,    /* split K from this many blocks on, */
  PN_GEMM_SPLIT_SIDE = 128,    /* and only where M and N offer few units; */
  PN_GEMM_SPLIT_CHUNKS = 32    /* a dot product from this many chunks on */
};

/* The product as the kernels see it.  One column (a matrix times a vector) is
 * taken as one row of the transposed product, where that lies better: the
 * vector lanes are outputs either way, and the FMAs of an output the same. */
typedef struct pn_gemm_shape {
  int64_t m, n, k, rsa, csa, rsb, csb;
  bool swapped; /* A and B (and M and N) have changed places */
} pn_gemm_shape;

static inline void pn_gemm_shape_of(pn_gemm_shape *s, const int64_t *n) {
  s->m = n[PN_GEMM_M];
  s->n = n[PN_GEMM_N];
  s->k = n[PN_GEMM_K];
  s->rsa = n[PN_GEMM_RSA];
  s->csa = n[PN_GEMM_CSA];
  s->rsb = n[PN_GEMM_RSB];
  s->csb = n[PN_GEMM_CSB];
  s->swapped =
      s->n == 1 && s->m >= 8 && n[PN_GEMM_RSC] == 1 && (s->rsa == 1 || (s->csa == 1 && s->k >= 8));
  if (!s->swapped) return;
  s->n = s->m;
  s->m = 1;
  s->csa = s->rsb;
  s->rsb = n[PN_GEMM_CSA];
  s->csb = s->rsa;
  s->rsa = 0;
}

static inline bool pn_gemm_is_dot(const pn_gemm_shape *s) {
  return s->m == 1 && s->n == 1 && s->k > PN_KBLOCK;
}
static inline bool pn_gemm_b_has_rows(const pn_gemm_shape *s) { return s->csb == 1 || s->n == 1; }
/* Few rows on a B by columns: transposed in registers (gemm_tile_columns.c). */
static inline bool pn_gemm_by_columns(const pn_gemm_shape *s) {
  return s->m <= PN_GEMM_FEW && s->rsb == 1 && !pn_gemm_b_has_rows(s) && s->k * s->n > 64;
}
/* One K block, one unit, no scratch. */
static inline bool pn_gemm_is_tiny(const pn_gemm_shape *s) {
  return s->k <= PN_KBLOCK && s->m * s->n * s->k <= PN_GEMM_TINY &&
         (pn_gemm_b_has_rows(s) || pn_gemm_by_columns(s) ||
          s->k * ((s->n + 15) & ~(int64_t)15) <= PN_GEMM_TINY_B);
}

/* Neither batches nor anything but a bias to add: (gemm_mini.c). */
static inline bool pn_gemm_is_mini(const pn_args *a) {
  const int64_t *n = a->n;
  return n[PN_GEMM_BATCH] == 1 && n[PN_GEMM_M] * n[PN_GEMM_N] * n[PN_GEMM_K] <= PN_GEMM_MINI &&
         n[PN_GEMM_M] <= PN_GEMM_MINI && n[PN_GEMM_N] <= PN_GEMM_MINI && a->flags == PN_ACT_NONE &&
         !a->p[PN_GEMM_Z] && a->f[PN_GEMM_ALPHA] == 1;
}

/* Units of one matrix. */
static inline int64_t pn_gemm_units(const pn_gemm_cut *c) { return c->um * c->un * c->us; }

static inline void pn_gemm_cut_parts(pn_gemm_cut *c, pn_gemm_kind kind, int64_t parts,
                                     int64_t group) {
  c->kind = kind;
  c->parts = parts;
  c->group = group;
  c->us = pn_ceil_div(parts, group);
}

/* The size of `count` (or, where there are fewer steps, fewer) nearly equal
 * pieces, a multiple of step. */
static inline int64_t pn_gemm_even(int64_t size, int64_t step, int64_t count) {
  const int64_t steps = pn_ceil_div(size, step);
  return pn_ceil_div(steps, pn_max64(1, pn_min64(count, steps))) * step;
}

static inline void pn_gemm_cut_outputs(pn_gemm_cut *c, const pn_gemm_blocks *g,
                                       const pn_gemm_shape *s, bool apart) {
  const int64_t most = pn_max64(4 * g->mr, g->mc * PN_KBLOCK / pn_max64(c->kg, PN_KBLOCK));
  int64_t want = (int64_t)((double)s->m * (double)s->n * (double)s->k / PN_GEMM_GRAIN) + 1;
  if (c->kind == PN_GEMM_SHARED) {
    c->nb = pn_gemm_even(s->n, g->nr, pn_ceil_div(s->n, g->nc));
    want = pn_ceil_div(pn_min64(want, PN_GEMM_ENOUGH), pn_ceil_div(s->n, c->nb));
    c->mb = pn_gemm_even(s->m, g->mr, pn_max64(want, pn_ceil_div(s->m, most)));
  } else {
    /* Columns first, because a unit packs its columns of B for itself; then
     * rows, unless that would pack them again. */
    if (apart) want = pn_max64(want, pn_ceil_div(s->n, g->nc));
    c->nb = pn_gemm_even(s->n, 2 * g->nr, want);
    want = pn_ceil_div(want, pn_ceil_div(s->n, c->nb));
    if (c->pack_a || apart) want = pn_max64(want, pn_ceil_div(s->m, most));
    c->mb =
        c->pack_b ? s->m : pn_gemm_even(s->m, g->mr, pn_min64(want, pn_ceil_div(s->m, 4 * g->mr)));
  }
  c->um = pn_ceil_div(s->m, c->mb);
  c->un = pn_ceil_div(s->n, c->nb);
}

/* Sums of finished groups that C cannot hold, because it holds the old C. */
static inline bool pn_gemm_sums_apart(const pn_gemm_cut *c, const pn_args *a) {
  return (a->flags & PN_GEMM_ACCUMULATE) && a->n[PN_GEMM_K] > c->kg;
}

/* Which operands are copied into tile order.  B: where its rows are not
 * contiguous, and where it is used often and larger than the second level
 * cache.  A: only where its columns are contiguous, and much of it; rows of A
 * are read as they lie (n = 1024, a stride of 4 KB: 20.24 ms, packed 20.26). */
static inline void pn_gemm_cut_packing(pn_gemm_cut *c, const pn_gemm_blocks *g,
                                       const pn_gemm_shape *s, int64_t item) {
  const int64_t cache = 2 * g->mc * PN_KBLOCK * item;
  const bool b_by_rows = pn_gemm_b_has_rows(s) || pn_gemm_by_columns(s);
  c->pack_b = !b_by_rows || (s->m > 4 * g->mr && s->k * s->n * item > cache);
  c->pack_a = s->csa != 1 && s->m > g->mr && s->n > 4 * g->nr && s->k > 64 &&
              s->m * s->k * item > (384 << 10);
}

static inline void pn_gemm_cut_of(pn_gemm_cut *c, const pn_gemm_shape *s, const pn_args *a,
                                  const pn_gemm_blocks *g) {
  const int64_t item = a->dtype == PN_F64 ? 8 : 4, blocks = pn_ceil_div(s->k, PN_KBLOCK);
  *c = (pn_gemm_cut){.kind = PN_GEMM_DIRECT, .mb = s->m, .nb = s->n, .um = 1, .un = 1, .us = 1};
  c->kg = s->k;
  if (s->m == 0 || s->n == 0) c->us = 0;
  if (s->m == 0 || s->n == 0 || pn_gemm_is_tiny(s)) return;
  if (pn_gemm_is_dot(s)) {
    const int64_t chunks = pn_ceil_div(s->k, PN_CHUNK);
    pn_gemm_cut_parts(c, PN_GEMM_DOT, chunks,
                      chunks < PN_GEMM_SPLIT_CHUNKS ? chunks : PN_GEMM_SPLIT_CHUNKS / 4);
    return;
  }
  pn_gemm_cut_packing(c, g, s, item);
  if (s->m <= PN_GEMM_SPLIT_SIDE && s->n <= PN_GEMM_SPLIT_SIDE && blocks >= PN_GEMM_SPLIT_BLOCKS) {
    const int64_t group = pn_max64(1, PN_GEMM_GRAIN / (s->m * s->n * PN_KBLOCK));
    if (group < blocks) pn_gemm_cut_parts(c, PN_GEMM_SPLIT, blocks, group);
  }
  if (c->kind == PN_GEMM_SPLIT) return;
  if (c->pack_b && s->m > g->mc) {
    c->kind = PN_GEMM_SHARED;
    c->npad = pn_ceil_div(s->n, g->nr) * g->nr;
  }
  const int64_t group = c->kind == PN_GEMM_SHARED ? 16 / item : 8 / item;
  if (c->pack_a || c->pack_b) c->kg = pn_min64(s->k, group * PN_KBLOCK);
  pn_gemm_cut_outputs(c, g, s, pn_gemm_sums_apart(c, a));
}

/* Elements of a unit's scratch: packed A, one packed panel of B, the sums. */
static inline int64_t pn_gemm_scratch_a(const pn_gemm_cut *c) {
  return c->pack_a ? c->mb * (c->kg + PN_GEMM_PAD) : 0;
}
static inline int64_t pn_gemm_scratch_b(const pn_gemm_cut *c, const pn_gemm_blocks *g) {
  return c->pack_b && c->kind != PN_GEMM_SHARED ? c->kg * g->nr : 0;
}
static inline int64_t pn_gemm_scratch_sums(const pn_gemm_cut *c, const pn_args *a) {
  return c->kind <= PN_GEMM_SHARED && pn_gemm_sums_apart(c, a) ? c->mb * c->nb : 0;
}

/* Phase 0: matrices of B to pack (broadcast ones once), units of each. */
enum { PN_GEMM_PACK_PANELS = 64, PN_GEMM_PACK_DEPTH = 64 };
static inline int64_t pn_gemm_packed_matrices(const pn_args *a) {
  return a->block || a->n[PN_GEMM_BSB] != 0 ? a->n[PN_GEMM_BATCH] : 1;
}
static inline int64_t pn_gemm_pack_units(const pn_gemm_cut *c, const pn_gemm_blocks *g, int64_t k) {
  return pn_ceil_div(k, PN_GEMM_PACK_DEPTH) * pn_ceil_div(c->npad, PN_GEMM_PACK_PANELS * g->nr);
}

/* Phase 2: rows per unit of the summation of partial results. */
static inline bool pn_gemm_combines(const pn_gemm_cut *c) {
  return c->kind >= PN_GEMM_SPLIT && c->us > 1;
}
static inline int64_t pn_gemm_combine_rows(int64_t m, int64_t n) {
  return pn_min64(m, 1 + 2048 / n);
}

#endif

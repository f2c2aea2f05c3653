/* The product: C[b] = act(bias + [C[b] +] alpha * A[b] B[b]).  See gemm_plan.h
 * for how it is cut; a unit is a block of outputs and all of k (SPLIT and DOT:
 * a part of k, with the partial results in the workspace).
 *
 * Whatever the path, an output is one accumulator per K block, from +0, with
 * FMAs in the order of k; finished blocks are added in order. */
#include "kernels/real/gemm_run.h"

/* Outputs [m0, m1) x [n0, n1) of a job. */
typedef struct gemm_range {
  int64_t m0, m1, n0, n1;
} gemm_range;

PN_INLINE void activate_block(const gemm_job *g, int64_t i, int64_t j, int64_t m, int64_t n) {
  if (g->act || g->z != g->c)
    PN_FN(gemm_activate)(g->c + i * g->rsc + j, g->z + i * g->rsc + j, g->rsc, m, n, g->act);
}

/* Nothing packed: what small products are. */
static void run_direct(const gemm_job *g, int64_t m0, int64_t m1, int64_t n0, int64_t n1) {
  const gemm_rows a = {g->a + m0 * g->s->rsa, g->s->rsa, g->s->rsa, g->s->csa, false};
  const bool by_columns = g->s->csb != 1 && g->s->n != 1;
  const int64_t most = by_columns ? 1 : TILE_NV, across = by_columns ? g->s->csb : 1;
  gemm_columns b = {.step = g->s->rsb, .ld = by_columns ? g->s->csb : g->s->rsb};
  gemm_out o;
  b.by_columns = by_columns;
  for (int64_t j = n0, w; j < n1; j += w) {
    b.p = g->b + j * across;
    b.nv = gemm_next_vectors(n1 - j, most);
    w = pn_min64(b.nv * PN_VN, n1 - j);
    b.last = w - (b.nv - 1) * PN_VN;
    gemm_finish(&o, g, m0, j);
    run_panel(g->s->k, &a, &b, m1 - m0, &o);
  }
  activate_block(g, m0, n0, m1 - m0, n1 - n0);
}

/* A unit's memory: see pn_gemm_scratch_*. */
typedef struct gemm_scratch {
  real *a, *b, *sums;
} gemm_scratch;

/* Where group [k0, k0 + kg) of the outputs at (r->m0, j) goes.  Unfinished sums
 * wait where the result will be, or apart when that holds the old C. */
PN_INLINE void out_of_group(gemm_out *o, const gemm_job *g, const gemm_range *r,
                            const gemm_scratch *s, int64_t j, int64_t k0, int64_t kg) {
  gemm_finish(o, g, r->m0, j);
  real *sum = g->accumulate ? s->sums + (j - r->n0) : o->c;
  const int64_t ld = g->accumulate ? r->n1 - r->n0 : g->rsc;
  if (k0 > 0) o->part = sum, o->ldp = ld;
  if (k0 + kg < g->s->k) o->c = sum, o->ldc = ld, o->old = o->bias = NULL, o->alpha = 1;
}

/* `shared` is phase 0's packed B, or NULL. */
static void run_packed(const gemm_job *g, const pn_gemm_cut *cut, const gemm_range *r,
                       const gemm_scratch *s, const real *shared) {
  const int64_t m = r->m1 - r->m0;
  const bool packed = shared || cut->pack_b;
  gemm_out o;
  for (int64_t k0 = 0, kg; k0 < g->s->k; k0 += kg) {
    kg = pn_min64(cut->kg, g->s->k - k0);
    const real *a0 = g->a + r->m0 * g->s->rsa + k0 * g->s->csa, *b0 = g->b + k0 * g->s->rsb;
    gemm_rows a = {a0, g->s->rsa, g->s->rsa, g->s->csa, false};
    if (cut->pack_a) a = PN_FN(gemm_pack_rows)(s->a, a0, g->s->rsa, g->s->csa, m, kg, TILE_PMR);
    for (int64_t j = r->n0, w; j < r->n1; j += w) {
      const int64_t nv = gemm_panel_vectors(r->n1 - j);
      w = pn_min64(nv * PN_VN, r->n1 - j);
      gemm_columns b = {b0 + j, g->s->rsb, nv, w - (nv - 1) * PN_VN, g->s->rsb, false};
      if (packed)
        b.ld = b.step = nv * PN_VN, b.p = shared ? shared + j * g->s->k + k0 * b.ld : s->b;
      if (packed && !shared)
        PN_FN(gemm_pack_panel)(s->b, b.ld, b0 + j * g->s->csb, g->s->rsb, g->s->csb, kg, w);
      out_of_group(&o, g, r, s, j, k0, kg);
      run_panel(kg, &a, &b, m, &o);
      if (k0 + kg >= g->s->k) activate_block(g, r->m0, j, m, w);
    }
  }
}

static void run_block(const gemm_job *g, const pn_gemm_cut *cut, const gemm_range *r,
                      const gemm_scratch *s, const real *shared) {
  if (g->s->k > 0 && (cut->pack_a || cut->pack_b))
    run_packed(g, cut, r, s, shared);
  else
    run_direct(g, r->m0, r->m1, r->n0, r->n1);
}

/* SPLIT: every K block of a unit is a product of its own, into the workspace. */
static void run_split(const gemm_job *g, const pn_gemm_cut *cut, int64_t p0, int64_t p1,
                      const gemm_scratch *s, real *partial) {
  const gemm_range all = {0, g->s->m, 0, g->s->n};
  pn_gemm_shape shape = *g->s;
  gemm_job part = *g;
  part.s = &shape;
  part.rsc = g->s->n;
  part.bias = NULL;
  part.alpha = 1;
  part.accumulate = false;
  part.act = PN_ACT_NONE;
  for (int64_t p = p0; p < p1; p++) {
    const int64_t k0 = p * PN_KBLOCK;
    shape.k = pn_min64(PN_KBLOCK, g->s->k - k0);
    part.a = g->a + k0 * g->s->csa;
    part.b = g->b + k0 * g->s->rsb;
    part.c = part.z = partial + p * g->s->m * g->s->n;
    run_block(&part, cut, &all, s, NULL);
  }
}

static void run_dot(const gemm_job *g, const pn_gemm_cut *cut, int64_t p0, int64_t p1,
                    real *scratch, real *partial) {
  real sum = 0;
  for (int64_t p = p0; p < p1; p++) {
    const int64_t e = p * PN_CHUNK;
    const real x = PN_FN(gemm_dot_chunk)(g->a + e * g->s->csa, g->s->csa, g->b + e * g->s->rsb,
                                         g->s->rsb, pn_min64(PN_CHUNK, g->s->k - e), scratch);
    sum = p ? sum + x : x;
    if (cut->us > 1) partial[p] = x;
  }
  if (cut->us == 1) PN_FN(gemm_finish_row)(g, 0, &sum, 1, 0);
}

static void run_tiny(const pn_gemm_shape *s, const pn_args *a, int64_t begin, int64_t end) {
  gemm_job g;
  for (int64_t i = begin; i < end; i++) {
    gemm_job_of(&g, s, a, i);
    run_direct(&g, 0, s->m, 0, s->n);
  }
}

/* The same where B's columns are contiguous (a linear layer's weight). */
static void run_tiny_packed(const pn_gemm_shape *s, const pn_args *a, int64_t begin, int64_t end) {
  real rows[PN_GEMM_TINY_B];
  const int64_t w = (s->n + PN_VN - 1) / PN_VN * PN_VN;
  const pn_gemm_shape packed = {s->m, s->n, s->k, s->rsa, s->csa, w, 1, s->swapped};
  gemm_job g;
  for (int64_t i = begin; i < end; i++) {
    gemm_job_of(&g, s, a, i);
    PN_FN(gemm_pack_panel)(rows, w, g.b, s->rsb, s->csb, s->k, s->n);
    g.b = rows;
    g.s = &packed;
    run_direct(&g, 0, s->m, 0, s->n);
  }
}

static void run_units(const pn_args *a, const pn_gemm_shape *shape, const pn_gemm_cut *cut,
                      int64_t begin, int64_t end, const gemm_scratch *s) {
  real *work = a->p[PN_GEMM_WORK];
  const int64_t units = pn_gemm_units(cut);
  const bool broadcast = pn_gemm_packed_matrices(a) == 1;
  gemm_job g;
  for (int64_t u = begin, next; u < end; u = next) {
    const int64_t i = u / units, v = u - i * units;
    gemm_job_of(&g, shape, a, i);
    next = u + 1;
    if (cut->kind >= PN_GEMM_SPLIT) {
      const int64_t p0 = v * cut->group, p1 = pn_min64(p0 + cut->group, cut->parts);
      real *partial = work + i * cut->parts * shape->m * shape->n;
      if (cut->kind == PN_GEMM_DOT)
        run_dot(&g, cut, p0, p1, s->a, partial);
      else
        run_split(&g, cut, p0, p1, s, partial);
      continue;
    }
    /* Neighbours along a row share its packed A: taken as one. */
    const int64_t row = v / cut->un, col = v - row * cut->un;
    if (cut->pack_a && !pn_gemm_sums_apart(cut, a)) next = pn_min64(end, u - col + cut->un);
    gemm_range r = {row * cut->mb, 0, col * cut->nb, 0};
    r.m1 = pn_min64(r.m0 + cut->mb, shape->m);
    r.n1 = pn_min64(r.n0 + (next - u) * cut->nb, shape->n);
    run_block(
        &g, cut, &r, s,
        cut->kind == PN_GEMM_SHARED ? work + (broadcast ? 0 : i) * shape->k * cut->npad : NULL);
  }
}

PN_KERNEL(gemm) {
  if (pn_gemm_is_mini(a)) {
    if (begin < end) PN_FN(gemm_mini)(a);
    return;
  }
  pn_gemm_shape shape;
  pn_gemm_shape_of(&shape, a->n);
  if (pn_gemm_is_tiny(&shape)) {
    if (pn_gemm_b_has_rows(&shape) || pn_gemm_by_columns(&shape))
      run_tiny(&shape, a, begin, end);
    else
      run_tiny_packed(&shape, a, begin, end);
    return;
  }
  const pn_gemm_blocks *blocks = &PN_BLOCKS(PN_TYPE, PN_LEVEL);
  pn_gemm_cut cut;
  pn_gemm_cut_of(&cut, &shape, a, blocks);
  gemm_scratch s = {.a = scratch};
  s.b = s.a + pn_gemm_scratch_a(&cut);
  s.sums = s.b + pn_gemm_scratch_b(&cut, blocks);
  run_units(a, &shape, &cut, begin, end, &s);
}

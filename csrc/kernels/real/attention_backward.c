/* attention_backward: the gradients of q, k and v, one matrix at a time. */
#include "kernels/real/attention.h"

/* p = exp(s - m) / total */
PN_INLINE void probabilities(real *s, int64_t n, const real *stats) {
  const vreal m = v_set1(stats[0]), d = v_set1(stats[1]);
  for (int64_t i = 0; i < n; i += PN_VN) {
    const int64_t lanes = pn_min64(PN_VN, n - i);
    store_lanes(s + i, v_div(v_exp(v_sub(load_lanes(s + i, lanes), m)), d), lanes);
  }
}

typedef struct at_pair {
  const real *p, *dp;
} at_pair;
PN_INLINE vreal product_term(const void *context, int64_t i, int64_t n) {
  const at_pair *c = context;
  return v_mul(load_lanes(c->dp + i, n), load_lanes(c->p + i, n));
}
/* dp = p (dp - sum(dp p)) */
static void score_gradient(real *dp, const real *p, int64_t n) {
  const at_pair c = {p, dp};
  const vreal sum = v_set1(sum_chunks(product_term, &c, n));
  for (int64_t i = 0; i < n; i += PN_VN) {
    const int64_t lanes = pn_min64(PN_VN, n - i);
    const vreal d = v_sub(load_lanes(dp + i, lanes), sum);
    store_lanes(dp + i, v_mul(load_lanes(p + i, lanes), d), lanes);
  }
}

typedef struct at_gradients {
  const real *g, *stats;
  real *dq, *dk, *dv;
  real *kt, *vt, *p, *ds; /* scratch */
} at_gradients;

/* Query rows [i0, i0 + rows): p and ds, then their products. */
static void block(const at_matrix *m, const at_gradients *t, int64_t i0, int64_t rows) {
  const int64_t *n = m->a->n, ld = pn_at_row(n[PN_AT_S]), e = n[PN_AT_E], ev = n[PN_AT_EV];
  const int64_t seen = at_columns(m, i0 + rows - 1);
  const real *g = t->g + i0 * ev, scale = (real)m->a->f[PN_AT_SCALE];
  at_scores(m, t->kt, i0, rows, t->p, ld);
  inner_product(&(inner_job){rows, seen, ev, g, t->vt, NULL, t->ds, ev, 1, ld, ld, 1, false});
  for (int64_t i = 0; i < rows; i++) {
    const int64_t columns = at_columns(m, i0 + i);
    probabilities(t->p + i * ld, columns, t->stats + 2 * (i0 + i));
    at_drop_row(m, i0 + i, t->ds + i * ld, columns);
    score_gradient(t->ds + i * ld, t->p + i * ld, columns);
    at_drop_row(m, i0 + i, t->p + i * ld, columns);
    at_zero(t->p + i * ld, columns, seen);
    at_zero(t->ds + i * ld, columns, seen);
  }
  inner_product(&(inner_job){rows, e, seen, t->ds, m->k, NULL, t->dq + i0 * e, ld, 1,
                             n[PN_AT_ROW_K], e, scale, false});
  inner_product(&(inner_job){seen, e, rows, t->ds, m->q + i0 * n[PN_AT_ROW_Q], NULL, t->dk, 1, ld,
                             n[PN_AT_ROW_Q], e, scale, true});
  inner_product(&(inner_job){seen, ev, rows, t->p, g, NULL, t->dv, 1, ld, ev, ev, 1, true});
}

PN_KERNEL(attention_backward) {
  const int64_t *n = a->n, l = n[PN_AT_L], s = n[PN_AT_S], e = n[PN_AT_E], ev = n[PN_AT_EV];
  const int64_t ld = pn_at_row(s), rows = pn_min64(l, PN_AT_ROWS);
  at_gradients t = {.kt = scratch};
  t.vt = t.kt + e * ld;
  t.p = t.vt + ev * ld;
  t.ds = t.p + rows * ld;
  for (int64_t u = begin; u < end; u++) {
    at_matrix m;
    at_matrix_of(&m, a, a->p + PN_AB_Q, u);
    t.g = (const real *)a->p[PN_AB_G] + u * l * ev;
    t.stats = (const real *)a->p[PN_AB_STATS] + 2 * u * l;
    t.dq = (real *)a->p[PN_AB_DQ] + u * l * e;
    t.dk = (real *)a->p[PN_AB_DK] + u * s * e;
    t.dv = (real *)a->p[PN_AB_DV] + u * s * ev;
    at_zero(t.dk, 0, s * e);
    at_zero(t.dv, 0, s * ev);
    at_transpose(t.kt, ld, m.k, n[PN_AT_ROW_K], s, e);
    at_transpose(t.vt, ld, m.v, n[PN_AT_ROW_V], s, ev);
    for (int64_t i = 0; i < l; i += PN_AT_ROWS) block(&m, &t, i, pn_min64(PN_AT_ROWS, l - i));
  }
}

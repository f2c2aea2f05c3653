/* attention: softmax(scale q k^T + mask) v, block by block of query rows. */
#include "kernels/real/attention.h"

PN_INLINE real exponentials(real *x, real m, int64_t n) {
  const vreal shift = v_set1(m);
  for (int64_t i = 0; i < n; i += PN_VN) {
    const int64_t lanes = pn_min64(PN_VN, n - i);
    store_lanes(x + i, v_exp(v_sub(load_lanes(x + i, lanes), shift)), lanes);
  }
  return sum_values(x, n);
}

/* x = softmax(x); stats: the maximum and the sum.  All -inf: zeros. */
static void softmax_in_place(real *x, int64_t n, real *stats) {
  const real m = row_max(x, n);
  if (m == -REAL_INF) {
    at_zero(x, 0, n);
    stats[0] = 0;
    stats[1] = 1;
    return;
  }
  real total = 0;
  for (int64_t i = 0; i < n; i += PN_CHUNK) {
    const real s = exponentials(x + i, m, pn_min64(n - i, PN_CHUNK));
    total = i == 0 ? s : total + s;
  }
  const vreal d = v_set1(total);
  for (int64_t i = 0; i < n; i += PN_VN) {
    const int64_t lanes = pn_min64(PN_VN, n - i);
    store_lanes(x + i, v_div(load_lanes(x + i, lanes), d), lanes);
  }
  stats[0] = m;
  stats[1] = total;
}

static void block(const at_matrix *m, const real *kt, int64_t index, int64_t i0, real *s) {
  const int64_t *n = m->a->n, l = n[PN_AT_L], ld = pn_at_row(n[PN_AT_S]);
  const int64_t rows = pn_min64(PN_AT_ROWS, l - i0), seen = at_columns(m, i0 + rows - 1);
  real *stats = (real *)m->a->p[PN_AT_STATS] + 2 * (index * l + i0);
  real *out = (real *)m->a->p[PN_AT_OUT] + (index * l + i0) * n[PN_AT_EV];
  at_scores(m, kt, i0, rows, s, ld);
  for (int64_t i = 0; i < rows; i++) {
    const int64_t columns = at_columns(m, i0 + i);
    softmax_in_place(s + i * ld, columns, stats + 2 * i);
    at_drop_row(m, i0 + i, s + i * ld, columns);
    at_zero(s + i * ld, columns, seen);
  }
  if (n[PN_AT_EV])
    inner_product(&(inner_job){rows, n[PN_AT_EV], seen, s, m->v, NULL, out, ld, 1, n[PN_AT_ROW_V],
                               n[PN_AT_EV], 1, false});
}

PN_KERNEL(attention) {
  const int64_t *n = a->n, blocks = pn_ceil_div(n[PN_AT_L], PN_AT_ROWS), ld = pn_at_row(n[PN_AT_S]);
  real *kt = scratch, *s = kt + n[PN_AT_E] * ld;
  for (int64_t u = begin, last = -1; u < end; u++) {
    const int64_t index = u / blocks;
    at_matrix m;
    at_matrix_of(&m, a, a->p + PN_AT_Q, index);
    if (index != last) at_transpose(kt, ld, m.k, n[PN_AT_ROW_K], n[PN_AT_S], n[PN_AT_E]);
    last = index;
    block(&m, kt, index, (u - index * blocks) * PN_AT_ROWS, s);
  }
}

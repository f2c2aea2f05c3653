/* A banded linear map along one axis (pool.h). */
#include "kernels/kernel.h"
#include "kernels/pool.h"
#include "simd/simd.h"

/* out[v] for v < inner, from rows of x that are inner apart. */
static void band_rows(real *out, const real *x, const real *w, int64_t count, int64_t inner) {
  for (int64_t v = 0; v < inner; v += PN_VN) {
    const int64_t lanes = pn_min64(PN_VN, inner - v);
    vreal sum = count ? v_mul(v_set1(w[0]), v_load_n(x + v, lanes)) : v_set1(0);
    for (int64_t t = 1; t < count; t++)
      sum = v_fma(v_set1(w[t]), v_load_n(x + t * inner + v, lanes), sum);
    v_store_n(out + v, sum, lanes);
  }
}

static void band_line(real *out, const real *x, const int64_t *table, const real *w,
                      const int64_t *n) {
  for (int64_t o = 0; o < n[PN_BAND_AXIS]; o++, w += n[PN_BAND_MOST]) {
    const real *from = x + table[2 * o];
    const int64_t count = table[2 * o + 1];
    real sum = count ? w[0] * from[0] : 0;
    for (int64_t t = 1; t < count; t++) sum = r_fma(w[t], from[t], sum);
    out[o] = sum;
  }
}

PN_KERNEL(band) {
  const int64_t *n = a->n, *table = a->p[PN_BAND_TABLE], inner = n[PN_BAND_INNER];
  const real *x = a->p[PN_BAND_X], *w = a->p[PN_BAND_WEIGHT];
  real *out = a->p[PN_BAND_OUT];
  if (inner == 1) {
    for (int64_t u = begin; u < end; u++)
      band_line(out + u * n[PN_BAND_AXIS], x + u * n[PN_BAND_IN], table, w, n);
    return;
  }
  for (int64_t u = begin; u < end; u++) {
    const int64_t outer = u / n[PN_BAND_AXIS], o = u - outer * n[PN_BAND_AXIS];
    band_rows(out + u * inner, x + (outer * n[PN_BAND_IN] + table[2 * o]) * inner,
              w + o * n[PN_BAND_MOST], table[2 * o + 1], inner);
  }
}

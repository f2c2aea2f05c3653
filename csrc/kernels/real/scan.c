/* Scans along an axis (scan.h): PN_VN lines at a time, each sequential. */
#include "kernels/scan.h"

#include "kernels/kernel.h"
#include "simd/simd.h"
#include "simd/vmath.h"

typedef vreal (*scan_step)(vreal y, vreal x, vreal a);

PN_INLINE vreal step_cumsum(vreal y, vreal x, vreal a) { return v_add(y, x); }
PN_INLINE vreal step_cumprod(vreal y, vreal x, vreal a) { return v_mul(y, x); }
PN_INLINE vreal step_linear(vreal y, vreal x, vreal a) { return v_fma(a, y, x); }

/* Where the maximum is infinite or NaN it is the result. */
PN_INLINE vreal step_logcumsumexp(vreal y, vreal x, vreal a) {
  vreal m = v_max(y, x), low = v_min(y, x);
  vreal sum = v_add(m, v_log1p(v_exp(v_sub(low, m))));
  return v_select(v_lt(v_abs(m), v_set1(REAL_INF)), sum, m);
}

/* n <= PN_VN items, `across` apart. */
PN_INLINE vreal gather_lanes(const real *p, int64_t across, int64_t n) {
  real lanes[PN_VN] = {0};
  for (int64_t c = 0; c < n; c++) lanes[c] = p[c * across];
  return v_load(lanes);
}
PN_INLINE void scatter_lanes(real *p, int64_t across, int64_t n, vreal v) {
  real lanes[PN_VN];
  v_store(lanes, v);
  for (int64_t c = 0; c < n; c++) p[c * across] = lanes[c];
}

/* How the lanes of a strip lie: one line in all lanes, a whole register side by
 * side, some of one, or apart. */
typedef enum lanes { LANES_ONE, LANES_ALL, LANES_SOME, LANES_APART } lanes;

PN_INLINE vreal load(lanes how, const real *p, int64_t across, int64_t n) {
  if (how == LANES_ONE) return v_set1(*p);
  if (how == LANES_ALL) return v_load(p);
  return how == LANES_SOME ? v_load_n(p, n) : gather_lanes(p, across, n);
}
PN_INLINE void store(lanes how, real *p, int64_t across, int64_t n, vreal v) {
  if (how == LANES_ONE)
    *p = v_first(v);
  else if (how == LANES_ALL)
    v_store(p, v);
  else if (how == LANES_SOME)
    v_store_n(p, v, n);
  else
    scatter_lanes(p, across, n, v);
}

typedef struct scan_at {
  real *y;
  const real *x, *a;
} scan_at;

PN_INLINE void scan_strip(scan_step step, bool linear, lanes how, const pn_scan_unit *u, scan_at p,
                          int64_t n) {
  vreal y = load(how, p.x, u->across[1], n);
  store(how, p.y, u->across[0], n, y);
  for (int64_t i = 1; i < u->axis; i++) {
    p.x += u->step[1];
    p.y += u->step[0];
    vreal a = y;
    if (linear) {
      p.a += u->step[2];
      a = load(how, p.a, u->across[2], n);
    }
    y = step(y, load(how, p.x, u->across[1], n), a);
    store(how, p.y, u->across[0], n, y);
  }
}

PN_INLINE void scan_unit(scan_step step, bool linear, const pn_args *args, int64_t unit) {
  pn_scan_unit u = pn_scan_unit_at(args, unit);
  bool side = u.across[0] == 1 && u.across[1] == 1 && (!linear || u.across[2] == 1);
  for (int64_t c = 0, n; c < u.lines; c += n) {
    scan_at p = {(real *)args->p[PN_SCAN_OUT] + u.y + c * u.across[0],
                 (const real *)args->p[PN_SCAN_X] + u.x + c * u.across[1],
                 (const real *)args->p[PN_SCAN_A]};
    if (linear) p.a += u.a + c * u.across[2];
    n = pn_min64(u.lines - c, PN_VN);
    if (n == 1)
      scan_strip(step, linear, LANES_ONE, &u, p, 1);
    else if (side && n == PN_VN)
      scan_strip(step, linear, LANES_ALL, &u, p, PN_VN);
    else if (side)
      scan_strip(step, linear, LANES_SOME, &u, p, n);
    else
      scan_strip(step, linear, LANES_APART, &u, p, n);
  }
}

PN_KERNEL(cumsum) {
  for (int64_t u = begin; u < end; u++) scan_unit(step_cumsum, false, a, u);
}
PN_KERNEL(cumprod) {
  for (int64_t u = begin; u < end; u++) scan_unit(step_cumprod, false, a, u);
}
PN_KERNEL(linear_scan) {
  for (int64_t u = begin; u < end; u++) scan_unit(step_linear, true, a, u);
}

/* One copy of the logarithm for all four ways that lanes lie. */
PN_NOINLINE vreal step_logcumsumexp_once(vreal y, vreal x, vreal a) {
  return step_logcumsumexp(y, x, a);
}
PN_KERNEL(logcumsumexp) {
  for (int64_t u = begin; u < end; u++) scan_unit(step_logcumsumexp_once, false, a, u);
}

/* The product of all others: those before times those behind. */
PN_INLINE void others_strip(lanes how, const pn_scan_unit *u, scan_at p, int64_t n) {
  vreal before = v_set1(1), behind = v_set1(1);
  for (int64_t i = 0; i < u->axis; i++) {
    store(how, p.y + i * u->step[0], u->across[0], n, before);
    before = v_mul(before, load(how, p.x + i * u->step[1], u->across[1], n));
  }
  for (int64_t i = u->axis - 1; i >= 0; i--) {
    real *y = p.y + i * u->step[0];
    store(how, y, u->across[0], n, v_mul(load(how, y, u->across[0], n), behind));
    behind = v_mul(behind, load(how, p.x + i * u->step[1], u->across[1], n));
  }
}

PN_KERNEL(prod_others) {
  for (int64_t k = begin; k < end; k++) {
    pn_scan_unit u = pn_scan_unit_at(a, k);
    bool side = u.across[0] == 1 && u.across[1] == 1;
    for (int64_t c = 0, n; c < u.lines; c += n) {
      scan_at p = {(real *)a->p[PN_SCAN_OUT] + u.y + c * u.across[0],
                   (const real *)a->p[PN_SCAN_X] + u.x + c * u.across[1], NULL};
      n = pn_min64(u.lines - c, PN_VN);
      if (n == 1)
        others_strip(LANES_ONE, &u, p, 1);
      else if (side)
        others_strip(LANES_SOME, &u, p, n);
      else
        others_strip(LANES_APART, &u, p, n);
    }
  }
}

/* See simd_probe.h. */
#include "tests/simd_probe.h"
#include "simd/vmath.h"

#define CAT_(a, b, c) a##b##_##c
#define CAT(a, b, c) CAT_(a, b, c)

PN_INLINE vreal truth(vmask m) { return v_select(m, v_set1(1), v_set1(0)); }

/* Two functions, so that neither is long. */
static vreal arithmetic(pn_probe f, vreal x, vreal y, vreal z) {
  switch (f) {
    case PROBE_add:
      return v_add(x, y);
    case PROBE_sub:
      return v_sub(x, y);
    case PROBE_mul:
      return v_mul(x, y);
    case PROBE_div:
      return v_div(x, y);
    case PROBE_fma:
      return v_fma(x, y, z);
    case PROBE_fnma:
      return v_fnma(x, y, z);
    case PROBE_sqrt:
      return v_sqrt(x);
    case PROBE_neg:
      return v_neg(x);
    case PROBE_abs:
      return v_abs(x);
    case PROBE_max:
      return v_max(x, y);
    case PROBE_min:
      return v_min(x, y);
    case PROBE_least:
      return v_least(x, y);
    case PROBE_most:
      return v_most(x, y);
    case PROBE_round:
      return v_round(x);
    case PROBE_lt:
      return truth(v_lt(x, y));
    case PROBE_le:
      return truth(v_le(x, y));
    case PROBE_eq:
      return truth(v_eq(x, y));
    case PROBE_isnan:
      return truth(v_isnan(x));
    case PROBE_and_lt_eq:
      return truth(m_and(v_lt(x, y), v_eq(y, z)));
    case PROBE_or_lt_eq:
      return truth(m_or(v_lt(x, y), v_eq(y, z)));
    case PROBE_not_lt:
      return truth(m_not(v_lt(x, y)));
    case PROBE_select_lt:
      return v_select(v_lt(x, y), z, x);
    default:
      return v_log1p(x);
  }
}

static vreal integers(pn_probe f, vreal x, vreal y) {
  vint i = v_bits(x), j = v_bits(y);
  switch (f) {
    case PROBE_to_int:
      return v_from_bits(v_to_int(x));
    case PROBE_from_int:
      return v_from_int(i);
    case PROBE_i_add:
      return v_from_bits(i_add(i, j));
    case PROBE_i_sub:
      return v_from_bits(i_sub(i, j));
    case PROBE_i_and:
      return v_from_bits(i_and(i, j));
    case PROBE_i_or:
      return v_from_bits(i_or(i, j));
    case PROBE_i_xor:
      return v_from_bits(i_xor(i, j));
    case PROBE_i_shl:
      return v_from_bits(i_shl(i, PROBE_SHIFT));
    case PROBE_i_shr:
      return v_from_bits(i_shr(i, PROBE_SHIFT));
    case PROBE_i_shr0:
      return v_from_bits(i_shr0(i, PROBE_SHIFT));
    default:
      return v_scale2(x, y);
  }
}

void CAT(pn_probe_, PN_TYPE, PN_LEVEL)(pn_probe f, const real *x, const real *y, const real *z,
                                       real *out, int64_t n);
void CAT(pn_probe_, PN_TYPE, PN_LEVEL)(pn_probe f, const real *x, const real *y, const real *z,
                                       real *out, int64_t n) {
  for (int64_t i = 0; i < n; i += PN_VN) {
    int64_t m = n - i < PN_VN ? n - i : PN_VN;
    vreal a = v_load_n(x + i, m), b = v_load_n(y + i, m), c = v_load_n(z + i, m), r;
    if (f == PROBE_load_or)
      r = v_load_or(x + i, m / 2, b);
    else if (f >= PROBE_to_int && f <= PROBE_scale2)
      r = integers(f, a, b);
    else
      r = arithmetic(f, a, b, c);
    v_store_n(out + i, r, m);
  }
}

void CAT(pn_probe_lanes_, PN_TYPE, PN_LEVEL)(const real *x, real *out, int64_t n);
void CAT(pn_probe_lanes_, PN_TYPE, PN_LEVEL)(const real *x, real *out, int64_t n) {
  out[0] = vv_sum(vv_load_n(x, n));
  out[1] = vv_max_lane(vv_load_or(x, n, -REAL_INF));
  out[2] = vv_min_lane(vv_load_or(x, n, REAL_INF));
  vvec v = vv_add(vv_max(vv_load_n(x, n), vv_set1(0)), vv_min(vv_load_n(x, n), vv_set1(0)));
  int any = 0;
  for (int i = 0; i < PN_VREGS; i++) any |= m_any(v_isnan(v.v[i]));
  out[3] = (real)any;
}

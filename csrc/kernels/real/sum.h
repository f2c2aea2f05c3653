/* Sums in the order of the numerics contract (kernels/reduce.h), for every
 * kernel that sums: the terms of a sum are values of a function that the
 * compiler inlines, so x, (x - m)^2 and exp(x - m) share one loop. */
#ifndef PN_REAL_SUM_H
#define PN_REAL_SUM_H

#include "kernels/kernel.h"
#include "simd/simd.h"

/* Lanes 0..n-1 are elements i..i+n-1; n = PN_VN is a constant to the compiler. */
typedef vreal (*sum_term)(const void *context, int64_t i, int64_t n);

static const real lane_index[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* n < PN_VN lanes of v, the others -0, which adds nothing. */
PN_INLINE vreal sum_absent(vreal v, int64_t n) {
  return v_select(v_lt(v_load(lane_index), v_set1((real)n)), v, v_set1(-(real)0));
}

PN_INLINE vvec sum_load(sum_term term, const void *context, int64_t i) {
  vvec r;
  for (int j = 0; j < PN_VREGS; j++) r.v[j] = term(context, i + j * PN_VN, PN_VN);
  return r;
}

/* The virtual vector of the last n < PN_VV elements. */
PN_INLINE vvec sum_load_n(sum_term term, const void *context, int64_t i, int64_t n) {
  vvec r = vv_set1(-(real)0);
  for (int j = 0; j < PN_VREGS; j++, i += PN_VN, n -= PN_VN) {
    if (n >= PN_VN) {
      r.v[j] = term(context, i, PN_VN);
    } else {
      if (n > 0) r.v[j] = sum_absent(term(context, i, n), n);
      break;
    }
  }
  return r;
}

/* The sum of elements i..i+n-1 as one chunk: 1 <= n <= PN_CHUNK. */
PN_INLINE real sum_chunk(sum_term term, const void *context, int64_t i, int64_t n) {
  if (n < PN_VV) return vv_sum(sum_load_n(term, context, i, n));
  vvec acc[PN_VACC];
  for (int k = 0; k < PN_VACC; k++) acc[k] = vv_set1(-(real)0);
  for (; n >= PN_VACC * PN_VV; n -= PN_VACC * PN_VV, i += PN_VACC * PN_VV)
    for (int k = 0; k < PN_VACC; k++)
      acc[k] = vv_add(acc[k], sum_load(term, context, i + k * PN_VV));
  for (int k = 0; k < PN_VACC; k++, n -= PN_VV, i += PN_VV) {
    if (n >= PN_VV) {
      acc[k] = vv_add(acc[k], sum_load(term, context, i));
    } else {
      if (n > 0) acc[k] = vv_add(acc[k], sum_load_n(term, context, i, n));
      break;
    }
  }
  return vv_sum(vv_add(vv_add(acc[0], acc[1]), vv_add(acc[2], acc[3])));
}

/* All chunks of elements 0..n-1, in order; the empty sum is +0. */
PN_INLINE real sum_chunks(sum_term term, const void *context, int64_t n) {
  if (n <= 0) return 0;
  real total = sum_chunk(term, context, 0, pn_min64(n, PN_CHUNK));
  for (int64_t i = PN_CHUNK; i < n; i += PN_CHUNK)
    total = total + sum_chunk(term, context, i, pn_min64(n - i, PN_CHUNK));
  return total;
}

/* The term x[i] itself. */
PN_INLINE vreal term_value(const void *context, int64_t i, int64_t n) {
  const real *x = (const real *)context + i;
  return n == PN_VN ? v_load(x) : v_load_n(x, n);
}

PN_NOINLINE real sum_long(const real *x, int64_t n) { return sum_chunk(term_value, x, 0, n); }

/* sum_chunk of x[0..n); up to four elements without vectors, in the same order. */
PN_INLINE real sum_values(const real *x, int64_t n) {
  if (n > 4) return sum_long(x, n);
  if (n == 1) return x[0];
  if (n == 2) return x[0] + x[1];
  return (x[0] + x[2]) + (n == 3 ? x[1] : x[1] + x[3]);
}

#endif

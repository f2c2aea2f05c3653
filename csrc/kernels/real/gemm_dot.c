/* The dot product, M = N = 1 and K > PN_KBLOCK: a reduction (docs/numerics.md).
 *
 * One chunk of at most PN_CHUNK elements: PN_VACC accumulators of one virtual
 * vector (PN_VBYTES) start at +0; virtual vector i of the chunk is added to
 * accumulator i mod PN_VACC by one FMA per lane; lanes past the end multiply
 * +0 by +0.  Then (acc0 + acc1) + (acc2 + acc3), and the lanes by vv_sum's tree. */
#include "kernels/real/gemm.h"

PN_INLINE vvec vv_fma(vvec a, vvec b, vvec c) {
  for (int i = 0; i < PN_VREGS; i++) c.v[i] = v_fma(a.v[i], b.v[i], c.v[i]);
  return c;
}

static real dot_contiguous(const real *a, const real *b, int64_t k) {
  vvec s[PN_VACC];
  for (int j = 0; j < PN_VACC; j++) s[j] = vv_set1(0);
  int64_t e = 0;
  for (; e + PN_VACC * PN_VV <= k; e += PN_VACC * PN_VV)
    for (int j = 0; j < PN_VACC; j++)
      s[j] = vv_fma(vv_load(a + e + j * PN_VV), vv_load(b + e + j * PN_VV), s[j]);
  for (int j = 0; e < k; e += PN_VV, j++)
    s[j] = vv_fma(vv_load_or(a + e, k - e, 0), vv_load_or(b + e, k - e, 0), s[j]);
  _Static_assert(PN_VACC == 4, "the tree below has four leaves");
  return vv_sum(vv_add(vv_add(s[0], s[1]), vv_add(s[2], s[3])));
}

real PN_FN(gemm_dot_chunk)(const real *a, int64_t sa, const real *b, int64_t sb, int64_t k,
                           real *scratch) {
  if (sa == 1 && sb == 1) return dot_contiguous(a, b, k);
  real *x = scratch, *y = scratch + PN_CHUNK;
  for (int64_t e = 0; e < k; e++) {
    x[e] = a[e * sa];
    y[e] = b[e * sb];
  }
  return dot_contiguous(x, y, k);
}

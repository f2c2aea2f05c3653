/* The functions of simd/simd.h and what of simd/vmath.h no kernel is, callable
 * on any level: probe/simd.c is compiled once per level and float type like a
 * kernel and applies one function to n elements, the last ones in a masked
 * vector.  Masks come out as 1 and 0, integers as bits. */
#ifndef PN_TEST_SIMD_PROBE_H
#define PN_TEST_SIMD_PROBE_H

#include <stdint.h>

/* clang-format off */
#define PN_PROBES(X) \
  X(add) X(sub) X(mul) X(div) X(fma) X(fnma) X(sqrt) \
  X(neg) X(abs) X(max) X(min) X(least) X(most) X(round) \
  X(lt) X(le) X(eq) X(isnan) X(and_lt_eq) X(or_lt_eq) X(not_lt) \
  X(select_lt) X(to_int) X(from_int) X(i_add) X(i_sub) X(i_and) X(i_or) \
  X(i_xor) X(i_shl) X(i_shr) X(i_shr0) X(scale2) X(log1p) X(load_or)
/* clang-format on */

typedef enum pn_probe {
#define PN_PROBE(name) PROBE_##name,
  PN_PROBES(PN_PROBE)
#undef PN_PROBE
      PROBE_COUNT
} pn_probe;

enum { PROBE_SHIFT = 5 };

/* out[i] = f(x[i], y[i], z[i]); the last is the level's PN_VN. */
typedef void (*pn_probe_f32)(pn_probe f, const float *x, const float *y, const float *z, float *out,
                             int64_t n);
typedef void (*pn_probe_f64)(pn_probe f, const double *x, const double *y, const double *z,
                             double *out, int64_t n);
/* out: sum, max and min of x as one vvec, 0 <= n <= PN_VV; then whether any of
 * them is NaN. */
typedef void (*pn_probe_lanes_f32)(const float *x, float *out, int64_t n);
typedef void (*pn_probe_lanes_f64)(const double *x, double *out, int64_t n);

typedef struct pn_probes {
  const char *name; /* of the level */
  pn_probe_f32 f32;
  pn_probe_f64 f64;
  pn_probe_lanes_f32 lanes_f32;
  pn_probe_lanes_f64 lanes_f64;
} pn_probes;
const pn_probes *pn_probes_of(const char *level); /* of a built level */

#endif

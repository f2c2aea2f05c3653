/* The table of simd_probe.h. */
#include "tests/simd_probe.h"

#include <string.h>

#define LEVEL_PROTOTYPES(level)                                                                 \
  void pn_probe_f32_##level(pn_probe, const float *, const float *, const float *, float *,     \
                            int64_t);                                                           \
  void pn_probe_f64_##level(pn_probe, const double *, const double *, const double *, double *, \
                            int64_t);                                                           \
  void pn_probe_lanes_f32_##level(const float *, float *, int64_t);                             \
  void pn_probe_lanes_f64_##level(const double *, double *, int64_t);
#define LEVEL_ENTRY(level)                                                         \
  {#level, pn_probe_f32_##level, pn_probe_f64_##level, pn_probe_lanes_f32_##level, \
   pn_probe_lanes_f64_##level},

#if PN_HAVE_LEVEL_AVX512
LEVEL_PROTOTYPES(avx512)
#endif
#if PN_HAVE_LEVEL_AVX2
LEVEL_PROTOTYPES(avx2)
#endif
#if PN_HAVE_LEVEL_NEON
LEVEL_PROTOTYPES(neon)
#endif
LEVEL_PROTOTYPES(scalar)

static const pn_probes probes[] = {
#if PN_HAVE_LEVEL_AVX512
    LEVEL_ENTRY(avx512)
#endif
#if PN_HAVE_LEVEL_AVX2
        LEVEL_ENTRY(avx2)
#endif
#if PN_HAVE_LEVEL_NEON
            LEVEL_ENTRY(neon)
#endif
                LEVEL_ENTRY(scalar)};

const pn_probes *pn_probes_of(const char *level) {
  const pn_probes *p = probes;
  while (strcmp(p->name, level) != 0) p++;
  return p;
}

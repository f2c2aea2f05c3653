/* simd/: every function on every level against the C library's, bit for bit;
 * masked loads and stores at guard pages; the lane tree; FMA in software. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "pn_contract.h"
#include "simd/fma.h"
#include "tests/kernel_case.h"
#include "tests/simd_probe.h"
#include "tests/test.h"

#define T float
#define U uint32_t
#define I int32_t
#define MANT 23
#define REF(name) name##_f32
#define libm_fma_f32 fmaf
#define libm_sqrt_f32 sqrtf
#define libm_round_f32 nearbyintf
#define tiny_f32 FLT_MIN
#define huge_f32 FLT_MAX
#define least_f32 1e-45f
#include "tests/simd_ref.h"
#include "tests/simd_check.h"
#undef T
#undef U
#undef I
#undef MANT
#undef REF

#define T double
#define U uint64_t
#define I int64_t
#define MANT 52
#define REF(name) name##_f64
#define libm_fma_f64 fma
#define libm_sqrt_f64 sqrt
#define libm_round_f64 nearbyint
#define tiny_f64 DBL_MIN
#define huge_f64 DBL_MAX
#define least_f64 5e-324
#include "tests/simd_ref.h"
#include "tests/simd_check.h"

static void check_level(const pn_probes *p) {
  for (int round = 0; round < 60; round++) {
    int64_t n = round < 40 ? round : 16 + case_pick(300);
    check_functions_f32(p->name, p->f32, n);
    check_functions_f64(p->name, p->f64, n);
  }
  for (int round = 0; round < 200; round++) {
    check_lanes_f32(p->name, p->lanes_f32, round % 17);
    check_lanes_f64(p->name, p->lanes_f64, round % 9);
  }
}

/* Cases that a wrong sticky bit, a lost carry or a missing subnormal would
 * show, beside the random ones of check_fma. */
static void check_known_fma(void) {
  static const double known[][4] = {
      {1 + DBL_EPSILON, 1 - DBL_EPSILON, -1, -DBL_EPSILON * DBL_EPSILON},
      {0x1p-1022, 0x1p-52, 0x1p-1074, 0x1p-1073},
      {0x1p-1074, 0.5, 0x1p-1074, 0x1p-1073}, /* 1.5 steps: to even */
      {0x1p-1074, 0.5, 0x1p-1073, 0x1p-1073}, /* 2.5 steps: to even */
      {0x1p-1074, 0x1p-1074, -0.0, 0.0},
      {-0x1p-1074, 0x1p-1074, 0.0, -0.0},
      {0x1p1000, 0x1p1000, -INFINITY, -INFINITY},
      {0x1p1000, 0x1p1000, -DBL_MAX, INFINITY},
      {DBL_MAX, 1 + DBL_EPSILON, -DBL_MAX, DBL_MAX * DBL_EPSILON},
      {DBL_MAX, 1, 0x1p969, DBL_MAX}, /* less than half a step over */
      {DBL_MAX, 1, 0x1p970, INFINITY},
      /* 2^75 + 1 = (2^25 + 1)(2^50 - 2^25 + 1): half a step and 2^-75 of it more,
       * far below what 128 bits hold beside the third number. */
      {0x1.0000008p-103, 0x1p50 - 0x1p25 + 1, 1, 1 + DBL_EPSILON},
      {-0x1.0000008p-103, 0x1p50 - 0x1p25 + 1, 1 + 2 * DBL_EPSILON, 1 + DBL_EPSILON},
      {3, 7, -21, 0.0},
      {-3, 7, 21, 0.0},
      {0, INFINITY, 1, NAN},
      {1, INFINITY, -INFINITY, NAN},
      {0x1.0000001p0, 0x1.0000001p0, 0x1p-110, 0x1.0000002p0},
  };
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    const double *k = known[i];
    CHECK_MSG(same_f64(pn_fma_soft_f64(k[0], k[1], k[2]), k[3]), "fma(%a, %a, %a) = %a, not %a",
              k[0], k[1], k[2], pn_fma_soft_f64(k[0], k[1], k[2]), k[3]);
  }
  /* Rounding twice, through float64, would give 1: the sum is just above a tie. */
  CHECK(pn_fma_soft_f32(0x1.000002p0f, 0x1p-24f, 1) == 0x1.000002p0f);
  CHECK(pn_fma_soft_f32(0x1p-75f, 0x1p-75f, 0x1p-149f) == 0x1p-148f);
}

/* The scalar level with the instruction and without it. */
static void check_soft_level(const pn_probes *p) {
  int hardware = pn_fma_hardware;
  pn_fma_hardware = 0;
  check_functions_f32("scalar without FMA", p->f32, 300);
  check_functions_f64("scalar without FMA", p->f64, 300);
  pn_fma_hardware = hardware;
}

void suite_simd(void);
void suite_simd(void) {
  case_seed(41);
  for (int level = 0; level < pn_level_count(); level++)
    if (pn_level_runnable(level)) check_level(pn_probes_of(pn_level_name(level)));
  check_soft_level(pn_probes_of("scalar"));
  check_known_fma();
  for (int i = 0; i < 300000; i++) {
    check_fma_f32();
    check_fma_f64();
  }
}

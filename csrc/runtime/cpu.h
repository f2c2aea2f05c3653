/* What the processor and the operating system can run. */
#ifndef PN_CPU_H
#define PN_CPU_H

#include <stdbool.h>

typedef struct pn_cpu {
  bool fma;    /* a hardware fused multiply-add that may be used */
  bool avx2;   /* AVX2, FMA, F16C, BMI2 and the operating system's YMM state */
  bool avx512; /* F, DQ, BW, VL, all of avx2, and ZMM and mask state */
  bool neon;   /* AArch64: always */
} pn_cpu;

pn_cpu pn_cpu_detect(void);

#endif

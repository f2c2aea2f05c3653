/* pn_fma_f32/f64(a, b, c) = a * b + c with one rounding: the instruction where
 * the machine has it, else correctly rounded software (fma.c).  Baseline
 * x86-64 code may run on a CPU without FMA3, so there the choice is a flag,
 * read before each use: a load and a branch that is always predicted. */
#ifndef PN_FMA_H
#define PN_FMA_H

#include "simd/compiler.h"

/* Exact software; the reference of the tests, and the fallback. */
float pn_fma_soft_f32(float a, float b, float c);
double pn_fma_soft_f64(double a, double b, double c);

/* 1 where this CPU and operating system run the instruction.  Set when the
 * library is loaded; a test may clear it to force the software. */
extern int pn_fma_hardware;

#if defined(__FMA__) || defined(__aarch64__) || (defined(__FP_FAST_FMA) && defined(__FP_FAST_FMAF))

PN_INLINE float pn_fma_f32(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
PN_INLINE double pn_fma_f64(double a, double b, double c) { return __builtin_fma(a, b, c); }

#elif defined(__x86_64__)

PN_INLINE float pn_fma_f32(float a, float b, float c) {
  if (!__builtin_expect(pn_fma_hardware, 1)) return pn_fma_soft_f32(a, b, c);
  __asm__("vfmadd231ss %2, %1, %0" : "+x"(c) : "x"(a), "x"(b));
  return c;
}
PN_INLINE double pn_fma_f64(double a, double b, double c) {
  if (!__builtin_expect(pn_fma_hardware, 1)) return pn_fma_soft_f64(a, b, c);
  __asm__("vfmadd231sd %2, %1, %0" : "+x"(c) : "x"(a), "x"(b));
  return c;
}

#else

PN_INLINE float pn_fma_f32(float a, float b, float c) { return pn_fma_soft_f32(a, b, c); }
PN_INLINE double pn_fma_f64(double a, double b, double c) { return pn_fma_soft_f64(a, b, c); }

#endif
#endif

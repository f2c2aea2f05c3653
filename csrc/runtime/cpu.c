/* CPU detection.  Compiled without ISA flags; a level counts only when the
 * operating system saves its registers (XCR0), too. */
#include "runtime/cpu.h"

#include <stdint.h>

#include "runtime/platform.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

enum {
  L1_ECX_FMA = 1 << 12,
  L1_ECX_OSXSAVE = 1 << 27,
  L1_ECX_AVX = 1 << 28,
  L1_ECX_F16C = 1 << 29,
  L7_EBX_AVX2 = 1 << 5,
  L7_EBX_BMI2 = 1 << 8,
  L7_EBX_AVX512F = 1 << 16,
  L7_EBX_AVX512DQ = 1 << 17,
  L7_EBX_AVX512BW = 1 << 30,
};
#define L7_EBX_AVX512VL (1u << 31)
#define XCR0_YMM 0x6u /* SSE and AVX state */

static bool has(uint32_t bits, uint32_t wanted) { return (bits & wanted) == wanted; }

/* xgetbv as bytes: the mnemonic wants -mxsave from some assemblers. */
static uint64_t read_xcr0(void) {
  uint32_t low, high;
  __asm__ __volatile__(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

pn_cpu pn_cpu_detect(void) {
  pn_cpu cpu = {0};
  uint32_t eax, ebx, ecx, edx, ebx7 = 0;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return cpu;
  if (!has(ecx, L1_ECX_OSXSAVE | L1_ECX_AVX)) return cpu;
  uint64_t xcr0 = read_xcr0();
  if (!has((uint32_t)xcr0, XCR0_YMM)) return cpu;
  uint32_t leaf1 = ecx;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) ebx7 = ebx;
  cpu.fma = has(leaf1, L1_ECX_FMA);
  cpu.avx2 = has(leaf1, L1_ECX_FMA | L1_ECX_F16C) && has(ebx7, L7_EBX_AVX2 | L7_EBX_BMI2);
  cpu.avx512 = cpu.avx2 &&
               has(ebx7, L7_EBX_AVX512F | L7_EBX_AVX512DQ | L7_EBX_AVX512BW | L7_EBX_AVX512VL) &&
               pn_os_enables_avx512(xcr0);
  return cpu;
}

#elif defined(__aarch64__)

pn_cpu pn_cpu_detect(void) { return (pn_cpu){.fma = true, .neon = true}; }

#else

pn_cpu pn_cpu_detect(void) { return (pn_cpu){0}; }

#endif

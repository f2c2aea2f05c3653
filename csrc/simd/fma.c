/* Correctly rounded fused multiply-add in software, and the flag that says
 * whether it is needed.  Compiled once, without ISA flags. */
#include "simd/fma.h"

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

/* FMA3 in CPUID and the YMM state enabled by the operating system (XCR0). */
static int detect_fma(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  const unsigned need = bit_FMA | bit_OSXSAVE | bit_AVX;
  if ((c & need) != need) return 0;
  __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
  return (a & 6) == 6;
}
#elif defined(__aarch64__)
static int detect_fma(void) { return 1; }
#else
static int detect_fma(void) { return 0; }
#endif

/* Until the constructor has run the software answers: the same bits. */
int pn_fma_hardware = 0;
__attribute__((constructor)) static void set_fma_hardware(void) { pn_fma_hardware = detect_fma(); }

/* The product of two float32 is exact in float64; the sum is rounded to odd
 * (Boldo and Melquiond 2008), so that rounding it again to float32, which has
 * more than two bits less, rounds as if from the exact value. */
float pn_fma_soft_f32(float a, float b, float c) {
  double p = (double)a * b, z = c, s = p + z;
  uint64_t bits;
  memcpy(&bits, &s, 8);
  if ((bits >> 52 & 0x7ff) == 0x7ff) return (float)s;
  double z1 = s - p; /* TwoSum: p + z = s + err exactly */
  double err = (p - (s - z1)) + (z - z1);
  if (err != 0 && !(bits & 1)) {
    bits += (err > 0) == (s > 0) ? 1 : -1;
    memcpy(&s, &bits, 8);
  }
  return (float)s;
}

typedef unsigned __int128 u128;

typedef struct parts {
  uint64_t m; /* 2^52 <= m < 2^53 */
  int e;      /* |value| = m * 2^e */
  int neg;
} parts;

/* x is finite and not zero. */
static parts split(double x) {
  uint64_t bits;
  memcpy(&bits, &x, 8);
  parts r = {bits & 0xfffffffffffff, (int)(bits >> 52 & 0x7ff), (int)(bits >> 63)};
  if (r.e) {
    r.m |= 1ull << 52;
    r.e -= 1075;
  } else {
    int up = __builtin_clzll(r.m) - 11;
    r.m <<= up;
    r.e = -1074 - up;
  }
  return r;
}

/* x >> n, the lost bits kept as "something below" in the lowest bit. */
static u128 shift_sticky(u128 x, int n) {
  if (n >= 128) return x != 0;
  return n ? x >> n | (x << (128 - n) != 0) : x;
}

/* m * 2^e, m not zero and possibly with a sticky lowest bit, rounded to
 * nearest even into normal, subnormal or infinite. */
static double round_to_f64(u128 m, int e, int neg) {
  int up = m >> 64 ? __builtin_clzll((uint64_t)(m >> 64)) : 64 + __builtin_clzll((uint64_t)m);
  m <<= up;
  uint64_t top = (uint64_t)(m >> 64) | ((uint64_t)m != 0);
  int exponent = e - up + 127; /* 2^exponent <= value < 2^(exponent + 1) */
  uint64_t bits;
  if (exponent > 1023) {
    bits = 0x7ffull << 52;
  } else {
    int drop = exponent >= -1022 ? 11 : 11 + (-1022 - exponent);
    uint64_t q = 0;
    if (drop <= 64) {
      uint64_t half = 1ull << (drop - 1), rest = drop == 64 ? top : top & (2 * half - 1);
      q = drop == 64 ? 0 : top >> drop;
      q += rest > half || (rest == half && (q & 1));
    }
    /* q holds the hidden bit, so it raises the exponent field by one; a carry
     * out of the mantissa does the right thing up to infinity. */
    bits = exponent >= -1022 ? ((uint64_t)(exponent + 1022) << 52) + q : q;
  }
  bits |= (uint64_t)neg << 63;
  double r;
  memcpy(&r, &bits, 8);
  return r;
}

static int is_finite(double x) { return x - x == 0; }

double pn_fma_soft_f64(double a, double b, double c) {
  if (!is_finite(a) || !is_finite(b) || !is_finite(c)) {
    /* a * b may overflow although it is finite: only c decides then. */
    return is_finite(a) && is_finite(b) ? c + c : a * b + c;
  }
  if (a == 0 || b == 0) return a * b + c;
  if (c == 0) return a * b;
  parts x = split(a), y = split(b), z = split(c);
  /* Both below 2^127, above 2^125: the sum fits, and a shift that loses bits
   * (more than 21) leaves at most two leading zeros after a subtraction. */
  u128 p = (u128)x.m * y.m << 21, q = (u128)z.m << 74;
  int pe = x.e + y.e - 21, qe = z.e - 74, pneg = x.neg ^ y.neg;
  int e = pe > qe ? pe : qe;
  p = shift_sticky(p, e - pe);
  q = shift_sticky(q, e - qe);
  if (pneg == z.neg) return round_to_f64(p + q, e, pneg);
  if (p == q) return 0;
  return p > q ? round_to_f64(p - q, e, pneg) : round_to_f64(q - p, e, z.neg);
}

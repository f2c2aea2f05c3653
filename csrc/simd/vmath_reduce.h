/* Huge angles, after Payne and Hanek (1983): x = m 2^e with an integer m; of
 * 2/pi only the bits matter that neither make multiples of 4 quarter turns nor
 * lie below the precision wanted.  192 of them: the remainder is right to 2^-137
 * of a quarter turn, and no double comes nearer than 2^-62 to a multiple.
 * Scalar integers, so every level gives the same bits; some 50 ns an element. */
#ifndef PN_VMATH_REDUCE_H
#define PN_VMATH_REDUCE_H

#include <stdint.h>
#include <string.h>

#include "simd/compiler.h"
#include "simd/fma.h"

enum { VM_ANGLE_LIMBS = 6, VM_ANGLE_PAD = 64 };

/* 2/pi after 64 zeros, 32 bits each. */
static const uint32_t vm_two_over_pi[] = {
    0,          0,          0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599,
    0x3c439041, 0xfe5163ab, 0xdebbc561, 0xb7246e3a, 0x424dd2e0, 0x06492eea, 0x09d1921c,
    0xfe1deb1c, 0xb129a73e, 0xe88235f5, 0x2ebb4484, 0xe99c7026, 0xb45f7e41, 0x3991d639,
    0x835339f4, 0x9c845f8b, 0xbdf9283b, 0x1ff897ff, 0xde05980f, 0xef2f118b, 0x5a0a6d1f,
    0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d, 0x7527bac7, 0xebe5f17b, 0x3d0739f7,
    0x8a5292ea, 0x6bfb5fb1, 0x1f8d5d08, 0x56033046, 0xfc7b6bab, 0xf0cfbc20, 0x9af4361d};

/* p = (m times the 192 bits of 2/pi from bit `first`) mod 2^192, highest limb
 * first: x 2/pi mod 4, in units of 2^-190. */
PN_NOINLINE void vm_angle_product(uint64_t m, int first, uint32_t *p) {
  uint32_t w[VM_ANGLE_LIMBS], low = (uint32_t)m, high = (uint32_t)(m >> 32);
  const int word = first / 32, shift = first % 32;
  for (int i = 0; i < VM_ANGLE_LIMBS; i++) {
    uint64_t two = (uint64_t)vm_two_over_pi[word + i] << 32 | vm_two_over_pi[word + i + 1];
    w[i] = (uint32_t)(two >> (32 - shift));
  }
  uint64_t carry = 0;
  for (int i = VM_ANGLE_LIMBS - 1; i >= 0; i--) {
    carry += (uint64_t)w[i] * low;
    p[i] = (uint32_t)carry;
    carry >>= 32;
  }
  carry = 0;
  for (int i = VM_ANGLE_LIMBS - 2; i >= 0; i--) {
    carry += (uint64_t)w[i + 1] * high + p[i];
    p[i] = (uint32_t)carry;
    carry >>= 32;
  }
}

/* x = (4 k + quadrant) pi/2 + hi + lo with |hi| <= pi/4; x finite, |x| >= 2^9. */
PN_NOINLINE int vm_angle_reduce(double x, double *hi, double *lo) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  int e = (int)(bits >> 52 & 0x7ff) - 1075;
  uint64_t m = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
  uint32_t p[VM_ANGLE_LIMBS];
  vm_angle_product(m, e - 2 + VM_ANGLE_PAD, p);
  int quadrant = (int)(p[0] >> 30), negative = p[0] >> 29 & 1;
  quadrant += negative;                                                 /* to the nearest quarter */
  uint64_t h = (uint64_t)p[0] << 34 | (uint64_t)p[1] << 2 | p[2] >> 30; /* the fraction's bits */
  uint64_t l = (uint64_t)p[2] << 34 | (uint64_t)p[3] << 2 | p[4] >> 30;
  if (negative) {
    h = ~h, l = ~l;
    if (++l == 0) h++;
  }
  /* f = (h 2^64 + l) 2^-128, at least 2^-62, from pieces of 26 bits */
  double a = (double)(uint32_t)(h >> 38), b = (double)(uint32_t)(h >> 12 & 0x3ffffff);
  double c = (double)(uint32_t)((h & 0xfff) << 14 | l >> 50);
  double d = (double)(uint32_t)(l >> 24 & 0x3ffffff), g = (double)(uint32_t)(l & 0xffffff);
  double top = a * 0x1p-26 + b * 0x1p-52, rest = c * 0x1p-78 + d * 0x1p-104;
  double f = top + rest, fl = (rest - (f - top)) + g * 0x1p-128;
  const double p1 = 0x1.921fb54442d18p+0, p2 = 0x1.1a62633145c07p-54;
  double r = f * p1, rl = pn_fma_f64(f, p1, -r) + (f * p2 + fl * p1);
  *hi = r + rl;
  *lo = rl - (*hi - r);
  if (negative) *hi = -*hi, *lo = -*lo;
  if (x < 0) *hi = -*hi, *lo = -*lo, quadrant = -quadrant;
  return quadrant & 3;
}

#endif

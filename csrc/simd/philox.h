/* Philox4x32-10: counter-based random bits (Salmon, Moraes, Dror, Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 *
 * A block of four 32-bit words is a pure function of a 64-bit key and a
 * 128-bit counter, so element i of a draw can be computed by anybody who knows
 * (seed, offset, i): no state, no order, the same numbers for every thread
 * count and vector width.  Integer arithmetic only; plain C, so that a kernel
 * may put it in a loop over blocks and let the compiler use the level's lanes. */
#ifndef PN_PHILOX_H
#define PN_PHILOX_H

#include <stdint.h>

#define PN_PHILOX_ROUNDS 10
#define PN_PHILOX_M0 0xD2511F53u /* multipliers of words 0 and 2 */
#define PN_PHILOX_M1 0xCD9E8D57u
#define PN_PHILOX_W0 0x9E3779B9u /* Weyl increments of the key */
#define PN_PHILOX_W1 0xBB67AE85u

/* The full bijection: ctr[0] is the counter's lowest word, key[0] the key's. */
static inline void pn_philox4x32_block(const uint32_t ctr[4], const uint32_t key[2],
                                       uint32_t out[4]) {
  uint32_t c0 = ctr[0], c1 = ctr[1], c2 = ctr[2], c3 = ctr[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < PN_PHILOX_ROUNDS; round++) {
    uint64_t p0 = (uint64_t)PN_PHILOX_M0 * c0;
    uint64_t p1 = (uint64_t)PN_PHILOX_M1 * c2;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)p1;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)p0;
    k0 += PN_PHILOX_W0;
    k1 += PN_PHILOX_W1;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/* Block `counter` of the stream `seed`: the counter's upper 64 bits are 0, so
 * two seeds never share a block and one stream has 2^64 of them. */
static inline void pn_philox4x32(uint64_t seed, uint64_t counter, uint32_t out[4]) {
  uint32_t ctr[4] = {(uint32_t)counter, (uint32_t)(counter >> 32), 0, 0};
  uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  pn_philox4x32_block(ctr, key, out);
}

#endif

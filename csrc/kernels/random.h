/* The record of the random kernels: out[0..count) contiguous, drawn from the
 * Philox stream behind p[PN_RNG_STATE]; the generator's offset is advanced
 * exactly once per run, eager or replay.
 *
 *   uniform  f[0] + u * (f[1] - f[0]),  u = 24 (float32) or 53 (float64) bits
 *            of [0, 1);   out == u for the constants 0 and 1
 *   bernoulli  f[1] where u < f[0], else 0;  u as in uniform
 *   normal   f[0] + f[1] * z,  z standard normal by Box-Muller
 *
 * Element i depends on (seed, offset + i / 4) in float32 and on
 * (seed, offset + i / 2) in float64 only. */
#ifndef PN_RANDOM_H
#define PN_RANDOM_H

#include "pn_types.h"

/* p[] */
enum {
  PN_RNG_OUT = 0,
  PN_RNG_STATE = 1 /* uint64_t[2]: seed, offset (runtime.h: pn_generator) */
};

/* n[] */
enum { PN_RNG_COUNT = 0 };

/* Elements of one unit; a whole number of Philox blocks. */
enum { PN_RNG_CHUNK = 4096 };

#endif

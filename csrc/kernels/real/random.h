/* Philox words for the random kernels. */
#ifndef PN_REAL_RANDOM_H
#define PN_REAL_RANDOM_H

#include "kernels/kernel.h"
#include "kernels/random.h"
#include "simd/philox.h"
#include "simd/simd.h"

/* Elements of one Philox block (four words), and blocks made at a time. */
enum { PER_BLOCK = 16 / (int)sizeof(real), BLOCKS = 64, BATCH = PER_BLOCK * BLOCKS };

/* Blocks first..first+n-1 of the stream; 0.5 (avx512) to 1.7 ns (avx2, gcc) a
 * word: the compiler's vectors over blocks.  Keeping the words of 32 blocks in
 * arrays, round by round, was between 2 times faster and 2 times slower,
 * depending on compiler and level. */
static inline void random_words(const uint64_t *state, uint64_t first, int64_t n, uint32_t *w) {
  for (int64_t j = 0; j < n; j++) {
    uint32_t t[4];
    pn_philox4x32(state[0], state[1] + first + (uint64_t)j, t);
    for (int k = 0; k < 4; k++) w[4 * j + k] = t[k];
  }
}

static inline void random_advance(const pn_args *a) {
  uint64_t *state = a->p[PN_RNG_STATE];
  state[1] += (uint64_t)pn_ceil_div(a->n[PN_RNG_COUNT], PER_BLOCK);
}

/* Draws BATCH elements, or the last n of them, from words w. */
typedef void (*draw_fn)(const pn_args *a, const uint32_t *w, real *out);

PN_INLINE void random_fill(draw_fn draw, const pn_args *a, int64_t begin, int64_t end) {
  const uint64_t *state = a->p[PN_RNG_STATE];
  int64_t count = a->n[PN_RNG_COUNT], last = pn_min64(end * PN_RNG_CHUNK, count);
  for (int64_t i = begin * PN_RNG_CHUNK; i < last; i += BATCH) {
    uint32_t w[4 * BLOCKS] = {0};
    real tail[BATCH], *out = (real *)a->p[PN_RNG_OUT] + i;
    int64_t n = pn_min64(last - i, BATCH);
    random_words(state, (uint64_t)(i / PER_BLOCK), pn_ceil_div(n, PER_BLOCK), w);
    draw(a, w, n == BATCH ? out : tail);
    if (n < BATCH)
      for (int64_t j = 0; j < n; j++) out[j] = tail[j];
  }
  if (count <= PN_RNG_CHUNK) random_advance(a);
}

#endif

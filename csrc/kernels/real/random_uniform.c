/* uniform, bernoulli, and the step of the generator that follows a draw. */
#include "kernels/real/random.h"

/* float32: the upper 24 bits of a word.  float64: 27 and 26 bits of two words.
 * Both are exact, and never 1. */
PN_INLINE real unit(const uint32_t *w, int i) {
#if PN_TYPE_IS_F32
  return (real)(int32_t)(w[i] >> 8) * 0x1p-24f;
#else
  real high = (real)(int32_t)(w[2 * i] >> 5), low = (real)(int32_t)(w[2 * i + 1] >> 6);
  return (high * 0x1p26 + low) * 0x1p-53;
#endif
}

static void draw_uniform(const pn_args *a, const uint32_t *w, real *out) {
  real low = (real)a->f[0], width = (real)(a->f[1] - a->f[0]);
  for (int i = 0; i < BATCH; i++) out[i] = low + unit(w, i) * width;
}

PN_KERNEL(uniform) { random_fill(draw_uniform, a, begin, end); }

static void draw_bernoulli(const pn_args *a, const uint32_t *w, real *out) {
  real value = (real)a->f[1];
  for (int i = 0; i < BATCH; i++) out[i] = (double)unit(w, i) < a->f[0] ? value : 0;
}

PN_KERNEL(bernoulli) { random_fill(draw_bernoulli, a, begin, end); }

PN_KERNEL(rng_advance) { random_advance(a); }

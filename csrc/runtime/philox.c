/* Generators of random streams; the block function is csrc/simd/philox.h. */
#include "runtime/internal.h"

void pn_generator_seed(pn_generator *g, uint64_t seed) {
  g->seed = seed;
  g->offset = 0;
}

static pn_generator default_generator;

/* Seeded from the system until somebody seeds it, as PyTorch's is. */
void pn_generator_start(void) { pn_generator_seed(&default_generator, pn_entropy()); }

pn_generator *pn_default_generator(void) {
  pn_start();
  return &default_generator;
}

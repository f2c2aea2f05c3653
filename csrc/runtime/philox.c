/* Generators of random streams; the block function is csrc/simd/philox.h. */
#include "runtime/platform.h"
#include "runtime/runtime.h"

void pn_generator_seed(pn_generator *g, uint64_t seed) {
  g->seed = seed;
  g->offset = 0;
}

/* Seeded from the system until somebody seeds it, as PyTorch's is. */
pn_generator *pn_default_generator(void) {
  static pn_generator generator;
  static pn_mutex lock = PN_MUTEX_INIT;
  static atomic_bool seeded;
  if (!atomic_load_explicit(&seeded, memory_order_acquire)) {
    pn_mutex_lock(&lock);
    if (!atomic_load_explicit(&seeded, memory_order_relaxed)) {
      pn_generator_seed(&generator, pn_entropy());
      atomic_store_explicit(&seeded, true, memory_order_release);
    }
    pn_mutex_unlock(&lock);
  }
  return &generator;
}

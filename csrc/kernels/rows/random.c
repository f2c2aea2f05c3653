/* Random kernels: chunks of elements, then the generator's offset. */
#include "kernels/random.h"

#include "kernels/table.h"

/* What fits one unit advances the offset itself. */
void pn_plan_random(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  int64_t count = a->n[PN_RNG_COUNT];
  w->scratch = 0;
  if (phase == 0) {
    w->units = pn_ceil_div(count, PN_RNG_CHUNK);
    w->cost = row->cost * (double)pn_min64(count, PN_RNG_CHUNK);
  } else {
    w->units = count > PN_RNG_CHUNK;
    w->cost = 1;
  }
}

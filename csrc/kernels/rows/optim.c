/* The optimisers: chunks of the segments, numbered through. */
#include "kernels/optim.h"

#include "kernels/table.h"

uint32_t pn_optim_buffers(pn_algorithm algorithm, const double *options) {
  switch (algorithm) {
    case PN_SGD:
      return options[PN_SGD_MOMENTUM] != 0;
    case PN_ADAM:
      return options[PN_ADAM_AMSGRAD] != 0 ? 7 : 3;
    case PN_RMSPROP:
      return 1u | (options[PN_RMSPROP_MOMENTUM] > 0 ? 1u << PN_RMSPROP_BUFFER : 0) |
             (options[PN_RMSPROP_CENTERED] != 0 ? 1u << PN_RMSPROP_MEAN : 0);
    case PN_ADAGRAD:
      return 1;
    default:
      return 3;
  }
}

void pn_optim_record(pn_args *a, pn_optim_segment *segments, int64_t count) {
  int64_t units = 0, items = 0, counted = 0;
  for (int64_t i = 0; i < count; i++) {
    segments[i].unit = units;
    units += pn_ceil_div(segments[i].n, PN_OPT_CHUNK);
    items += segments[i].n;
    counted += segments[i].progress != NULL;
  }
  a->n[PN_OPT_SEGMENTS] = count;
  a->n[PN_OPT_UNITS] = units;
  a->n[PN_OPT_ITEMS] = items;
  a->n[PN_OPT_COUNTED] = counted;
  a->block = segments;
}

/* Phases: chunks; the progress. */
void pn_plan_optim(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const int64_t *n = a->n;
  w->scratch = 0;
  if (phase == 0) {
    w->units = n[PN_OPT_UNITS];
    w->cost = row->cost * (double)pn_min64(n[PN_OPT_ITEMS], PN_OPT_CHUNK);
  } else {
    w->units = n[PN_OPT_COUNTED] > 0;
    w->cost = (double)n[PN_OPT_SEGMENTS];
  }
}

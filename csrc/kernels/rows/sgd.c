/* The optimisers: chunks of the segments, numbered through. */
#include "kernels/optim.h"

#include "kernels/table.h"

void pn_sgd_record(pn_args *a, pn_sgd_segment *segments, int64_t count) {
  int64_t units = 0, items = 0, buffers = 0;
  for (int64_t i = 0; i < count; i++) {
    segments[i].unit = units;
    units += pn_ceil_div(segments[i].n, PN_SGD_CHUNK);
    items += segments[i].n;
    buffers += segments[i].momentum != NULL;
  }
  a->n[PN_SGD_SEGMENTS] = count;
  a->n[PN_SGD_UNITS] = units;
  a->n[PN_SGD_ITEMS] = items;
  a->n[PN_SGD_BUFFERS] = buffers;
  a->block = segments;
}

/* Phases: chunks; marking the momentum buffers as filled. */
void pn_plan_sgd(const pn_row *row, const pn_args *a, int phase, pn_work *w) {
  const int64_t *n = a->n;
  w->scratch = 0;
  if (phase == 0) {
    w->units = n[PN_SGD_UNITS];
    w->cost = row->cost * (double)pn_min64(n[PN_SGD_ITEMS], PN_SGD_CHUNK);
  } else {
    w->units = n[PN_SGD_BUFFERS] > 0;
    w->cost = (double)n[PN_SGD_SEGMENTS];
  }
}

/* Optimisers: one call over all parameters of all groups. */
#ifndef PN_ENGINE_OPTIM_H
#define PN_ENGINE_OPTIM_H

#include "engine/engine.h"
#include "kernels/optim.h"

/* One parameter of an optimiser; the caller owns the array and its references.
 * Options stay the caller's and must outlive every program that recorded them;
 * so must buffers and progress, which never move once they exist. */
typedef struct pn_optim_slot {
  pn_tensor *param, *grad; /* grad NULL: skipped */
  pn_tensor *buffer[PN_OPT_BUFFERS];
  pn_tensor *progress; /* float64, PN_OPT_PROGRESS numbers */
  const double *options;
} pn_optim_slot;

/* One update of every slot with a gradient.  Buffers and progress that the
 * options need and the slot lacks are made and stay in the slot (new
 * references); *made says whether there were any. */
pn_status pn_optim_step(pn_algorithm algorithm, int n, pn_optim_slot *slots, bool *made);

#endif

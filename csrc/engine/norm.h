/* Normalisation: what layer_norm, rms_norm, group_norm and batch_norm share. */
#ifndef PN_ENGINE_NORM_H
#define PN_ENGINE_NORM_H

#include "engine/internal.h"
#include "engine/second.h"
#include "kernels/norm.h"

/* x as (N, C, S). */
typedef struct pn_norm_shape {
  int64_t n, c, s;
  int64_t groups; /* 0: per channel over all samples */
  bool rms;
  bool batch; /* batch_norm: by the batch's statistics */
  double eps;
} pn_norm_shape;

/* Inputs of the operator and what the forward pass keeps for the gradients;
 * weight, bias and mean may be NULL. */
typedef struct pn_norm_saved {
  pn_tensor *x, *weight, *bias, *mean, *rstd;
} pn_norm_saved;

enum { PN_NORM_INPUTS = 3 }; /* x, weight, bias: the order of gradients */

/* TypeError or RuntimeError unless the operands have x's dtype, a real one, and
 * one element per channel. */
pn_status pn_norm_check(const pn_row *row, const pn_norm_shape *shape, const pn_norm_saved *saved);
void pn_norm_record(pn_args *a, const pn_norm_shape *shape, int dtype);
/* y's node; takes nothing. */
pn_status pn_norm_attach(pn_tensor *y, const pn_norm_shape *shape, const pn_norm_saved *saved);
/* dw and db: sums over samples and S; either may be NULL. */
pn_status pn_norm_sums(const pn_norm_shape *shape, pn_tensor *g, const pn_norm_saved *saved,
                       pn_tensor *dw, pn_tensor *db);

#endif

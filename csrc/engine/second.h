/* Second derivatives of fused operators whose gradients are one kernel: the
 * operator's gradients once more, as those of a composition of operators. */
#ifndef PN_ENGINE_SECOND_H
#define PN_ENGINE_SECOND_H

#include "engine/internal.h"

/* The outputs of the composition and their gradients; both arrays belong to the
 * caller and have room for what it announced. */
typedef struct pn_roots {
  int count;
  pn_tensor **out, **g; /* new references */
} pn_roots;

/* Composes the operator of v[ng..ng+nin) and pairs each output with its
 * gradient, made of v[0..ng); NULL entries of v are absent. */
typedef pn_status (*pn_compose_fn)(const void *context, pn_tensor **v, pn_roots *roots);

typedef struct pn_second {
  pn_compose_fn compose;
  const void *context;
  int ng, nin, room; /* gradients, inputs, outputs of the composition at the most */
} pn_second;

enum { PN_SECOND_MAX = 12 }; /* ng + nin */

/* v: the gradients that the fused backward operator was given, then the
 * operator's inputs.  h[k]: the gradient of its k-th result (the gradient of
 * input k), or NULL.  gin[j] = the gradient of v[j] where want[j]. */
pn_status pn_second_derivative(const pn_second *p, pn_tensor **v, pn_tensor **h, const bool *want,
                               pn_tensor **gin);

#endif

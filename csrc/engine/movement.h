/* Joining tensors and reversing them. */
#ifndef PN_MOVEMENT_H
#define PN_MOVEMENT_H

#include "engine/engine.h"

/* The tensors one after another along `axis`, in the dtype that all promote to.
 * Tensors of shape (0,) count for nothing, as in PyTorch. */
pn_tensor *pn_cat(int n, pn_tensor **in, int axis);
/* Tensors of one shape along a new dimension `axis`. */
pn_tensor *pn_stack(int n, pn_tensor **in, int axis);
/* Reversed along the dimensions whose bits are set: always a copy. */
pn_tensor *pn_flip(pn_tensor *t, uint32_t axes);

#endif

/* What the elementwise losses share (loss.c), and those of loss_distance.c. */
#ifndef PN_ENGINE_LOSS_H
#define PN_ENGINE_LOSS_H

#include "engine/internal.h"

/* The loss `row` of x and y (broadcast, promoted), whose derivative is op. */
pn_tensor *pn_elementwise_loss(const pn_row *row, const pn_op *op, pn_tensor *x, pn_tensor *y,
                               int reduction, double constant);
/* dx as operators, s being the share of the upstream gradient. */
typedef pn_tensor *(*pn_loss_composed)(pn_tensor *x, pn_tensor *y, pn_tensor *s, double constant);
/* dx: the fused kernel `row` when nothing records, composed otherwise. */
pn_tensor *pn_loss_gradient(pn_node *n, const pn_row *row, pn_loss_composed composed, pn_tensor *g);
/* Both gradients of a function of x - y: dx, and dy = -dx. */
pn_status pn_distance_gradient(pn_node *n, const pn_row *row, pn_loss_composed composed,
                               pn_tensor *g, pn_tensor **gin);

pn_tensor *pn_l1_loss(pn_tensor *x, pn_tensor *y, int reduction);
pn_tensor *pn_smooth_l1_loss(pn_tensor *x, pn_tensor *y, int reduction, double beta);
pn_tensor *pn_huber_loss(pn_tensor *x, pn_tensor *y, int reduction, double delta);

#endif

/* What operators of one input share, and terms of derivatives. */
#ifndef PN_UNARY_H
#define PN_UNARY_H

#include "engine/internal.h"

/* a as float32 or float64: integers become the default floating dtype; storage
 * types are an error. */
pn_tensor *pn_float_operand(const pn_row *row, pn_tensor *a);
/* a itself, a host scalar as a tensor. */
pn_tensor *pn_any_operand(pn_tensor *a);
/* row(x) in x's dtype, without history; takes x. */
pn_tensor *pn_run_unary(const pn_row *row, pn_tensor *x, double f0, double f1);

typedef enum { PN_SAVE_INPUT, PN_SAVE_OUTPUT, PN_SAVE_NOTHING } pn_saving;
/* Gives out, a function of a, its node if a wants gradients; takes out. */
pn_tensor *pn_recorded(const pn_op *op, pn_tensor *out, pn_tensor *a, pn_saving what);

/* row(a) with constants f[0], f[1] (in the node's f too) and history. */
pn_tensor *pn_float_function(const pn_row *row, const pn_op *op, pn_tensor *a, pn_saving what,
                             double f0, double f1);

/* The same for an activation: x float32 or float64, else an error that names it; saves x. */
pn_tensor *pn_activation(const pn_row *row, const pn_op *op, pn_tensor *x, double f0, double f1);

/* row(g, v), a fused derivative: both of one dtype and shape.  Saves g and v. */
pn_tensor *pn_run_derivative(const pn_row *row, const pn_op *op, pn_tensor *g, pn_tensor *v,
                             double f0, double f1);

/* gin[0] = fn(g, y) of the saved output y, fn the operator of that row.  Without
 * a tape small ones need no tensor for y, and the result may take g's memory. */
pn_status pn_output_derivative(pn_node *n, pn_tensor *g, pn_tensor **gin, const pn_row *row,
                               pn_binary_fn fn);

/* row(a, b), broadcast, in a floating dtype; saves a, b and their shapes. */
pn_tensor *pn_float_binary(const pn_row *row, const pn_op *op, pn_tensor *a, pn_tensor *b);

/* ---- terms: each takes its arguments ---------------------------------------------- */
static inline pn_tensor *pn_x_add(pn_tensor *a, pn_tensor *b) { return pn_use2(pn_add, a, b); }
static inline pn_tensor *pn_x_sub(pn_tensor *a, pn_tensor *b) { return pn_use2(pn_sub, a, b); }
static inline pn_tensor *pn_x_mul(pn_tensor *a, pn_tensor *b) { return pn_use2(pn_mul, a, b); }
static inline pn_tensor *pn_x_div(pn_tensor *a, pn_tensor *b) { return pn_use2(pn_div, a, b); }
static inline pn_tensor *pn_x_scale(pn_tensor *a, double c) {
  return pn_use2(pn_mul, a, pn_scalar_float(c));
}
static inline pn_tensor *pn_x_shift(pn_tensor *a, double c) {
  return pn_use2(pn_add, a, pn_scalar_float(c));
}
static inline pn_tensor *pn_x_square(pn_tensor *a) { return pn_x_mul(pn_ref(a), a); }
/* mask ? a : b */
pn_tensor *pn_x_where(pn_tensor *mask, pn_tensor *a, pn_tensor *b);

#endif

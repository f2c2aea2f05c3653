/* A tensor as outer x axis x inner, for operators along one axis. */
#ifndef PN_ENGINE_AXIS_H
#define PN_ENGINE_AXIS_H

#include "engine/internal.h"

/* size[0..2]: outer, axis and inner size of t; 0 dimensions are 1 x 1 x 1. */
void pn_three_sizes(const pn_tensor *t, int axis, int64_t *size);
/* The three strides, if the outer and the inner dimensions each merge into one;
 * false: it must be made contiguous. */
bool pn_three_strides(const pn_tensor *t, int axis, int64_t *stride);
/* t itself or a contiguous copy without history, whose three strides exist; a
 * new reference, or NULL. */
pn_tensor *pn_three_strided(pn_tensor *t, int axis, int64_t *stride);

#endif

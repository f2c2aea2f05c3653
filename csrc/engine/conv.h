/* Convolution over one to three spatial dimensions. */
#ifndef PN_ENGINE_CONV_H
#define PN_ENGINE_CONV_H

#include "engine/engine.h"

/* x (N, G C, src...), w (G O, C, kernel...), y (N, G O, dst...); 3 dimensions,
 * fewer with leading sizes 1.  dst is given: padding on the right is whatever
 * it needs. */
typedef struct pn_conv_shape {
  int64_t ndim, groups;
  int64_t stride[3], pad[3], dilation[3], src[3], dst[3], kernel[3];
} pn_conv_shape;

/* bias may be NULL.  Each is differentiable; their derivatives are each other. */
pn_tensor *pn_conv(pn_tensor *x, pn_tensor *w, pn_tensor *bias, const pn_conv_shape *s);
/* The gradient of y by x (for w, given that of y) plus bias: transposed. */
pn_tensor *pn_conv_transposed(pn_tensor *y, pn_tensor *w, pn_tensor *bias, const pn_conv_shape *s);
/* The gradient by w, given x and that of y. */
pn_tensor *pn_conv_weight(pn_tensor *x, pn_tensor *y, const pn_conv_shape *s);

#endif

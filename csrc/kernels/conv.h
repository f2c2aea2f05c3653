/* The records of convolution over one to three spatial dimensions (fewer run
 * with sizes 1), groups G, everything contiguous.
 *
 *   conv (row conv_pack):
 *     out[n, m, y] = bias[m] + sum over c, k of w[m, c, k] src[n, c, y * stride - pad + k *
 * dilation] the same, PN_CV_TRANSPOSED (the gradient of the above by its source): out[n, c, i] =
 * bias[c] + sum over m, k of w[m, c, k] src[n, m, y], over the y with y * stride - pad + k *
 * dilation = i conv_weight (its gradient by the weight): out[m, c, k] = sum over n, y of grad[n, m,
 * y] src[n, c, y * stride - pad + k * dilation]
 *
 * src is +0 outside its bounds.  Each is a product (docs/numerics.md): k runs
 * over (channel, taps in C order), in conv_weight over (image, position), in
 * blocks of PN_KBLOCK.  Transposed, only the taps that meet the position count,
 * which is a rule of the shape.  Bias is added to the finished product. */
#ifndef PN_CONV_H
#define PN_CONV_H

#include "pn_types.h"

/* p[] */
enum {
  PN_CV_OUT = 0,
  PN_CV_SRC = 1,
  PN_CV_WEIGHT = 2, /* conv_weight: grad */
  PN_CV_BIAS = 3,   /* or NULL */
  PN_CV_WORK = 4    /* pn_conv_workspace() bytes, or NULL */
};

/* n[] */
enum {
  PN_CV_BATCH = 0,
  PN_CV_GROUPS,
  PN_CV_CI,      /* channels of src, per group */
  PN_CV_CO,      /* channels of out (conv_weight: of grad), per group */
  PN_CV_SRC_DIM, /* 3 each */
  PN_CV_DST_DIM = PN_CV_SRC_DIM + 3,
  PN_CV_KERNEL = PN_CV_DST_DIM + 3,
  PN_CV_STRIDE = PN_CV_KERNEL + 3,
  PN_CV_PAD = PN_CV_STRIDE + 3,
  PN_CV_DILATION = PN_CV_PAD + 3
};

enum { PN_CV_TRANSPOSED = 1 }; /* flags */

/* Bytes that p[PN_CV_WORK] must hold on the active level (0: none). */
size_t pn_conv_workspace(const pn_args *a);
size_t pn_conv_weight_workspace(const pn_args *a);

#endif

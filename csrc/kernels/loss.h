/* The records of the losses.
 *
 * Elementwise losses, x and y contiguous, `count` elements (phase 2 combines
 * the chunks of large ones):
 *   mse         (x - y)^2
 *   bce         (y - 1) * max(log1p(-x), -100) - y * max(log(x), -100)
 *   bce_logits  (max(x, 0) - x * y) + log1p(exp(-|x|))
 *   l1          d = |x - y|
 *   smooth_l1   d < c ? 0.5 * d * d / c : d - 0.5 * c       (constant c > 0)
 *   huber       d <= c ? 0.5 * d * d : c * (d - 0.5 * c)
 * and their gradients with respect to x, where s is g (sum), g / count (mean)
 * or g[i] (no reduction):
 *   mse_backward         dx = 2 * ((x - y) * s)
 *   bce_backward         dx = s * (x - y) / max((1 - x) * x, 1e-12)
 *   bce_logits_backward  dx = (sigmoid(x) - y) * s
 *   l1_backward          dx = sign(x - y) * s
 *   smooth_l1_backward   dx = clamp((x - y) / c, -1, 1) * s
 *   huber_backward       dx = clamp(x - y, -c, c) * s
 *
 * cross_entropy along the class axis of outer x classes x inner, one int64 or
 * int32 target t per (outer, inner), contiguous; rows = outer * inner:
 *   row loss   w[t] * -((x[t] - m) - log(s)),   m = max x, s = sum exp(x - m)
 *   gradient   dx[c] = p[c] * q - (c == t ? q : 0),
 *              p = exp((x - m) - log(s)),  q = s * w[t]  with s as above, but
 *              the mean divides by the sum of the weights of all rows.
 * A row whose target is ignore_index has loss 0, weight 0 and gradient 0.  A
 * target outside 0..classes-1 sets the status word (index.h) and is ignored.
 *
 * Losses reduced to a scalar use the order of reduce.h ("last axis reduced")
 * over the losses, so they equal the separate operators bit for bit. */
#ifndef PN_LOSS_H
#define PN_LOSS_H

#include "pn_contract.h"
#include "pn_types.h"

/* p[] of the elementwise losses */
enum {
  PN_LOSS_OUT = 0, /* loss: scalar, or count losses; backward: dx */
  PN_LOSS_X = 1,
  PN_LOSS_Y = 2,
  PN_LOSS_WORK = 3, /* loss: pn_loss_workspace() bytes */
  PN_LOSS_G = 4     /* backward: scalar, or count gradients */
};

/* n[] and f[] of the elementwise losses */
enum { PN_LOSS_COUNT = 0 };
enum { PN_LOSS_CONSTANT = 0 };

/* p[] of cross_entropy and cross_entropy_backward */
enum {
  PN_CE_OUT = 0,   /* loss: scalar, or rows losses; backward: dx, contiguous */
  PN_CE_STATS = 1, /* written by the loss, read by backward: m[rows], log(s)[rows] */
  PN_CE_TOTAL = 2, /* likewise: the sum of the weights, one item (mean only) */
  PN_CE_X = 3,
  PN_CE_TARGET = 4,
  PN_CE_WEIGHT = 5, /* classes weights, or NULL */
  PN_CE_STATUS = 6, /* int64_t[3], or NULL */
  PN_CE_WORK = 7,   /* loss: pn_cross_entropy_workspace() bytes */
  PN_CE_G = 8       /* backward: scalar, or rows gradients */
};

/* n[] of cross_entropy */
enum {
  PN_CE_OUTER = 0,
  PN_CE_CLASSES,
  PN_CE_INNER,
  PN_CE_STRIDE_X, /* outer, class, inner */
  PN_CE_IGNORE = PN_CE_STRIDE_X + 3
};

/* flags */
enum {
  PN_LOSS_NONE = 0, /* reduction */
  PN_LOSS_SUM = 1,
  PN_LOSS_MEAN = 2,
  PN_LOSS_REDUCTION = 3, /* mask */
  PN_LOSS_TARGET32 = 4   /* cross_entropy: targets are int32, else int64 */
};

static inline size_t pn_loss_workspace(int64_t count, uint32_t flags) {
  bool none = (flags & PN_LOSS_REDUCTION) == PN_LOSS_NONE || count <= PN_CHUNK;
  return none ? 0 : (size_t)pn_ceil_div(count, PN_CHUNK) * 8;
}

static inline size_t pn_cross_entropy_workspace(int64_t rows, uint32_t flags) {
  return (flags & PN_LOSS_REDUCTION) == PN_LOSS_NONE ? 0 : (size_t)rows * 16;
}

/* Small enough for one unit, which then combines too. */
static inline bool pn_cross_entropy_small(const pn_args *a) {
  const int64_t *n = a->n;
  return n[PN_CE_CLASSES] == 0 || n[PN_CE_OUTER] * n[PN_CE_INNER] <= PN_CHUNK / n[PN_CE_CLASSES];
}

/* Columns of one unit when inner > 1; a unit is one row when inner = 1. */
enum { PN_CE_COLBLOCK = 64 };

#endif

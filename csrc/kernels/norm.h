/* The records of normalisation over x (N, C, S): N samples, C channels, S
 * elements a channel.  Everything is contiguous.
 *
 *   group_norm     per sample and group of C / G channels (layer_norm: S = 1 and
 *                  one group; rms_norm: without the mean):
 *                    m = mean x,  v = mean (x - m)^2,  r = 1 / sqrt(v + eps)
 *                    y = (x - m) r w + b,  w and b per channel
 *   group_norm_backward
 *                  u = g w,  h = (x - m) r
 *                    dx = (u - mean u - h mean(u h)) r   (rms: without mean u)
 *   norm_sums      dw = sum g h,  db = sum g, per channel, over samples and S
 *   batch_norm     per channel; from the batch's m and v, or the running ones:
 *                    y = (x - m) r w + b
 *                    running += factor (m, v n / (n - 1) minus running)
 *   batch_norm_backward
 *                    dx = (g - db / n - h dw / n) r w    (n = N S; running: g r w)
 *
 * Means and sums over a row, or over the S elements of one channel, are those of
 * reduce.h ("last axis reduced"); sums of channels and of samples are added in
 * index order; norm_sums with S = 1 is "last axis kept". */
#ifndef PN_NORM_H
#define PN_NORM_H

#include "pn_types.h"

/* p[]; NULL where there is none */
enum {
  /* group_norm */
  PN_NORM_OUT = 0,
  PN_NORM_MEAN, /* out: (N, G); NULL for rms */
  PN_NORM_RSTD, /* out: (N, G) */
  PN_NORM_X,
  PN_NORM_WEIGHT,
  PN_NORM_BIAS,
  /* batch_norm besides: MEAN and VAR are inputs, RSTD (C) is an output */
  PN_NORM_VAR,
  PN_NORM_RUNNING_MEAN,
  PN_NORM_RUNNING_VAR,
  PN_NORM_COUNT, /* int64: factor = 1 / count */

  /* group_norm_backward, norm_sums, batch_norm_backward: MEAN to WEIGHT are inputs */
  PN_NORM_G = PN_NORM_BIAS,
  PN_NORM_DWEIGHT = PN_NORM_VAR, /* norm_sums: outputs */
  PN_NORM_DBIAS,
  PN_NORM_WORK /* norm_sums: pn_norm_work() bytes */
};

/* n[] */
enum {
  PN_NORM_N = 0,
  PN_NORM_C,
  PN_NORM_S,
  PN_NORM_GROUPS /* norm_sums: of the statistics; 0: they are per channel */
};

/* f[] */
enum { PN_NORM_EPS = 0, PN_NORM_FACTOR };

/* flags */
enum {
  PN_NORM_RMS = 1,
  PN_NORM_BATCH = 2 /* batch_norm: the batch's statistics, not the running ones */
};

/* Columns of one unit of norm_sums when S = 1. */
enum { PN_NORM_COLBLOCK = 64 };

/* Bytes of p[PN_NORM_WORK]: partial sums of chunks of samples; 0: none. */
size_t pn_norm_work(const pn_args *a);

#endif

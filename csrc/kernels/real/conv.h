/* Inside the convolutions: columns as runs, and their rows copied. */
#ifndef PN_REAL_CONV_H
#define PN_REAL_CONV_H

#include "kernels/conv_plan.h"
#include "kernels/real/gemm_run.h"

/* Columns col..col+len of a panel: positions of one image that follow one
 * another along the last dimension. */
typedef struct conv_run {
  int64_t col, len;
  int64_t image;
  int64_t at[3];  /* source position of offset 0 */
  int64_t target; /* where the first lies in one channel of out */
} conv_run;

typedef struct conv_source {
  const real *src; /* the group's first channel of image 0 */
  int64_t image;   /* elements from one image to the next */
  int64_t channel; /* and from one channel to the next */
} conv_source;

/* The runs of columns [j0, j1); a column is (image, position).  Returns how
 * many: at most j1 - j0. */
int64_t PN_FN(conv_runs)(conv_run *runs, const pn_conv_geom *g, const pn_args *a, int64_t j0,
                         int64_t j1);
/* dst[i * ld + col] = the source of row k0 + i, i < rows, at each column of the
 * runs, rows being (channel, tap); may write PN_VN - 1 elements past a row. */
void PN_FN(conv_pack_rows)(real *dst, int64_t ld, const pn_conv_geom *g, const conv_source *s,
                           const conv_run *runs, int64_t nruns, int64_t k0, int64_t rows);

#endif

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
 * runs, rows being (channel, tap); what lies between the columns and ld is undefined. */
void PN_FN(conv_pack_rows)(real *dst, int64_t ld, const pn_conv_geom *g, const conv_source *s,
                           const conv_run *runs, int64_t nruns, int64_t k0, int64_t rows);

/* One image and group of one channel by one, one phase; scratch holds
 * pn_conv_depthwise_scratch() elements. */
void PN_FN(conv_depthwise)(const pn_conv_geom *g, const pn_args *a, const real *src, const real *w,
                           const real *bias, real *out, real *scratch);

/* The gradient of one group's weight. */
void PN_FN(conv_depthwise_weight)(const pn_conv_geom *g, const pn_args *a, int64_t group,
                                  real *scratch);

/* One vector, or as much of it as there is room. */
PN_INLINE void conv_store(real *dst, vreal v, int64_t room) {
  if (room >= PN_VN)
    v_store(dst, v);
  else
    v_store_n(dst, v, room);
}

/* dst[j] = row[x0 + j * step] for j < len, +0 where that is outside [0, size).
 * Whole vectors are written, past len too, but not past room >= len. */
PN_INLINE void conv_copy_run(real *dst, int64_t room, const real *row, int64_t x0, int64_t len,
                             int64_t size, int64_t step) {
  if (step == 1 && len <= PN_VN && x0 >= 0 && x0 + len <= size) {
    conv_store(dst, v_load_n(row + x0, len), room);
    return;
  }
  int64_t lo = x0 < 0 ? (step == 1 ? -x0 : pn_ceil_div(-x0, step)) : 0;
  int64_t hi = size - x0;
  if (step != 1) hi = hi > 0 ? pn_ceil_div(hi, step) : 0;
  hi = pn_min64(len, hi);
  lo = pn_min64(lo, len);
  for (int64_t j = 0; j < lo; j += PN_VN) conv_store(dst + j, v_set1(0), room - j);
  int64_t j = lo;
  if (step == 1) {
    for (; j + PN_VN <= hi; j += PN_VN) v_store(dst + j, v_load(row + x0 + j));
    if (j < hi) conv_store(dst + j, v_load_n(row + x0 + j, hi - j), room - j), j += PN_VN;
  } else {
    for (; j < hi; j++) dst[j] = row[x0 + j * step];
  }
  for (j = pn_max64(j, lo); j < len; j += PN_VN) conv_store(dst + j, v_set1(0), room - j);
}

#endif

/* where: out = p[1] ? p[2] : p[3], any type of one size; p[1] is bool (bytes). */
#include "kernels/ew_walk.h"
#include "kernels/kernel.h"
#include "kernels/size/item.h"
#include "simd/compiler.h"

PN_INLINE void where_row(item *o, const uint8_t *m, const item *x, const item *y, int64_t n,
                         int64_t x_step, int64_t y_step) {
  PN_IVDEP
  for (int64_t i = 0; i < n; i++) {
    item xi = x[i * x_step], yi = y[i * y_step];
    o[i] = m[i] ? xi : yi;
  }
}

static void where_row_any(item *o, const uint8_t *m, const item *x, const item *y, int64_t n,
                          const int64_t *s) {
  for (int64_t i = 0; i < n; i++) o[i * s[1]] = m[i * s[3]] ? x[i * s[5]] : y[i * s[7]];
}

PN_KERNEL(where) {
  const int64_t *s = &a->n[PN_EW_STRIDE];
  const uint8_t *mask = pn_ew_input(a, 1);
  const item *in2 = pn_ew_input(a, 2), *in3 = pn_ew_input(a, 3);
  const int dense = s[1] == 1 && s[3] == 1;
  pn_ew_walk w;
  for (pn_ew_begin(a, 4, begin, end, &w); w.rows > 0; pn_ew_next(a, &w)) {
    item *o = (item *)a->p[0] + w.offset[0];
    const uint8_t *m = mask + w.offset[1];
    const item *x = in2 + w.offset[2], *y = in3 + w.offset[3];
    for (int64_t r = 0; r < w.rows; r++, o += s[0], m += s[2], x += s[4], y += s[6]) {
      if (dense && s[5] == 1 && s[7] == 1)
        where_row(o, m, x, y, w.cols, 1, 1);
      else if (dense && s[5] == 1 && s[7] == 0)
        where_row(o, m, x, y, w.cols, 1, 0);
      else if (dense && s[5] == 0 && s[7] == 1)
        where_row(o, m, x, y, w.cols, 0, 1);
      else
        where_row_any(o, m, x, y, w.cols, s);
    }
  }
}

/* copy: out = in, any strides of both, negative ones and 0 (of the input) too. */
#include <string.h>

#include "kernels/ew_walk.h"
#include "kernels/kernel.h"
#include "kernels/size/item.h"
#include "simd/compiler.h"

static void copy_row(item *o, const item *x, int64_t n, int64_t so, int64_t sx) {
  if (so == 1 && sx == 1) {
    memmove(o, x, (size_t)n * sizeof(item));
  } else if (so == 1 && sx == 0) {
    item v = *x;
    for (int64_t i = 0; i < n; i++) o[i] = v;
  } else if (so == 1) {
    for (int64_t i = 0; i < n; i++) o[i] = x[i * sx];
  } else {
    for (int64_t i = 0; i < n; i++) o[i * so] = x[i * sx];
  }
}

/* Where the input runs along the rows (a transpose) a row would touch one cache
 * line per element; tiles of TILE x TILE use each line TILE times. */
enum { TILE = 16 };

static void copy_tile(item *o, const item *x, int64_t rows, int64_t cols, const int64_t *s) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < cols; c++) o[r * s[0] + c * s[1]] = x[r * s[2] + c * s[3]];
}

/* The whole tile with constant bounds and the unit strides known. */
static void copy_full_tile(item *restrict o, const item *restrict x, int64_t ro, int64_t cx) {
  for (int64_t r = 0; r < TILE; r++)
    for (int64_t c = 0; c < TILE; c++) o[r * ro + c] = x[r + c * cx];
}

static void copy_tiled(item *o, const item *x, int64_t rows, int64_t cols, const int64_t *s) {
  const int unit = s[1] == 1 && s[2] == 1;
  for (int64_t r = 0; r < rows; r += TILE) {
    for (int64_t c = 0; c < cols; c += TILE) {
      item *to = o + r * s[0] + c * s[1];
      const item *from = x + r * s[2] + c * s[3];
      int64_t m = pn_min64(rows - r, TILE), n = pn_min64(cols - c, TILE);
      if (unit && m == TILE && n == TILE)
        copy_full_tile(to, from, s[0], s[3]);
      else
        copy_tile(to, from, m, n, s);
    }
  }
}

static int64_t magnitude(int64_t x) { return x < 0 ? -x : x; }

PN_KERNEL(copy) {
  const int64_t *s = &a->n[PN_EW_STRIDE];
  const item *in = pn_ew_input(a, 1);
  const int across = magnitude(s[2]) < magnitude(s[3]) && s[2] != 0;
  pn_ew_walk w;
  for (pn_ew_begin(a, 2, begin, end, &w); w.rows > 0; pn_ew_next(a, &w)) {
    item *o = (item *)a->p[0] + w.offset[0];
    const item *x = in + w.offset[1];
    if (across && w.rows > 1) {
      copy_tiled(o, x, w.rows, w.cols, s);
      continue;
    }
    for (int64_t r = 0; r < w.rows; r++, o += s[0], x += s[2]) copy_row(o, x, w.cols, s[1], s[3]);
  }
}

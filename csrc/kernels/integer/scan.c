/* cumsum and cumprod of integers: they wrap in their own type. */
#include "kernels/scan.h"

#include "kernels/integer/item.h"
#include "kernels/kernel.h"

static inline void scan_line(bool product, item *y, const item *x, const pn_scan_unit *u) {
  uitem acc = product ? 1 : 0;
  for (int64_t i = 0; i < u->axis; i++) {
    uitem v = (uitem)x[i * u->step[1]];
    acc = (uitem)(product ? acc * v : acc + v);
    y[i * u->step[0]] = (item)acc;
  }
}

static inline void scan_units(bool product, const pn_args *a, int64_t begin, int64_t end) {
  for (int64_t k = begin; k < end; k++) {
    pn_scan_unit u = pn_scan_unit_at(a, k);
    for (int64_t c = 0; c < u.lines; c++)
      scan_line(product, (item *)a->p[PN_SCAN_OUT] + u.y + c * u.across[0],
                (const item *)a->p[PN_SCAN_X] + u.x + c * u.across[1], &u);
  }
}

PN_KERNEL(cumsum) { scan_units(false, a, begin, end); }
PN_KERNEL(cumprod) { scan_units(true, a, begin, end); }

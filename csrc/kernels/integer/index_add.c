/* index_add and scatter_add of the integers, wrapping; on bool it is "or". */
#include "kernels/integer/item.h"

static inline item item_add(item a, item b) {
#if PN_TYPE_IS_BOOL
  return a | b;
#else
  return (item)((uitem)a + (uitem)b);
#endif
}

static inline item item_max(item a, item b) { return b > a ? b : a; }
static inline item item_min(item a, item b) { return b < a ? b : a; }
static inline item item_mul(item a, item b) {
#if PN_TYPE_IS_BOOL
  return a & b;
#else
  return (item)((uint64_t)a * (uint64_t)b);
#endif
}

#include "kernels/add_index.h"
#include "kernels/pick_add.h"

/* index_add and scatter_add of the integers, wrapping; on bool it is "or". */
#include "kernels/integer/item.h"

static inline item item_add(item a, item b) {
#if PN_TYPE_IS_BOOL
  return a | b;
#else
  return (item)((uitem)a + (uitem)b);
#endif
}

#include "kernels/add_index.h"
#include "kernels/pick_add.h"

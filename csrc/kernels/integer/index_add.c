/* index_add and scatter_add of the integers, wrapping; on bool it is "or". */
#include <stdbool.h>
#include <stdint.h>

#if PN_TYPE_IS_I64
typedef uint64_t item;
#elif PN_TYPE_IS_I32
typedef uint32_t item;
#else
typedef uint8_t item;
#endif

static inline item item_add(item a, item b) {
#if PN_TYPE_IS_BOOL
  return a | b;
#else
  return (item)(a + b);
#endif
}

#include "kernels/add_index.h"

/* index_add and scatter_add of float32 and float64. */
#include "simd/simd.h"

typedef real item;
static inline item item_add(item a, item b) { return a + b; }

#include "kernels/add_index.h"
#include "kernels/pick_add.h"

/* index_add and scatter_add of float32 and float64. */
#include "simd/simd.h"

typedef real item;
static inline item item_add(item a, item b) { return a + b; }
static inline item item_mul(item a, item b) { return a * b; }
/* A NaN stays, and comes in; of +0 and -0 the first stays. */
static inline item item_max(item a, item b) { return b > a || b != b ? b : a; }
static inline item item_min(item a, item b) { return b < a || b != b ? b : a; }

#include "kernels/add_index.h"
#include "kernels/pick_add.h"

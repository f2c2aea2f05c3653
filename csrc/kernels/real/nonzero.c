/* nonzero of float32 and float64. */
#include "simd/simd.h"

typedef real item;

#include "kernels/nonzero_item.h"

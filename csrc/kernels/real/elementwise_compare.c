/* Comparisons of float32 and float64: false with a NaN, except ne. */
#if PN_TYPE_IS_F32
typedef float item;
#else
typedef double item;
#endif

#include "kernels/ew_compare.h"

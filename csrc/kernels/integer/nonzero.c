/* nonzero of the integers. */
#include "kernels/integer/item.h"

#include "kernels/nonzero_item.h"

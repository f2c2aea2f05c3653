/* Comparisons of integers and bools. */
#include "kernels/integer/item.h"

#include "kernels/ew_compare.h"

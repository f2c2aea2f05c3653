/* scatter by item size: out[..index[..i..]..] = src[..i..], i ascending. */
#include "kernels/size/item.h"

static inline item item_last(item a, item b) { return b; }

#include "kernels/scatter_lines.h"

PN_KERNEL(scatter) { scatter_lines(a, begin, end, item_last); }

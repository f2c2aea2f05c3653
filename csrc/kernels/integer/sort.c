/* Sorting of the integers. */
#include "kernels/integer/item.h"

typedef uitem ukey;
#define PN_SORT_WIDE PN_TYPE_IS_I64

static inline ukey key_of(item x) { return (ukey)((ukey)x ^ (ukey)ITEM_MIN); }

#include "kernels/sort_item.h"

/* `item`: what is moved and never computed with. */
#ifndef PN_SIZE_ITEM_H
#define PN_SIZE_ITEM_H

#include <stdint.h>

#if PN_TYPE_IS_S1
typedef uint8_t item;
#elif PN_TYPE_IS_S2
typedef uint16_t item;
#elif PN_TYPE_IS_S4
typedef uint32_t item;
#else
typedef uint64_t item;
#endif

#endif

/* The integer types: `item`, its unsigned twin for wrapping arithmetic, its range. */
#ifndef PN_INTEGER_ITEM_H
#define PN_INTEGER_ITEM_H

#include <stdint.h>

#if PN_TYPE_IS_I64
typedef int64_t item;
typedef uint64_t uitem;
#define ITEM_MIN INT64_MIN
#define ITEM_MAX INT64_MAX
#elif PN_TYPE_IS_I32
typedef int32_t item;
typedef uint32_t uitem;
#define ITEM_MIN INT32_MIN
#define ITEM_MAX INT32_MAX
#elif PN_TYPE_IS_I8
typedef int8_t item;
typedef uint8_t uitem;
#define ITEM_MIN INT8_MIN
#define ITEM_MAX INT8_MAX
#elif PN_TYPE_IS_U8
typedef uint8_t item;
typedef uint8_t uitem;
#define ITEM_MIN 0
#define ITEM_MAX UINT8_MAX
#else /* bool: a byte that holds 0 or 1 */
typedef uint8_t item;
typedef uint8_t uitem;
#define ITEM_MIN 0
#define ITEM_MAX 1
#endif

#endif

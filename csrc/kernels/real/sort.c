/* Sorting of float32 and float64. */
#include <string.h>

#include "simd/simd.h"

typedef real item;
typedef ubits ukey;
#define PN_SORT_WIDE PN_TYPE_IS_F64

/* The bits of negative numbers inverted, those of others above them; +0 for -0. */
static inline ukey key_of(item x) {
  const ukey sign = (ukey)1 << (8 * sizeof(ukey) - 1);
  ukey bits;
  if (x != x) return (ukey) ~(ukey)0;
  x += 0;
  memcpy(&bits, &x, sizeof bits);
  return bits & sign ? ~bits : bits | sign;
}

#include "kernels/sort_item.h"

/* One element converted.  `item` is what the source type stores, `number` what
 * it means; bfloat16 and float16 are bit patterns that mean a float32.
 *   to a float      one rounding, to nearest even; NaN stays NaN
 *   float to int    towards zero; out of range or NaN: INT64_MIN for int64,
 *                   INT32_MIN for int32, and int8 and uint8 take the low byte
 *                   of the int32 (what x86's cvtt gives, on every level)
 *   int to int      the low bits
 *   to bool         x != 0 (so NaN is true) */
#ifndef PN_CAST_CONVERT_H
#define PN_CAST_CONVERT_H

#include <stdint.h>
#include <string.h>

#include "simd/compiler.h"

PN_INLINE float float_of_bits(uint32_t u) {
  float f;
  memcpy(&f, &u, 4);
  return f;
}
PN_INLINE uint32_t bits_of_float(float f) {
  uint32_t u;
  memcpy(&u, &f, 4);
  return u;
}

PN_INLINE float decode_bf16(uint16_t h) { return float_of_bits((uint32_t)h << 16); }

/* The exponent is rebiased by 112; inf and NaN by 112 more; a subnormal is
 * given a hidden bit, which one exact subtraction takes away again. */
PN_INLINE float decode_f16(uint16_t h) {
  uint32_t u = (uint32_t)(h & 0x7fff) << 13, e = u & 0x0f800000;
  uint32_t normal = u + (e == 0x0f800000 ? 224u << 23 : 112u << 23);
  float subnormal = float_of_bits(u + (113u << 23)) - float_of_bits(113u << 23);
  uint32_t r = e ? normal : bits_of_float(subnormal);
  return float_of_bits(r | (uint32_t)(h & 0x8000) << 16);
}

PN_INLINE uint16_t encode_bf16(float x) {
  uint32_t u = bits_of_float(x), odd = u >> 16 & 1;
  uint32_t rounded = (u + 0x7fff + odd) >> 16, quiet = u >> 16 | 0x40;
  return (uint16_t)((u & 0x7fffffff) > 0x7f800000 ? quiet : rounded);
}

/* Below 2^-14 the sum with 0.5 rounds to float16's subnormal step; above, the
 * mantissa is rounded in place, a carry reaching up to infinity. */
PN_INLINE uint16_t encode_f16(float x) {
  uint32_t u = bits_of_float(x), sign = u >> 16 & 0x8000, m = u & 0x7fffffff;
  uint32_t small = bits_of_float(float_of_bits(m) + 0.5f) - bits_of_float(0.5f);
  uint32_t normal = (m - (112u << 23) + 0xfff + (m >> 13 & 1)) >> 13;
  uint32_t r = m < 113u << 23 ? small : normal;
  r = m >= 143u << 23 ? 0x7c00 : r;
  r = m > 0x7f800000 ? 0x7e00 : r;
  return (uint16_t)(sign | r);
}

/* Rounded to odd: a later rounding to 11 bits or less is then as if from x. */
PN_INLINE float odd_float(double x) {
  float f = (float)x;
  double back = f, m = back < 0 ? -back : back, wanted = x < 0 ? -x : x;
  uint32_t u = bits_of_float(f), even = ~u & 1;
  return float_of_bits(m < wanted ? u + even : m > wanted ? u - even : u);
}

PN_INLINE int32_t int32_of_double(double x) {
  int fits = x > -2147483649.0 && x < 2147483648.0;
  int32_t i = (int32_t)(fits ? x : 0.0);
  return fits ? i : INT32_MIN;
}
PN_INLINE int32_t int32_of_float(float x) {
  int fits = x >= -2147483648.0f && x < 2147483648.0f;
  int32_t i = (int32_t)(fits ? x : 0.0f);
  return fits ? i : INT32_MIN;
}
PN_INLINE int64_t int64_of_double(double x) {
  int fits = x >= -9223372036854775808.0 && x < 9223372036854775808.0;
  int64_t i = (int64_t)(fits ? x : 0.0);
  return fits ? i : INT64_MIN;
}

#if PN_TYPE_IS_F32 || PN_TYPE_IS_BF16 || PN_TYPE_IS_F16
#define PN_SOURCE_IS_FLOAT 1
typedef float number;
PN_INLINE float number_odd(number x) { return x; }
PN_INLINE int32_t number_i32(number x) { return int32_of_float(x); }
#elif PN_TYPE_IS_F64
#define PN_SOURCE_IS_FLOAT 1
typedef double number;
PN_INLINE float number_odd(number x) { return odd_float(x); }
PN_INLINE int32_t number_i32(number x) { return int32_of_double(x); }
#else
#define PN_SOURCE_IS_FLOAT 0
#endif

#if PN_TYPE_IS_F32
typedef float item;
PN_INLINE number decode(item x) { return x; }
#elif PN_TYPE_IS_F64
typedef double item;
PN_INLINE number decode(item x) { return x; }
#elif PN_TYPE_IS_BF16
typedef uint16_t item;
PN_INLINE number decode(item x) { return decode_bf16(x); }
#elif PN_TYPE_IS_F16
typedef uint16_t item;
PN_INLINE number decode(item x) { return decode_f16(x); }
#elif PN_TYPE_IS_I64
typedef int64_t item;
#elif PN_TYPE_IS_I32
typedef int32_t item;
#elif PN_TYPE_IS_I8
typedef int8_t item;
#else
typedef uint8_t item; /* uint8, bool */
#endif

#if !PN_SOURCE_IS_FLOAT
typedef item number;
PN_INLINE number decode(item x) { return x; }
#if PN_TYPE_IS_I64 || PN_TYPE_IS_I32
/* Beyond 2^53 the lost bits become one sticky bit that float64 can hold. */
PN_INLINE float number_odd(number x) {
  int64_t i = x, low = i & 0xfff, sticky = i - low + (low ? 0x800 : 0);
  int exact = i >= -(1ll << 53) && i <= 1ll << 53;
  return odd_float((double)(exact ? i : sticky));
}
#else
PN_INLINE float number_odd(number x) { return x; }
#endif
PN_INLINE int32_t number_i32(number x) { return (int32_t)(uint32_t)(uint64_t)(int64_t)x; }
#endif

PN_INLINE float as_f32(item x) { return (float)decode(x); }
PN_INLINE double as_f64(item x) { return (double)decode(x); }
PN_INLINE uint16_t as_bf16(item x) { return encode_bf16(number_odd(decode(x))); }
PN_INLINE uint16_t as_f16(item x) { return encode_f16(number_odd(decode(x))); }
#if PN_SOURCE_IS_FLOAT
PN_INLINE int64_t as_i64(item x) { return int64_of_double(decode(x)); }
#else
PN_INLINE int64_t as_i64(item x) { return x; }
#endif
PN_INLINE int32_t as_i32(item x) { return number_i32(decode(x)); }
PN_INLINE uint8_t as_byte(item x) { return (uint8_t)number_i32(decode(x)); }
PN_INLINE uint8_t as_bool(item x) { return decode(x) != 0; }

#endif

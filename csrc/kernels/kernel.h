/* What every kernel file includes.  The build compiles each file once per ISA
 * level and per type of its family and defines
 *   PN_LEVEL      scalar | avx2 | avx512 | neon      (a bare word)
 *   PN_TYPE       f32 | f64 | i64 | i32 | i8 | u8 | bool | s1 | s2 | s4 | s8 ...
 *   PN_TYPE_IS_<TYPE> 1                              (e.g. PN_TYPE_IS_F32)
 * Real kernels use `real`; integer kernels `item`; size kernels `item`. */
#ifndef PN_KERNEL_H
#define PN_KERNEL_H

#include "pn_contract.h"
#include "pn_types.h"

#define PN_CAT3_(a, b, c) pn_k_##a##_##b##_##c
#define PN_CAT3(a, b, c) PN_CAT3_(a, b, c)
/* PN_FN(add) -> pn_k_add_f32_avx2 */
#define PN_FN(name) PN_CAT3(name, PN_TYPE, PN_LEVEL)
#define PN_KERNEL(name) \
  void PN_FN(name)(const pn_args *a, int64_t begin, int64_t end, void *scratch)

#endif

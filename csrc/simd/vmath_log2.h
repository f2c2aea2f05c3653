/* log2 and log10: log(m) of vmath_log.h as a pair, times a constant as a pair, so
 * that powers of the base come out exactly (0.6 ulp). */
#ifndef PN_VMATH_LOG2_H
#define PN_VMATH_LOG2_H

#include "simd/vmath_log.h"
#include "simd/vmath_poly.h"

/* k times (unit, unit_l) + log(m) times (c, cl); k unit is exact. */
PN_INLINE vreal vm_log_base(vreal x, real unit, real unit_l, real c, real cl) {
  vreal k0;
  vint ki;
  vreal m = vm_split_log(vm_normalize(x, &k0), &ki), k = v_add(v_from_int(ki), k0);
  vreal f = v_sub(m, v_set1(1)), s = v_div(f, v_add(f, v_set1(2)));
  vreal g = v_mul(f, v_set1((real)0.5)), half = v_mul(g, f), half_l = v_fma(g, f, v_neg(half));
  vreal w = v_mul(s, v_add(half, vm_log_poly(v_mul(s, s))));
  vreal h = v_sub(f, half), l = v_add(v_sub(v_sub(f, h), half), v_sub(w, half_l));
  vreal p = v_mul(h, v_set1(c)), pl = v_fma(h, v_set1(c), v_neg(p));
  pl = v_add(pl, v_fma(h, v_set1(cl), v_fma(l, v_set1(c), v_mul(k, v_set1(unit_l)))));
  vreal base = v_mul(k, v_set1(unit)), sum = v_add(base, p);
  vreal y = v_add(sum, v_add(v_add(v_sub(base, sum), p), pl));
  return vm_log_ends(y, x);
}

PN_INLINE vreal v_log2(vreal x) {
  return vm_log_base(x, 1, 0, VM_PICK(0x1.715476p+0f, 0x1.71547652b82fep+0),
                     VM_PICK(0x1.4ae0cp-26f, 0x1.777d0ffda0d24p-56));
}

PN_INLINE vreal v_log10(vreal x) {
  return vm_log_base(x, VM_PICK(0x1.3440p-2f, 0x1.34413509f78p-2),
                     VM_PICK(0x1.3509f8p-18f, 0x1.fef311f12b358p-46),
                     VM_PICK(0x1.bcb7b2p-2f, 0x1.bcb7b1526e50ep-2),
                     VM_PICK(-0x1.5b235ep-27f, 0x1.95355baaafad3p-57));
}

#endif

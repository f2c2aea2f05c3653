/* l1, smooth_l1 and huber, and their gradients (loss.h). */
#include "kernels/real/loss.h"

PN_INLINE vreal l1(vreal x, vreal y, vreal c) { return v_abs(v_sub(x, y)); }

PN_INLINE vreal smooth_l1(vreal x, vreal y, vreal c) {
  vreal d = l1(x, y, c), half = v_set1((real)0.5);
  vreal inside = v_div(v_mul(v_mul(half, d), d), c);
  return v_select(v_lt(d, c), inside, v_sub(d, v_mul(half, c)));
}

PN_INLINE vreal huber(vreal x, vreal y, vreal c) {
  vreal d = l1(x, y, c), half = v_set1((real)0.5);
  vreal outside = v_mul(c, v_sub(d, v_mul(half, c)));
  return v_select(v_le(d, c), v_mul(v_mul(half, d), d), outside);
}

PN_NOINLINE void values_l1(real *out, const real *x, const real *y, int64_t n, real c) {
  loss_values(l1, out, x, y, n, c);
}
PN_NOINLINE void values_smooth_l1(real *out, const real *x, const real *y, int64_t n, real c) {
  loss_values(smooth_l1, out, x, y, n, c);
}
PN_NOINLINE void values_huber(real *out, const real *x, const real *y, int64_t n, real c) {
  loss_values(huber, out, x, y, n, c);
}
static real chunk_l1(const real *x, const real *y, int64_t n, real *scratch, real c) {
  values_l1(scratch, x, y, n, c);
  return sum_values(scratch, n);
}
static real chunk_smooth_l1(const real *x, const real *y, int64_t n, real *scratch, real c) {
  values_smooth_l1(scratch, x, y, n, c);
  return sum_values(scratch, n);
}
static real chunk_huber(const real *x, const real *y, int64_t n, real *scratch, real c) {
  values_huber(scratch, x, y, n, c);
  return sum_values(scratch, n);
}

PN_KERNEL(l1) { loss_run(values_l1, chunk_l1, a, begin, end, scratch); }
PN_KERNEL(smooth_l1) { loss_run(values_smooth_l1, chunk_smooth_l1, a, begin, end, scratch); }
PN_KERNEL(huber) { loss_run(values_huber, chunk_huber, a, begin, end, scratch); }

/* The bits of sign and clamp (elementwise.c), which the composition uses. */
PN_INLINE vreal l1_slope(vreal x, vreal y, vreal s, vreal c) {
  const vreal zero = v_set1(0), one = v_set1(1);
  vreal d = v_sub(x, y);
  vreal sign = v_select(v_lt(zero, d), one, v_select(v_lt(d, zero), v_neg(one), zero));
  return v_mul(v_select(v_isnan(d), d, sign), s);
}
PN_INLINE vreal smooth_l1_slope(vreal x, vreal y, vreal s, vreal c) {
  vreal d = v_div(v_sub(x, y), c), one = v_set1(1);
  return v_mul(v_least(one, v_most(v_neg(one), d)), s);
}
PN_INLINE vreal huber_slope(vreal x, vreal y, vreal s, vreal c) {
  return v_mul(v_least(c, v_most(v_neg(c), v_sub(x, y))), s);
}

PN_KERNEL(l1_backward) { loss_gradient(l1_slope, a, begin, end); }
PN_KERNEL(smooth_l1_backward) { loss_gradient(smooth_l1_slope, a, begin, end); }
PN_KERNEL(huber_backward) { loss_gradient(huber_slope, a, begin, end); }

/* Gradients of the elementwise losses with respect to x (loss.h). */
#include "kernels/loss.h"

#include "kernels/kernel.h"
#include "simd/simd.h"
#include "simd/vmath.h"

typedef vreal (*gradient_fn)(vreal x, vreal y, vreal s);

PN_INLINE vreal mse(vreal x, vreal y, vreal s) {
  vreal d = v_mul(v_sub(x, y), s);
  return v_add(d, d);
}
PN_INLINE vreal bce(vreal x, vreal y, vreal s) {
  vreal spread = v_mul(v_sub(v_set1(1), x), x);
  return v_div(v_mul(s, v_sub(x, y)), v_max(spread, v_set1((real)1e-12)));
}
PN_INLINE vreal bce_logits(vreal x, vreal y, vreal s) { return v_mul(v_sub(v_sigmoid(x), y), s); }

PN_INLINE void backward(gradient_fn f, const pn_args *a, int64_t begin, int64_t end) {
  int64_t i = begin * PN_CHUNK, last = pn_min64(end * PN_CHUNK, a->n[PN_LOSS_COUNT]);
  const real *x = a->p[PN_LOSS_X], *y = a->p[PN_LOSS_Y], *g = a->p[PN_LOSS_G];
  real *dx = a->p[PN_LOSS_OUT];
  uint32_t reduction = a->flags & PN_LOSS_REDUCTION;
  bool each = reduction == PN_LOSS_NONE;
  vreal s = v_set1(0);
  if (reduction == PN_LOSS_SUM) s = v_set1(g[0]);
  if (reduction == PN_LOSS_MEAN) s = v_set1(g[0] / (real)a->n[PN_LOSS_COUNT]);
  for (; i + PN_VN <= last; i += PN_VN)
    v_store(dx + i, f(v_load(x + i), v_load(y + i), each ? v_load(g + i) : s));
  int64_t n = last - i;
  if (n <= 0) return;
  if (each) s = v_load_n(g + i, n);
  v_store_n(dx + i, f(v_load_n(x + i, n), v_load_n(y + i, n), s), n);
}

PN_KERNEL(mse_backward) { backward(mse, a, begin, end); }
PN_KERNEL(bce_backward) { backward(bce, a, begin, end); }
PN_KERNEL(bce_logits_backward) { backward(bce_logits, a, begin, end); }

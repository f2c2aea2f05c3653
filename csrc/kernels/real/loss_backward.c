/* Gradients of mse and the binary cross-entropies with respect to x (loss.h). */
#include "kernels/real/loss.h"
#include "simd/vmath.h"

PN_INLINE vreal mse(vreal x, vreal y, vreal s, vreal c) {
  vreal d = v_mul(v_sub(x, y), s);
  return v_add(d, d);
}
PN_INLINE vreal bce(vreal x, vreal y, vreal s, vreal c) {
  vreal spread = v_mul(v_sub(v_set1(1), x), x);
  return v_div(v_mul(s, v_sub(x, y)), v_max(spread, v_set1((real)1e-12)));
}
PN_INLINE vreal bce_logits(vreal x, vreal y, vreal s, vreal c) {
  return v_mul(v_sub(v_sigmoid(x), y), s);
}

PN_KERNEL(mse_backward) { loss_gradient(mse, a, begin, end); }
PN_KERNEL(bce_backward) { loss_gradient(bce, a, begin, end); }
PN_KERNEL(bce_logits_backward) { loss_gradient(bce_logits, a, begin, end); }

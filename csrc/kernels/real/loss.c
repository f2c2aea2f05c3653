/* mse and the binary cross-entropies. */
#include "kernels/real/loss.h"
#include "simd/vmath.h"

PN_INLINE vreal mse(vreal x, vreal y, vreal c) {
  vreal d = v_sub(x, y);
  return v_mul(d, d);
}

/* Logarithms are clamped at -100, as PyTorch does: the loss stays finite. */
PN_INLINE vreal bce(vreal x, vreal y, vreal c) {
  vreal floor = v_set1(-100), one = v_set1(1);
  vreal off = v_mul(v_sub(y, one), v_max(v_log1p(v_neg(x)), floor));
  return v_sub(off, v_mul(y, v_max(v_log(x), floor)));
}

PN_INLINE vreal bce_logits(vreal x, vreal y, vreal c) {
  vreal linear = v_sub(v_max(x, v_set1(0)), v_mul(x, y));
  return v_add(linear, v_log1p(v_exp(v_neg(v_abs(x)))));
}

PN_NOINLINE void values_mse(real *out, const real *x, const real *y, int64_t n, real c) {
  loss_values(mse, out, x, y, n, c);
}
PN_NOINLINE void values_bce(real *out, const real *x, const real *y, int64_t n, real c) {
  loss_values(bce, out, x, y, n, c);
}
PN_NOINLINE void values_bce_logits(real *out, const real *x, const real *y, int64_t n, real c) {
  loss_values(bce_logits, out, x, y, n, c);
}

/* A square is cheap enough to be a term of the sum. */
typedef struct operands {
  const real *x, *y;
} operands;

PN_INLINE vreal term_mse(const void *context, int64_t i, int64_t n) {
  const operands *p = context;
  return mse(term_value(p->x, i, n), term_value(p->y, i, n), v_set1(0));
}
PN_NOINLINE real chunk_mse(const real *x, const real *y, int64_t n, real *scratch, real c) {
  operands p = {x, y};
  return sum_chunk(term_mse, &p, 0, n);
}
static real chunk_bce(const real *x, const real *y, int64_t n, real *scratch, real c) {
  values_bce(scratch, x, y, n, c);
  return sum_values(scratch, n);
}
static real chunk_bce_logits(const real *x, const real *y, int64_t n, real *scratch, real c) {
  values_bce_logits(scratch, x, y, n, c);
  return sum_values(scratch, n);
}

PN_KERNEL(mse) { loss_run(values_mse, chunk_mse, a, begin, end, scratch); }
PN_KERNEL(bce) { loss_run(values_bce, chunk_bce, a, begin, end, scratch); }
PN_KERNEL(bce_logits) { loss_run(values_bce_logits, chunk_bce_logits, a, begin, end, scratch); }

PN_KERNEL(loss_combine) {
  const real *part = a->p[PN_LOSS_WORK];
  real total = part[0];
  int64_t chunks = pn_ceil_div(a->n[PN_LOSS_COUNT], PN_CHUNK);
  for (int64_t k = 1; k < chunks; k++) total = total + part[k];
  loss_finish(a, total);
}

/* The elementwise losses.  A loss reduced to a scalar is summed in the order of
 * reduce.h and has the bits of the separate operators. */
#include "kernels/loss.h"

#include "kernels/real/sum.h"
#include "simd/vmath.h"

typedef vreal (*loss_fn)(vreal x, vreal y);

PN_INLINE vreal mse(vreal x, vreal y) {
  vreal d = v_sub(x, y);
  return v_mul(d, d);
}

/* Logarithms are clamped at -100, as PyTorch does: the loss stays finite. */
PN_INLINE vreal bce(vreal x, vreal y) {
  vreal floor = v_set1(-100), one = v_set1(1);
  vreal off = v_mul(v_sub(y, one), v_max(v_log1p(v_neg(x)), floor));
  return v_sub(off, v_mul(y, v_max(v_log(x), floor)));
}

PN_INLINE vreal bce_logits(vreal x, vreal y) {
  vreal linear = v_sub(v_max(x, v_set1(0)), v_mul(x, y));
  return v_add(linear, v_log1p(v_exp(v_neg(v_abs(x)))));
}

PN_INLINE void values(loss_fn f, real *out, const real *x, const real *y, int64_t n) {
  int64_t i = 0;
  for (; i + PN_VN <= n; i += PN_VN) v_store(out + i, f(v_load(x + i), v_load(y + i)));
  if (i < n) v_store_n(out + i, f(v_load_n(x + i, n - i), v_load_n(y + i, n - i)), n - i);
}
typedef void (*values_fn)(real *out, const real *x, const real *y, int64_t n);
PN_NOINLINE void values_mse(real *out, const real *x, const real *y, int64_t n) {
  values(mse, out, x, y, n);
}
PN_NOINLINE void values_bce(real *out, const real *x, const real *y, int64_t n) {
  values(bce, out, x, y, n);
}
PN_NOINLINE void values_bce_logits(real *out, const real *x, const real *y, int64_t n) {
  values(bce_logits, out, x, y, n);
}

/* The sum of one chunk of losses. */
typedef real (*chunk_fn)(const real *x, const real *y, int64_t n, real *scratch);

typedef struct operands {
  const real *x, *y;
} operands;

PN_INLINE vreal term_mse(const void *context, int64_t i, int64_t n) {
  const operands *c = context;
  return mse(term_value(c->x, i, n), term_value(c->y, i, n));
}
PN_NOINLINE real chunk_mse(const real *x, const real *y, int64_t n, real *scratch) {
  operands c = {x, y};
  return sum_chunk(term_mse, &c, 0, n);
}
/* Logarithms inlined at every place of a sum would be 10 KB of code, to save a
 * store and a load in L1. */
static real chunk_bce(const real *x, const real *y, int64_t n, real *scratch) {
  values_bce(scratch, x, y, n);
  return sum_values(scratch, n);
}
static real chunk_bce_logits(const real *x, const real *y, int64_t n, real *scratch) {
  values_bce_logits(scratch, x, y, n);
  return sum_values(scratch, n);
}

static void finish(const pn_args *a, real total) {
  bool mean = (a->flags & PN_LOSS_REDUCTION) == PN_LOSS_MEAN;
  *(real *)a->p[PN_LOSS_OUT] = mean ? total / (real)a->n[PN_LOSS_COUNT] : total;
}

PN_INLINE void loss(values_fn all, chunk_fn chunk, const pn_args *a, int64_t begin, int64_t end,
                    real *scratch) {
  const real *x = a->p[PN_LOSS_X], *y = a->p[PN_LOSS_Y];
  int64_t count = a->n[PN_LOSS_COUNT];
  if ((a->flags & PN_LOSS_REDUCTION) == PN_LOSS_NONE) {
    int64_t i = begin * PN_CHUNK, last = pn_min64(end * PN_CHUNK, count);
    all((real *)a->p[PN_LOSS_OUT] + i, x + i, y + i, last - i);
    return;
  }
  if (count <= PN_CHUNK) {
    finish(a, count > 0 ? chunk(x, y, count, scratch) : 0);
    return;
  }
  for (int64_t k = begin; k < end; k++) {
    int64_t i = k * PN_CHUNK;
    ((real *)a->p[PN_LOSS_WORK])[k] = chunk(x + i, y + i, pn_min64(count - i, PN_CHUNK), scratch);
  }
}

PN_KERNEL(mse) { loss(values_mse, chunk_mse, a, begin, end, scratch); }
PN_KERNEL(bce) { loss(values_bce, chunk_bce, a, begin, end, scratch); }
PN_KERNEL(bce_logits) { loss(values_bce_logits, chunk_bce_logits, a, begin, end, scratch); }

PN_KERNEL(loss_combine) {
  const real *part = a->p[PN_LOSS_WORK];
  real total = part[0];
  int64_t chunks = pn_ceil_div(a->n[PN_LOSS_COUNT], PN_CHUNK);
  for (int64_t k = 1; k < chunks; k++) total = total + part[k];
  finish(a, total);
}

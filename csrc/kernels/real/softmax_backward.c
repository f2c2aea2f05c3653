/* softmax_backward: dx = y * (g - sum(g * y));
 * log_softmax_backward: dx = g - exp(y) * sum(g).
 * Every operation is rounded by itself: the bits of the separate operators. */
#include "kernels/softmax.h"

#include "kernels/real/softmax.h"

typedef struct pair {
  const real *y, *g;
  int64_t ldy, ldg; /* strips only */
} pair;

PN_INLINE vreal row_product(const void *context, int64_t i, int64_t n) {
  const pair *c = context;
  return v_mul(load_lanes(c->g + i, n), load_lanes(c->y + i, n));
}
PN_INLINE vreal strip_product(void *context, int64_t row, int64_t cols) {
  pair *c = context;
  return v_mul(load_lanes(c->g + row * c->ldg, cols), load_lanes(c->y + row * c->ldy, cols));
}
PN_INLINE vreal strip_gradient(void *context, int64_t row, int64_t cols) {
  pair *c = context;
  return load_lanes(c->g + row * c->ldg, cols);
}

PN_NOINLINE real product_sum(const pair *c, int64_t n) { return sum_chunks(row_product, c, n); }
static real gradient_sum(const pair *c, int64_t n) {
  real total = 0;
  for (int64_t i = 0; i < n; i += PN_CHUNK) {
    real s = sum_values(c->g + i, pn_min64(n - i, PN_CHUNK));
    total = i == 0 ? s : total + s;
  }
  return total;
}

PN_INLINE vreal gradient(bool log, vreal y, vreal g, vreal s) {
  return log ? v_sub(g, v_mul(v_exp(y), s)) : v_mul(y, v_sub(g, s));
}

PN_INLINE void row(bool log, real *dx, const pair *c, int64_t n) {
  vreal s = v_set1(log ? gradient_sum(c, n) : product_sum(c, n));
  int64_t i = 0;
  for (; i + PN_VN <= n; i += PN_VN)
    v_store(dx + i, gradient(log, v_load(c->y + i), v_load(c->g + i), s));
  if (i < n)
    v_store_n(dx + i, gradient(log, v_load_n(c->y + i, n - i), v_load_n(c->g + i, n - i), s),
              n - i);
}

PN_INLINE void columns(bool log, real *dx, int64_t ld, pair c, int64_t rows, int64_t cols) {
  for (; cols > 0; cols -= PN_VN, dx += PN_VN, c.y += PN_VN, c.g += PN_VN) {
    int64_t n = pn_min64(cols, PN_VN);
    vreal s = strip_sum(log ? strip_gradient : strip_product, &c, rows, n);
    for (int64_t i = 0; i < rows; i++) {
      vreal y = load_lanes(c.y + i * c.ldy, n), g = load_lanes(c.g + i * c.ldg, n);
      store_lanes(dx + i * ld, gradient(log, y, g, s), n);
    }
  }
}

/* Rows or columns of one operand, side by side (in tile, where they were not). */
static const real *operand(const real *x, const int64_t *stride, int64_t o, int64_t c, int64_t axis,
                           int64_t cols, bool rows, int64_t *ld, real *tile) {
  x += o * stride[0] + c * stride[2];
  *ld = stride[1];
  if ((rows ? stride[1] : stride[2]) == 1) return x;
  *ld = cols;
  return side_by_side(tile, x, stride[1], stride[2], axis, cols);
}

PN_INLINE void backward(bool log, const pn_args *a, int64_t begin, int64_t end, real *scratch) {
  const int64_t *n = a->n;
  int64_t axis = n[PN_SM_AXIS], inner = n[PN_SM_INNER];
  int64_t blocks = pn_ceil_div(inner, PN_SM_COLBLOCK);
  for (int64_t u = begin; u < end; u++) {
    int64_t o = inner == 1 ? u : u / blocks, c = (u - o * blocks) * PN_SM_COLBLOCK;
    int64_t cols = pn_min64(inner - c, PN_SM_COLBLOCK);
    real *dx = (real *)a->p[PN_SM_OUT] + o * axis * inner + c;
    pair p;
    p.y = operand(a->p[PN_SM_X], n + PN_SM_STRIDE_X, o, c, axis, cols, inner == 1, &p.ldy, scratch);
    p.g = operand(a->p[PN_SM_G], n + PN_SM_STRIDE_G, o, c, axis, cols, inner == 1, &p.ldg,
                  scratch + axis * cols);
    if (inner == 1)
      row(log, dx, &p, axis);
    else
      columns(log, dx, inner, p, axis, cols);
  }
}

PN_KERNEL(softmax_backward) { backward(false, a, begin, end, scratch); }
PN_KERNEL(log_softmax_backward) { backward(true, a, begin, end, scratch); }

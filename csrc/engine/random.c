/* Random tensors: Philox by element.  The record reads and advances the
 * generator behind its pointer, so a replay draws what eager would. */
#include "kernels/random.h"
#include "engine/internal.h"

static pn_tensor *draw(const pn_row *row, int dtype, int ndim, const int64_t *shape,
                       pn_generator *g, double f0, double f1) {
  if (!pn_is_real(dtype)) {
    pn_no_kernel(row, dtype);
    return NULL;
  }
  pn_tensor *out = pn_empty(dtype, ndim, shape);
  if (!out || !out->numel) return out;
  pn_args a;
  a.block = NULL;
  a.flags = 0;
  a.dtype = (uint32_t)dtype;
  a.n[PN_RNG_COUNT] = out->numel;
  a.f[0] = f0;
  a.f[1] = f1;
  a.p[PN_RNG_STATE] = g ? g : pn_default_generator();
  pn_bind_out(&a, PN_RNG_OUT, out);
  if (!pn_run(row, &a, 0)) return out;
  pn_release(out);
  return NULL;
}
pn_tensor *pn_rand(int dtype, int ndim, const int64_t *shape, pn_generator *g) {
  return draw(&pn_row_uniform, dtype, ndim, shape, g, 0, 1);
}
pn_tensor *pn_randn(int dtype, int ndim, const int64_t *shape, pn_generator *g) {
  return draw(&pn_row_normal, dtype, ndim, shape, g, 0, 1);
}
pn_tensor *pn_uniform(int dtype, int ndim, const int64_t *shape, pn_generator *g, double low,
                      double high) {
  return draw(&pn_row_uniform, dtype, ndim, shape, g, low, high);
}
pn_tensor *pn_normal(int dtype, int ndim, const int64_t *shape, pn_generator *g, double mean,
                     double std) {
  return draw(&pn_row_normal, dtype, ndim, shape, g, mean, std);
}
pn_tensor *pn_bernoulli(int dtype, int ndim, const int64_t *shape, pn_generator *g, double p,
                        double value) {
  return draw(&pn_row_bernoulli, dtype, ndim, shape, g, p, value);
}

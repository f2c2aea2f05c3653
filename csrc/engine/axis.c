/* A tensor as outer x axis x inner. */
#include "engine/axis.h"

void pn_three_sizes(const pn_tensor *t, int axis, int64_t *size) {
  size[0] = size[2] = 1;
  size[1] = t->ndim ? t->shape[axis] : 1;
  for (int d = 0; d < axis; d++) size[0] *= t->shape[d];
  for (int d = axis + 1; d < t->ndim; d++) size[2] *= t->shape[d];
}

bool pn_three_strides(const pn_tensor *t, int axis, int64_t *stride) {
  int64_t s[3] = {0, t->ndim ? t->stride[axis] : 0, 0};
  for (int part = 0; part < 3; part += 2) {
    int lo = part ? axis + 1 : 0, hi = part ? t->ndim : axis;
    int64_t run = 0;
    bool first = true; /* run alone does not say so: an expanded dimension's is 0 */
    for (int d = hi - 1; d >= lo; d--) {
      if (t->shape[d] == 1) continue;
      if (first)
        s[part] = run = t->stride[d];
      else if (t->stride[d] != run)
        return false;
      first = false;
      run *= t->shape[d];
    }
  }
  memcpy(stride, s, sizeof s);
  return true;
}

pn_tensor *pn_three_strided(pn_tensor *t, int axis, int64_t *stride) {
  if (pn_three_strides(t, axis, stride)) return pn_ref(t);
  bool graph = pn_set_grad_enabled(false);
  pn_tensor *c = pn_contiguous(t);
  pn_set_grad_enabled(graph);
  if (c) pn_three_strides(c, axis, stride);
  return c;
}

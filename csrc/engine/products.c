/* Products of given ranks: they check what matmul would broadcast. */
#include "engine/internal.h"

static pn_tensor *wrong(const char *name, const char *expected, const pn_tensor *a,
                        const pn_tensor *b) {
  pn_fail(PN_RUNTIME_ERROR, "%s: expected %s, got shapes %s and %s", name, expected,
          pn_shape_text(a), pn_shape_text(b));
  return NULL;
}

/* (B, M, K) and (B, K, N): (B, M, N) */
pn_tensor *pn_bmm(pn_tensor *a, pn_tensor *b) {
  if (a->ndim != 3 || b->ndim != 3 || a->shape[0] != b->shape[0] || a->shape[2] != b->shape[1])
    return wrong("bmm", "(B, M, K) and (B, K, N)", a, b);
  return pn_matmul(a, b);
}

/* (M, K) and (K): (M) */
pn_tensor *pn_mv(pn_tensor *a, pn_tensor *b) {
  if (a->ndim != 2 || b->ndim != 1 || a->shape[1] != b->shape[0])
    return wrong("mv", "a matrix (M, K) and a vector (K)", a, b);
  return pn_matmul(a, b);
}

/* (K) and (K): a number */
pn_tensor *pn_dot(pn_tensor *a, pn_tensor *b) {
  if (a->ndim != 1 || b->ndim != 1 || a->shape[0] != b->shape[0])
    return wrong("dot", "two vectors of one length", a, b);
  return pn_matmul(a, b);
}

/* (M) and (N): (M, N) */
pn_tensor *pn_outer(pn_tensor *a, pn_tensor *b) {
  if (a->ndim != 1 || b->ndim != 1) return wrong("outer", "two vectors", a, b);
  return pn_use2(pn_mul, pn_unsqueeze(a, 1), pn_unsqueeze(b, 0));
}

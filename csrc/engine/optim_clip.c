/* Norms and scaling of many gradients in one call. */
#include "engine/internal.h"
#include "engine/movement.h"
#include "engine/norms.h"
#include "engine/ops.h"

/* The p-norm of the p-norms of all tensors: 0-d. */
pn_status pn_op_total_norm(pn_call *c) {
  pn_status s = pn_call_check(c, "total_norm", -1, 0, 1);
  if (s) return s;
  if (!c->nin) return pn_fail(PN_VALUE_ERROR, "total_norm: no tensors");
  pn_tensor **norms = pn_alloc((size_t)c->nin * sizeof *norms);
  if (!norms) return pn_last_status();
  int n = 0;
  for (; n < c->nin && !s; n++) {
    norms[n] = NULL;
    if (!c->in[n])
      s = pn_fail(PN_TYPE_ERROR, "total_norm: argument %d is None", n);
    else if (!(norms[n] = pn_norm(c->in[n], c->f[0], 0, false)))
      s = pn_last_status();
  }
  pn_tensor *all = s ? NULL : pn_stack(n, norms, 0);
  pn_tensor *total = all ? pn_norm(all, c->f[0], 0, false) : NULL;
  for (int i = 0; i < n; i++) pn_release(norms[i]);
  pn_free(norms);
  pn_release(all);
  return pn_call_give(c, total);
}

/* Multiplies all tensors but the last, in place, by the last: a 0-d tensor. */
pn_status pn_op_scale_all_(pn_call *c) {
  pn_status s = pn_call_check(c, "scale_all_", -1, 0, 0);
  c->nout = 0;
  for (int i = 0; i < c->nin && !s; i++)
    if (!c->in[i]) s = pn_fail(PN_TYPE_ERROR, "scale_all_: argument %d is None", i);
  for (int i = 0; i + 1 < c->nin && !s; i++) s = pn_inplace(pn_mul, c->in[i], c->in[c->nin - 1]);
  return s;
}

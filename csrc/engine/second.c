/* Second derivatives by composition. */
#include "engine/second.h"

static void release_all(int count, pn_tensor **t) {
  for (int k = 0; k < count; k++) pn_release(t[k]);
}

/* A tensor of t's values on which a new graph begins.  With `history` it leads
 * on to t's own, so that the derivative can be differentiated again.  A view in
 * both cases: the passes below then stop at it. */
static pn_tensor *beginning(pn_tensor *t, bool history) {
  pn_tensor *from = history ? pn_ref(t) : pn_alias(t);
  if (from && !history) from->flags |= PN_T_REQUIRES_GRAD;
  pn_tensor *v = from ? pn_view(from, from->ndim, from->shape) : NULL;
  pn_release(from);
  return v;
}

/* First pass: grads[k] of input k where h[k] asks for it. */
static pn_status first_pass(const pn_second *p, pn_tensor **v, pn_tensor **h, pn_roots *roots,
                            pn_tensor **grads) {
  pn_tensor *inputs[PN_SECOND_MAX], *out[PN_SECOND_MAX];
  int which[PN_SECOND_MAX], n = 0;
  pn_status s = p->compose(p->context, v, roots);
  if (s) return s;
  for (int k = 0; k < p->nin; k++)
    if (h[k]) inputs[n] = v[p->ng + k], which[n++] = k;
  s = pn_backward(roots->count, roots->out, roots->g, true, true, n, inputs, out);
  for (int k = 0; k < n && !s; k++) grads[which[k]] = out[k];
  return s;
}

/* Second pass: from those gradients to what is wanted. */
static pn_status second_pass(const pn_second *p, pn_tensor **v, pn_tensor **grads, pn_tensor **h,
                             const bool *want, bool recording, pn_tensor **gin) {
  pn_tensor *roots[PN_SECOND_MAX], *g[PN_SECOND_MAX], *inputs[PN_SECOND_MAX], *out[PN_SECOND_MAX];
  int which[PN_SECOND_MAX], nroots = 0, n = 0;
  for (int k = 0; k < p->nin; k++)
    if (grads[k] && pn_requires_grad(grads[k])) roots[nroots] = grads[k], g[nroots++] = h[k];
  for (int k = 0; k < p->ng + p->nin; k++)
    if (want[k]) inputs[n] = v[k], which[n++] = k;
  if (!nroots || !n) return PN_OK;
  pn_status s = pn_backward(nroots, roots, g, true, recording, n, inputs, out);
  for (int k = 0; k < n && !s; k++) gin[which[k]] = out[k];
  return s;
}

pn_status pn_second_derivative(const pn_second *p, pn_tensor **v, pn_tensor **h, const bool *want,
                               pn_tensor **gin) {
  const int all = p->ng + p->nin;
  pn_tensor *a[PN_SECOND_MAX] = {NULL}, *grads[PN_SECOND_MAX] = {NULL};
  pn_tensor **room = pn_alloc(2 * (size_t)p->room * sizeof *room);
  if (!room) return pn_last_status();
  memset(room, 0, 2 * (size_t)p->room * sizeof *room);
  pn_roots roots = {0, room, room + p->room};
  const bool recording = pn_set_grad_enabled(true);
  pn_status s = PN_OK;
  for (int k = 0; k < all && !s; k++) {
    if (!v[k]) continue;
    const bool followed = want[k] || (k >= p->ng && h[k - p->ng]);
    a[k] = followed ? beginning(v[k], recording && pn_requires_grad(v[k])) : pn_alias(v[k]);
    if (!a[k]) s = pn_last_status();
  }
  if (!s) s = first_pass(p, a, h, &roots, grads);
  if (!s) s = second_pass(p, a, grads, h, want, recording, gin);
  pn_set_grad_enabled(recording);
  release_all(2 * p->room, room);
  pn_free(room);
  release_all(PN_SECOND_MAX, a);
  release_all(PN_SECOND_MAX, grads);
  return s;
}

/* Hooks of tensors, retained gradients, backward into inputs, saved tensors in
 * the host's hands, replaced data: values, order, and that everything is freed. */
#include "engine/hooks.h"
#include "tests/engine_util.h"

static int released;
static void count_release(void *ctx) {
  (void)ctx;
  released++;
}

static pn_tensor *leaf(double v) {
  pn_tensor *value = pn_scalar_float(v), *t = pn_full(PN_F64, 1, (int64_t[]){2}, value);
  pn_release(value);
  CHECK(pn_set_requires_grad(t, true) == PN_OK);
  return t;
}

static pn_tensor *times(pn_tensor *t, double v) {
  pn_tensor *f = pn_scalar_float(v), *r = pn_mul(t, f);
  pn_release(f);
  return r;
}

static void backward(pn_tensor *t) {
  pn_tensor *sum = pn_sum(t, 0, false, -1);
  CHECK(pn_backward(1, &sum, NULL, false, false, 0, NULL, NULL) == PN_OK);
  pn_release(sum);
}

static pn_tensor *scale_hook(void *ctx, pn_tensor *g) { return times(g, *(double *)ctx); }

static pn_tensor *failing_hook(void *ctx, pn_tensor *g) {
  (void)ctx;
  (void)g;
  pn_fail(PN_INTERRUPTED, "the hook failed");
  return NULL;
}

static pn_tensor *forget_hook(void *ctx, pn_tensor *t) {
  *(double *)ctx = tu_at(t->grad, 0);
  pn_set_grad(t, NULL);
  pn_retain(t);
  return t;
}

static void gradient_hooks(void) {
  double ten = 10, three = 3, seen = 0;
  pn_tensor *x = leaf(1), *y = times(x, 2), *both;
  CHECK(pn_hook_context(x, PN_HOOK_GRAD) == NULL);
  CHECK(pn_add_hook(x, PN_HOOK_GRAD, scale_hook, count_release, &ten) == PN_OK);
  CHECK(pn_hook_context(x, PN_HOOK_GRAD) == &ten);
  CHECK(pn_add_hook(y, PN_HOOK_GRAD, scale_hook, count_release, &three) == PN_OK);
  CHECK(pn_add_hook(y, PN_HOOK_ACCUMULATED, forget_hook, count_release, &seen) != PN_OK);
  CHECK(released == 1); /* the one that was refused */
  both = pn_add(y, x);
  backward(both); /* (1 + 3 * 2) * 10 */
  CHECK(tu_at(x->grad, 0) == 70);
  pn_release(both);
  CHECK(pn_add_hook(x, PN_HOOK_ACCUMULATED, forget_hook, count_release, &seen) == PN_OK);
  backward(x);
  CHECK(seen == 80);
  CHECK(x->grad == NULL);
  pn_release(y);
  CHECK(released == 2);
  pn_release(x);
  CHECK(released == 4);
  x = leaf(1);
  y = times(x, 2);
  pn_add_hook(y, PN_HOOK_GRAD, failing_hook, NULL, NULL);
  pn_tensor *sum = pn_sum(y, 0, false, -1);
  CHECK(pn_backward(1, &sum, NULL, false, false, 0, NULL, NULL) == PN_INTERRUPTED);
  CHECK(x->grad == NULL);
  pn_release(sum);
  pn_release(y);
  pn_release(x);
}

static void retained(void) {
  pn_tensor *x = leaf(1), *y = times(x, 2), *five = pn_scalar_float(5), *z;
  CHECK(pn_retain_grad(y) == PN_OK);
  CHECK(pn_inplace(pn_mul, y, five) == PN_OK);
  z = times(y, 3);
  backward(z);
  CHECK(tu_at(y->grad, 0) == 3); /* of the value that y has now */
  CHECK(tu_at(x->grad, 0) == 30);
  pn_release(z);
  pn_tensor *gone = times(x, 2);
  pn_retain_grad(gone);
  z = times(gone, 3);
  pn_release(gone); /* before the pass: nothing may be written into it */
  backward(z);
  CHECK(tu_at(x->grad, 0) == 36);
  pn_release(z);
  pn_release(y);
  pn_release(x);
  pn_release(five);
}

static void into_inputs(void) {
  pn_tensor *x = leaf(2), *w = leaf(3), *y = pn_mul(x, w), *sum = pn_sum(y, 0, false, -1);
  pn_tensor *in[2] = {w, y};
  CHECK(pn_backward_into(1, &sum, NULL, false, false, 2, in) == PN_OK);
  CHECK(x->grad == NULL);
  CHECK(tu_at(w->grad, 0) == 2);
  CHECK(tu_at(y->grad, 0) == 1);
  pn_release(sum);
  pn_release(y);
  pn_release(x);
  pn_release(w);
}

/* ---- saved tensors ------------------------------------------------------------- */
static int packed, unpacked;
static void *pack(void *ctx, pn_tensor *t) {
  (void)ctx;
  packed++;
  return pn_clone(t);
}
static pn_tensor *unpack(void *p) {
  unpacked++;
  pn_retain(p);
  return p;
}
static void drop(void *p) { pn_release(p); }

static pn_tensor *second(bool hooked) {
  static const pn_saved_hooks hooks = {pack, unpack, drop, NULL};
  pn_tensor *x = leaf(0.5), *g = NULL, *h = NULL;
  const pn_saved_hooks *was = hooked ? pn_set_saved_hooks(&hooks) : NULL;
  pn_tensor *t = times(x, 2), *e = pn_exp(t), *y = pn_mul(e, t), *sum = pn_sum(y, 0, false, -1);
  if (hooked) pn_set_saved_hooks(was);
  CHECK(pn_backward(1, &sum, NULL, true, true, 1, &x, &g) == PN_OK);
  pn_tensor *total = pn_sum(g, 0, false, -1);
  CHECK(pn_backward(1, &total, NULL, false, false, 1, &x, &h) == PN_OK);
  pn_tensor *all[] = {x, g, t, e, y, sum, total};
  for (int i = 0; i < 7; i++) pn_release(all[i]);
  return h;
}

static void saved(void) {
  pn_tensor *plain = second(false), *hooked = second(true);
  CHECK(packed == 0 ? false : unpacked > 0);
  CHECK(plain && hooked && tu_hash(plain, 0) == tu_hash(hooked, 0));
  pn_release(plain);
  pn_release(hooked);
}

static void data_replaced(void) {
  pn_tensor *x = leaf(1), *y = pn_mul(x, x), *other = pn_zeros(PN_F64, 1, (int64_t[]){5});
  CHECK(pn_set_data(x, other) == PN_OK);
  CHECK(x->numel == 5 && x->storage == other->storage);
  pn_tensor *sum = pn_sum(y, 0, false, -1);
  CHECK(pn_backward(1, &sum, NULL, false, false, 0, NULL, NULL) == PN_RUNTIME_ERROR);
  pn_release(sum);
  pn_release(y);
  pn_release(other);
  CHECK(tu_at(x, 4) == 0);
  pn_release(x);
  x = leaf(1);
  y = pn_add(x, x);
  CHECK(pn_detach_(y) == PN_OK);
  CHECK(!pn_requires_grad(y));
  pn_release(y);
  pn_release(x);
}

static void modes(void) {
  CHECK(!pn_set_inference_mode(true));
  pn_tensor *t = pn_zeros(PN_F32, 0, NULL);
  CHECK(t->flags & PN_T_INFERENCE);
  CHECK(pn_set_inference_mode(false));
  pn_release(t);
}

void suite_hooks(void) {
  pn_engine_stats before, after;
  pn_engine_get_stats(&before);
  gradient_hooks();
  retained();
  into_inputs();
  saved();
  data_replaced();
  modes();
  pn_engine_get_stats(&after);
  CHECK(before.tensors == after.tensors);
  CHECK(before.storages == after.storages);
  CHECK(before.nodes == after.nodes);
}

/* Every differentiable operator: first and second derivatives against central
 * differences; shapes and messages of wrong calls. */
#include "kernels/gemm.h"
#include "tests/engine_util.h"

#define UNARY(name) \
  static pn_tensor *f_##name(pn_tensor **in) { return pn_##name(in[0]); }
#define BINARY(name) \
  static pn_tensor *f_##name(pn_tensor **in) { return pn_##name(in[0], in[1]); }
UNARY(neg)
UNARY(abs)
UNARY(exp)
UNARY(log)
UNARY(sqrt)
UNARY(sigmoid)
UNARY(tanh)
UNARY(relu)
UNARY(clone)
BINARY(add)
BINARY(sub)
BINARY(mul)
BINARY(div)
BINARY(pow)
BINARY(maximum)
BINARY(minimum)
BINARY(matmul)

static pn_tensor *f_leaky(pn_tensor **in) { return pn_leaky_relu(in[0], 0.1); }
static pn_tensor *f_clamp(pn_tensor **in) { return pn_clamp(in[0], -0.5, 0.6); }
static pn_tensor *f_where(pn_tensor **in) {
  pn_tensor *c = pn_gt(in[0], in[1]), *r = c ? pn_where(c, in[0], in[1]) : NULL;
  pn_release(c);
  return r;
}
static pn_tensor *f_sum(pn_tensor **in) { return pn_sum(in[0], 2, false, -1); }
static pn_tensor *f_mean(pn_tensor **in) { return pn_mean(in[0], 1, true); }
static pn_tensor *f_var(pn_tensor **in) { return pn_var(in[0], 2, 1, false); }
static pn_tensor *f_amax(pn_tensor **in) { return pn_amax(in[0], 2, false); }
static pn_tensor *f_max_dim(pn_tensor **in) {
  pn_tensor *v = NULL, *i = NULL;
  pn_max_dim(in[0], 0, false, true, &v, &i);
  pn_release(i);
  return v;
}
static pn_tensor *f_softmax(pn_tensor **in) { return pn_softmax(in[0], -1); }
static pn_tensor *f_softmax0(pn_tensor **in) { return pn_softmax(in[0], 0); }
static pn_tensor *f_log_softmax(pn_tensor **in) { return pn_log_softmax(in[0], 1); }
static pn_tensor *f_mse(pn_tensor **in) { return pn_mse_loss(in[0], in[1], PN_REDUCE_MEAN); }
static pn_tensor *f_bce(pn_tensor **in) { return pn_bce_loss(in[0], in[1], PN_REDUCE_MEAN); }
static pn_tensor *f_bce_logits(pn_tensor **in) {
  return pn_bce_logits_loss(in[0], in[1], PN_REDUCE_NONE);
}
static pn_tensor *f_addmm(pn_tensor **in) {
  return pn_addmm(in[2], in[0], in[1], 0.5, PN_ACT_NONE);
}
static pn_tensor *f_addmm_sigmoid(pn_tensor **in) {
  return pn_addmm(in[2], in[0], in[1], 1, PN_ACT_SIGMOID);
}
static pn_tensor *f_addmm_tanh(pn_tensor **in) {
  return pn_addmm(in[2], in[0], in[1], 2, PN_ACT_TANH);
}
static pn_tensor *f_linear(pn_tensor **in) {
  pn_tensor *w = pn_transpose(in[1], 0, 1), *r = w ? pn_linear(in[0], w, in[2]) : NULL;
  pn_release(w);
  return r;
}
static pn_tensor *indices(int32_t a, int32_t b, int32_t c) {
  int64_t n = 3;
  pn_tensor *t = pn_empty(PN_I32, 1, &n);
  ((int32_t *)t->data)[0] = a;
  ((int32_t *)t->data)[1] = b;
  ((int32_t *)t->data)[2] = c;
  return t;
}
static pn_tensor *f_index_select(pn_tensor **in) {
  pn_tensor *i = indices(1, 0, 1), *r = pn_index_select(in[0], 0, i);
  pn_release(i);
  return r;
}
static pn_tensor *f_cross_entropy(pn_tensor **in) {
  pn_tensor *i = indices(3, 0, -100), *r = pn_cross_entropy(in[0], i, NULL, -100, PN_REDUCE_MEAN);
  pn_release(i);
  return r;
}
static pn_tensor *f_views(pn_tensor **in) { /* slices, transposes, expands, one after another */
  int64_t flat = -1, big[3] = {2, 4, 2};
  pn_tensor *a = pn_transpose(in[0], 0, 1), *b = a ? pn_slice(a, 1, 0, 3, 2) : NULL;
  pn_tensor *c = b ? pn_expand(b, 3, big) : NULL, *d = c ? pn_reshape(c, 1, &flat) : NULL;
  pn_tensor *e = pn_select(in[0], 1, -1), *f = e ? pn_unsqueeze(e, 1) : NULL;
  pn_tensor *g = d && f ? pn_mul(d, f) : NULL;
  pn_tensor *all[] = {a, b, c, d, e, f};
  for (int i = 0; i < 6; i++) pn_release(all[i]);
  return g;
}
static pn_tensor *f_inplace_view(pn_tensor **in) { /* y = x; y[:, 1] = y[:, 1] * z[:, 0]; y^2 */
  pn_tensor *y = pn_clone(in[0]), *v = pn_select(y, 1, 1), *z = pn_select(in[1], 1, 0);
  pn_status s = pn_inplace(pn_mul, v, z);
  pn_tensor *w = s == PN_OK ? pn_exp(y) : NULL, *u = w ? pn_mul(w, y) : NULL;
  pn_release(v);
  pn_release(z);
  pn_release(w);
  pn_release(y);
  return u;
}

typedef struct grad_case {
  const char *name;
  op_fn fn;
  int nin;
  bool positive, second;
  int64_t shape[3][3]; /* 0-terminated */
} grad_case;

static const grad_case cases[] = {
    {"neg", f_neg, 1, false, true, {{3, 4}}},
    {"abs", f_abs, 1, false, true, {{3, 4}}},
    {"clone", f_clone, 1, false, true, {{3, 4}}},
    {"exp", f_exp, 1, false, true, {{3, 4}}},
    {"log", f_log, 1, true, true, {{3, 4}}},
    {"sqrt", f_sqrt, 1, true, true, {{3, 4}}},
    {"sigmoid", f_sigmoid, 1, false, true, {{3, 4}}},
    {"tanh", f_tanh, 1, false, true, {{3, 4}}},
    {"relu", f_relu, 1, false, true, {{3, 4}}},
    {"leaky_relu", f_leaky, 1, false, true, {{3, 4}}},
    {"clamp", f_clamp, 1, false, true, {{3, 4}}},
    {"add", f_add, 2, false, true, {{3, 4}, {4}}},
    {"sub", f_sub, 2, false, true, {{3, 1}, {4}}},
    {"mul", f_mul, 2, false, true, {{3, 4}, {3, 1}}},
    {"div", f_div, 2, true, true, {{4}, {3, 4}}},
    {"pow", f_pow, 2, true, true, {{3, 4}, {3, 4}}},
    {"maximum", f_maximum, 2, false, true, {{3, 4}, {3, 4}}},
    {"minimum", f_minimum, 2, false, true, {{3, 4}, {4}}},
    {"where", f_where, 2, false, true, {{3, 4}, {3, 4}}},
    {"sum", f_sum, 1, false, true, {{3, 4}}},
    {"mean", f_mean, 1, false, true, {{3, 4}}},
    {"var", f_var, 1, false, true, {{3, 4}}},
    {"amax", f_amax, 1, false, true, {{3, 4}}},
    {"max_dim", f_max_dim, 1, false, true, {{3, 4}}},
    {"softmax", f_softmax, 1, false, true, {{3, 4}}},
    {"softmax axis 0", f_softmax0, 1, false, true, {{3, 4}}},
    {"log_softmax", f_log_softmax, 1, false, true, {{3, 4}}},
    {"matmul", f_matmul, 2, false, true, {{3, 4}, {4, 2}}},
    {"matmul vectors", f_matmul, 2, false, true, {{4}, {4}}},
    {"matmul batch", f_matmul, 2, false, true, {{2, 3, 4}, {2, 4, 2}}},
    {"matmul broadcast", f_matmul, 2, false, true, {{2, 3, 4}, {4, 2}}},
    {"matmul broadcast left", f_matmul, 2, false, true, {{3, 4}, {2, 4, 2}}},
    {"addmm", f_addmm, 3, false, true, {{3, 4}, {4, 2}, {2}}},
    {"addmm sigmoid", f_addmm_sigmoid, 3, false, true, {{3, 4}, {4, 2}, {1, 2}}},
    {"addmm tanh", f_addmm_tanh, 3, false, true, {{3, 4}, {4, 2}, {2}}},
    {"linear", f_linear, 3, false, true, {{2, 3, 4}, {4, 2}, {2}}},
    {"mse_loss", f_mse, 2, false, true, {{3, 4}, {3, 4}}},
    {"bce_loss", f_bce, 2, true, true, {{3, 4}, {3, 4}}},
    {"bce_logits_loss", f_bce_logits, 2, true, true, {{3, 4}, {3, 4}}},
    {"cross_entropy", f_cross_entropy, 1, false, true, {{3, 4}}},
    {"index_select", f_index_select, 1, false, true, {{2, 4}}},
    {"views", f_views, 1, false, true, {{16, 4}}},
    {"in place on a view", f_inplace_view, 2, false, true, {{3, 4}, {3, 2}}},
};

static void run_case(const grad_case *c) {
  pn_tensor *in[3] = {NULL};
  for (int k = 0; k < c->nin; k++) {
    int ndim = 0;
    while (ndim < 3 && c->shape[k][ndim]) ndim++;
    in[k] = c->positive ? tu_positive(PN_F64, ndim, c->shape[k], (uint64_t)(k + 1))
                        : tu_random(PN_F64, ndim, c->shape[k], (uint64_t)(k + 1));
  }
  tu_gradcheck(c->name, c->fn, c->nin, in);
  if (c->second) tu_gradgradcheck(c->name, c->fn, c->nin, in);
  for (int k = 0; k < c->nin; k++) pn_release(in[k]);
}

static void wrong_calls(void) {
  int64_t s34[2] = {3, 4}, s5[1] = {5}, huge[2] = {(int64_t)1 << 40, (int64_t)1 << 40};
  pn_tensor *a = tu_random(PN_F32, 2, s34, 1), *b = tu_random(PN_F32, 1, s5, 2);
  CHECK(!pn_add(a, b) && strstr(pn_last_message(), "(3, 4)") && strstr(pn_last_message(), "(5,)"));
  CHECK(!pn_matmul(a, a) && pn_last_status() == PN_RUNTIME_ERROR);
  CHECK(!pn_empty(PN_F32, 2, huge) && pn_last_status() == PN_OVERFLOW_ERROR);
  CHECK(!pn_transpose(a, 0, 2) && pn_last_status() == PN_INDEX_ERROR);
  CHECK(!pn_select(a, 0, 3) && pn_last_status() == PN_INDEX_ERROR);
  CHECK(!pn_reshape(a, 1, s5) && strstr(pn_last_message(), "12"));
  pn_tensor *i = indices(0, 3, 1);
  CHECK(!pn_index_select(a, 0, i) && pn_last_status() == PN_INDEX_ERROR);
  CHECK(strstr(pn_last_message(), "index 3 ") != NULL);
  pn_release(i);
  pn_set_requires_grad(a, true);
  CHECK(pn_inplace(pn_add, a, a) == PN_RUNTIME_ERROR);
  pn_tensor *e = pn_exp(a), *one = pn_scalar_float(1);
  pn_inplace(pn_add, e, one); /* exp saved its output: backward must notice */
  pn_tensor *s = pn_sum(e, 0, false, -1);
  CHECK(pn_backward(1, &s, NULL, false, false, 0, NULL, NULL) == PN_RUNTIME_ERROR);
  CHECK(strstr(pn_last_message(), "inplace") != NULL);
  pn_release(e);
  pn_release(one);
  pn_release(s);
  pn_release(a);
  pn_release(b);
}

/* A million operators, freed and differentiated without recursion. */
static void long_chain(void) {
  pn_tensor *x = pn_scalar_float(1), *w = pn_full(PN_F64, 0, NULL, x);
  pn_set_requires_grad(w, true);
  pn_tensor *y = pn_neg(w);
  pn_release(pn_neg(y));
  for (int i = 0; i < 999999; i++) {
    pn_tensor *z = pn_neg(y);
    pn_release(y);
    y = z;
  }
  CHECK(pn_backward(1, &y, NULL, false, false, 0, NULL, NULL) == PN_OK);
  CHECK(w->grad && tu_at(w->grad, 0) == 1.0);
  pn_release(y);
  pn_release(w);
  pn_release(x);
}

/* One training step under every single failed allocation: a clean error, no
 * leak, and the library goes on. */
static pn_status small_step(void) {
  int64_t s34[2] = {3, 4};
  pn_tensor *x = tu_random(PN_F64, 2, s34, 1), *w = x ? tu_random(PN_F64, 2, s34, 2) : NULL;
  pn_tensor *loss = NULL;
  pn_status s = PN_MEMORY_ERROR;
  if (w && pn_set_requires_grad(w, true) == PN_OK) {
    pn_tensor *p = pn_mul(x, w), *q = p ? pn_softmax(p, 1) : NULL;
    loss = q ? pn_mse_loss(q, x, PN_REDUCE_MEAN) : NULL;
    pn_release(p);
    pn_release(q);
    if (loss) s = pn_backward(1, &loss, NULL, false, false, 0, NULL, NULL);
  }
  pn_release(loss);
  pn_release(x);
  pn_release(w);
  return s;
}
static void failing_allocations(void) {
  CHECK(small_step() == PN_OK);
  pn_engine_stats before, after;
  pn_engine_get_stats(&before);
  int n = 0;
  for (pn_status s = PN_MEMORY_ERROR; s != PN_OK && n < 2000;) {
    pn_memory_fail_at(++n, false);
    s = small_step();
    pn_memory_fail_at(0, false);
    CHECK_MSG(s == PN_OK || pn_last_status() == PN_MEMORY_ERROR, "allocation %d: status %d", n, s);
    pn_engine_get_stats(&after);
    CHECK_MSG(after.tensors == before.tensors && after.nodes == before.nodes &&
                  after.storages == before.storages,
              "allocation %d leaks", n);
  }
  CHECK_MSG(n > 8 && n < 2000, "%d allocations", n);
}

void suite_engine(void) {
  pn_engine_stats before, after;
  pn_engine_get_stats(&before);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) run_case(&cases[i]);
  wrong_calls();
  long_chain();
  failing_allocations();
  pn_engine_get_stats(&after);
  CHECK_MSG(after.tensors == before.tensors, "%lld tensors leaked",
            (long long)(after.tensors - before.tensors));
  CHECK_MSG(after.storages == before.storages, "%lld storages leaked",
            (long long)(after.storages - before.storages));
  CHECK_MSG(after.nodes == before.nodes, "%lld nodes leaked",
            (long long)(after.nodes - before.nodes));
}

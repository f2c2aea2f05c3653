/* unfold and fold: sliding windows as columns, and their sum. */
#include "engine/internal.h"
#include "engine/ops.h"
#include "engine/pool.h"
#include "kernels/pool.h"

static void keep_windows(pn_node *n, const pn_windows *w) { memcpy(n->i, w, sizeof *w); }
_Static_assert(sizeof(pn_windows) <= PN_NODE_INTS * sizeof(int64_t), "a node holds the windows");

/* folded (N, C, H, W) and columns (N, C KH KW, L) of one another */
static pn_status run_columns(const pn_row *row, pn_tensor *out, pn_tensor *t, const pn_windows *w,
                             int64_t channels) {
  if (out->numel == 0) return PN_OK;
  pn_tensor *x = pn_contiguous(t);
  if (!x) return pn_last_status();
  pn_args a;
  pn_fill_windows(&a, w, out->shape[0] * channels);
  a.dtype = out->dtype;
  pn_bind_out(&a, PN_POOL_OUT, out);
  pn_bind(&a, PN_POOL_SRC, x);
  pn_status s = pn_run(row, &a, 0);
  pn_release(x);
  return s;
}

static pn_status im2col_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_windows w;
  memcpy(&w, n->i, sizeof w);
  return pn_give(gin, 0, pn_col2im(g, &w));
}
static const pn_op op_im2col = {"Im2ColBackward", im2col_backward};
pn_tensor *pn_im2col(pn_tensor *x, const pn_windows *w) {
  const int64_t shape[3] = {x->shape[0], x->shape[1] * w->kernel[1] * w->kernel[2],
                            w->dst[1] * w->dst[2]};
  pn_tensor *out = pn_empty(x->dtype, 3, shape);
  if (!out || run_columns(&pn_row_im2col, out, x, w, x->shape[1])) return pn_discard(out);
  if (!pn_wants_grad(x)) return out;
  pn_node *n = pn_node1(&op_im2col, out, x);
  if (!n) return pn_discard(out);
  keep_windows(n, w);
  return out;
}

static pn_status col2im_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_windows w;
  memcpy(&w, n->i, sizeof w);
  return pn_give(gin, 0, pn_im2col(g, &w));
}
static const pn_op op_col2im = {"Col2ImBackward", col2im_backward};
pn_tensor *pn_col2im(pn_tensor *columns, const pn_windows *w) {
  const int64_t channels = columns->shape[1] / (w->kernel[1] * w->kernel[2]);
  const int64_t shape[4] = {columns->shape[0], channels, w->src[1], w->src[2]};
  pn_tensor *out = pn_empty(columns->dtype, 4, shape);
  if (!out || run_columns(&pn_row_col2im, out, columns, w, channels)) return pn_discard(out);
  if (!pn_wants_grad(columns)) return out;
  pn_node *n = pn_node1(&op_col2im, out, columns);
  if (!n) return pn_discard(out);
  keep_windows(n, w);
  return out;
}

/* ---- calls ---------------------------------------------------------------------------------- */
static pn_status count_positions(const char *name, pn_windows *w) {
  for (int d = 0; d < 3; d++) {
    const int64_t span = w->dilation[d] * (w->kernel[d] - 1) + 1;
    const int64_t room = w->src[d] + 2 * w->pad[d] - span;
    w->dst[d] = room < 0 ? 0 : room / w->stride[d] + 1;
    if (w->dst[d] < 1)
      return pn_fail(PN_RUNTIME_ERROR,
                     "%s: Given spatial size (%lld, %lld), kernel_size=(%lld, %lld), the array of "
                     "sliding blocks would be empty; its size must be at least one",
                     name, (long long)w->src[1], (long long)w->src[2], (long long)w->kernel[1],
                     (long long)w->kernel[2]);
  }
  return PN_OK;
}

/* out without its batch dimension, if the input had none. */
static pn_status give_batched(pn_call *c, pn_tensor *out, bool unbatched) {
  if (!out || !unbatched) return pn_call_give(c, out);
  pn_tensor *y = pn_squeeze(out, 0);
  pn_release(out);
  return pn_call_give(c, y);
}

/* Integers: kernel, stride, padding, dilation (two each). */
pn_status pn_op_im2col(pn_call *c) {
  pn_windows w;
  pn_status s = pn_call_check(c, "unfold", 1, 8, 0);
  if (!s) s = pn_real_input("unfold", c->in[0]);
  if (!s) s = pn_read_windows("unfold", &w, 2, c->i);
  if (s) return s;
  pn_tensor *x = c->in[0];
  if (x->ndim != 3 && x->ndim != 4)
    return pn_fail(PN_RUNTIME_ERROR, "unfold: Expected 3D or 4D (batch mode) input, but got: %s",
                   pn_shape_text(x));
  for (int d = 0; d < 3; d++) w.src[d] = d ? x->shape[x->ndim - 3 + d] : 1;
  s = count_positions("unfold", &w);
  if (s) return s;
  pn_tensor *batch = x->ndim == 3 ? pn_unsqueeze(x, 0) : pn_ref(x);
  pn_tensor *out = batch ? pn_im2col(batch, &w) : NULL;
  pn_release(batch);
  return give_batched(c, out, x->ndim == 3);
}

/* Integers: output size (two), then as unfold. */
pn_status pn_op_col2im(pn_call *c) {
  pn_windows w;
  pn_status s = pn_call_check(c, "fold", 1, 10, 0);
  if (!s) s = pn_real_input("fold", c->in[0]);
  if (!s) s = pn_read_windows("fold", &w, 2, c->i + 2);
  if (s) return s;
  pn_tensor *x = c->in[0];
  if (x->ndim != 2 && x->ndim != 3)
    return pn_fail(PN_RUNTIME_ERROR, "fold: Expected 2D or 3D (batch mode) input, but got: %s",
                   pn_shape_text(x));
  for (int d = 0; d < 3; d++) w.src[d] = d ? c->i[d - 1] : 1;
  if (w.src[1] < 1 || w.src[2] < 1 || pn_max64(w.src[1], w.src[2]) > INT32_MAX)
    return pn_fail(PN_RUNTIME_ERROR, "fold: output_size must be positive, got (%lld, %lld)",
                   (long long)w.src[1], (long long)w.src[2]);
  s = count_positions("fold", &w);
  if (s) return s;
  const int64_t taps = w.kernel[1] * w.kernel[2], rows = x->shape[x->ndim - 2];
  const int64_t positions = w.dst[1] * w.dst[2];
  if (rows % taps || rows == 0)
    return pn_fail(PN_RUNTIME_ERROR,
                   "fold: Expected size of input's dimension 1 to be divisible by the product of "
                   "kernel_size, but got input %s and kernel_size=(%lld, %lld)",
                   pn_shape_text(x), (long long)w.kernel[1], (long long)w.kernel[2]);
  if (x->shape[x->ndim - 1] != positions)
    return pn_fail(PN_RUNTIME_ERROR,
                   "fold: Given output_size=(%lld, %lld), kernel_size=(%lld, %lld), expected %lld "
                   "sliding blocks, but got input %s",
                   (long long)w.src[1], (long long)w.src[2], (long long)w.kernel[1],
                   (long long)w.kernel[2], (long long)positions, pn_shape_text(x));
  pn_tensor *batch = x->ndim == 2 ? pn_unsqueeze(x, 0) : pn_ref(x);
  pn_tensor *out = batch ? pn_col2im(batch, &w) : NULL;
  pn_release(batch);
  return give_batched(c, out, x->ndim == 2);
}

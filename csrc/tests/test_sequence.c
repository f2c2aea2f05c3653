/* Recurrent layers, attention, embedding: first and second derivatives against
 * central differences, in every mode; wrong calls. */
#include "engine/ops.h"
#include "tests/engine_util.h"

pn_status pn_op_recurrent(pn_call *c);
pn_status pn_op_attention(pn_call *c);
pn_status pn_op_embedding(pn_call *c);

static int64_t ints[8];
static int nints;
static double factors[2];
static pn_tensor *mask, *keep, *indices;
static bool has_cell;

static pn_tensor *first(pn_status status, pn_call *c) {
  if (status) return NULL;
  for (int k = 1; k < c->nout; k++) pn_release(c->out[k]);
  return c->out[0];
}

/* in: x, h0, [c0], w_ih, w_hh, b_ih, b_hh */
static pn_tensor *f_recurrent(pn_tensor **in) {
  pn_tensor *all[7] = {in[0], in[1], has_cell ? in[2] : NULL};
  for (int k = 0; k < 4; k++) all[3 + k] = in[2 + has_cell + k];
  pn_call c = {.nin = 7, .in = all, .nints = nints, .i = ints};
  return first(pn_op_recurrent(&c), &c);
}

static void check_recurrent(int mode, bool reversed, bool packed) {
  enum { BATCH = 3, INPUTS = 2, HIDDEN = 3 };
  const int64_t gates[] = {1, 1, 4, 3}, rows = gates[mode] * HIDDEN;
  const int64_t packed_ints[] = {mode, reversed, 3, 3, 2, 1};
  const int64_t shapes[7][2] = {
      {packed ? 6 : 9, INPUTS}, {BATCH, HIDDEN}, {BATCH, HIDDEN}, {rows, INPUTS},
      {rows, HIDDEN},           {rows, 0},       {rows, 0}};
  pn_tensor *in[7];
  int n = 0;
  has_cell = mode == 2;
  nints = packed ? 6 : 3;
  for (int k = 0; k < nints; k++) ints[k] = packed_ints[k];
  for (int k = 0; k < 7; k++)
    if (k != 2 || has_cell)
      in[n++] = tu_random(PN_F64, k < 5 ? 2 : 1, shapes[k], (uint64_t)(31 * mode + k));
  tu_gradcheck("recurrent", f_recurrent, n, in);
  tu_gradgradcheck("recurrent", f_recurrent, n, in);
  for (int k = 0; k < n; k++) pn_release(in[k]);
}

static pn_tensor *f_attention(pn_tensor **in) {
  pn_tensor *all[5] = {in[0], in[1], in[2], mask, keep};
  pn_call c = {.nin = 5, .in = all, .nints = 1, .i = ints, .nfloats = 2, .f = factors};
  return first(pn_op_attention(&c), &c);
}

static pn_tensor *coins(int64_t rows, int64_t columns) {
  const int64_t shape[3] = {2, rows, columns};
  pn_tensor *t = pn_empty(PN_BOOL, 3, shape);
  for (int64_t i = 0; i < t->numel; i++) ((uint8_t *)t->data)[i] = i % 3 != 1;
  return t;
}

static void check_attention(bool causal, bool masked, bool dropped) {
  const int64_t q[3] = {2, 4, 3}, k[3] = {2, 5, 3}, v[3] = {1, 5, 2};
  pn_tensor *in[] = {tu_random(PN_F64, 3, q, 1), tu_random(PN_F64, 3, k, 2),
                     tu_random(PN_F64, 3, v, 3)};
  mask = masked ? coins(4, 5) : NULL;
  keep = dropped ? coins(4, 5) : NULL;
  ints[0] = causal;
  factors[0] = 0.6;
  factors[1] = 1.5;
  tu_gradcheck("attention", f_attention, 3, in);
  tu_gradgradcheck("attention", f_attention, 3, in);
  for (int i = 0; i < 3; i++) pn_release(in[i]);
  pn_release(mask);
  pn_release(keep);
}

/* Sizes around vectors and row blocks: nothing is read or written outside. */
static void check_sizes(void) {
  mask = keep = NULL;
  for (int64_t l = 1; l < 140; l += 23)
    for (int64_t e = 1; e < 40; e += 19) {
      const int64_t q[2] = {l, e}, k[2] = {l + 3, e};
      pn_tensor *in[] = {tu_random(PN_F32, 2, q, 1), tu_random(PN_F32, 2, k, 2),
                         tu_random(PN_F32, 2, k, 3)};
      for (int i = 0; i < 3; i++) pn_set_requires_grad(in[i], true);
      ints[0] = l % 2;
      pn_tensor *y = f_attention(in), *s = y ? pn_sum(y, 0, false, -1) : NULL;
      CHECK(s && !pn_backward(1, &s, NULL, false, false, 0, NULL, NULL));
      pn_release(y);
      pn_release(s);
      for (int i = 0; i < 3; i++) {
        CHECK(in[i]->grad && in[i]->grad->numel == in[i]->numel);
        pn_release(in[i]);
      }
    }
}

static pn_tensor *f_embedding(pn_tensor **in) {
  pn_tensor *all[2] = {indices, in[0]};
  pn_call c = {.nin = 2, .in = all, .nints = 2, .i = ints};
  return first(pn_op_embedding(&c), &c);
}

static void check_embedding(void) {
  const int64_t shape[2] = {4, 3}, count = 5;
  pn_tensor *table = tu_random(PN_F64, 2, shape, 7);
  indices = pn_empty(PN_I64, 1, &count);
  for (int64_t i = 0; i < count; i++) ((int64_t *)indices->data)[i] = i * 2 % 4;
  ints[0] = -1;
  ints[1] = 0;
  tu_gradcheck("embedding", f_embedding, 1, &table);
  tu_gradgradcheck("embedding", f_embedding, 1, &table);
  ((int64_t *)indices->data)[3] = 4;
  CHECK(!f_embedding(&table) && pn_last_status() == PN_INDEX_ERROR);
  pn_release(indices);
  pn_release(table);
}

void suite_sequence(void) {
  for (int mode = 0; mode < 4; mode++)
    for (int kind = 0; kind < 4; kind++)
      if (mode != 1) check_recurrent(mode, kind & 1, kind & 2); /* relu has kinks */
  for (int kind = 0; kind < 8; kind++) check_attention(kind & 1, kind & 2, kind & 4);
  check_sizes();
  check_embedding();
}

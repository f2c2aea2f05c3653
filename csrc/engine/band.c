/* Banded linear maps along an axis: resampling, average pooling. */
#include "engine/internal.h"
#include "engine/ops.h"
#include "engine/pool.h"
#include "kernels/pool.h"

static pn_status band_backward(pn_node *n, pn_tensor *g, pn_tensor **gin) {
  pn_tensor *t[4];
  pn_status s = PN_OK;
  for (int k = 0; k < 4; k++) {
    t[k] = pn_saved_get(n, k);
    if (!t[k]) s = pn_last_status();
  }
  if (!s) {
    const pn_band_tables tables = {t[2], t[3], t[0], t[1]};
    s = pn_give(gin, 0, pn_band(g, (int)n->i[0], &tables));
  }
  for (int k = 0; k < 4; k++) pn_release(t[k]);
  return s;
}
static const pn_op op_band = {"BandBackward", band_backward};

static pn_status run_band(pn_tensor *out, pn_tensor *t, int axis, const pn_band_tables *tables) {
  if (out->numel == 0) return PN_OK;
  pn_tensor *x = pn_contiguous(t);
  if (!x) return pn_last_status();
  pn_args a;
  a.block = NULL;
  a.flags = 0;
  a.dtype = t->dtype;
  a.n[PN_BAND_OUTER] = a.n[PN_BAND_INNER] = 1;
  a.n[PN_BAND_IN] = t->shape[axis];
  a.n[PN_BAND_AXIS] = out->shape[axis];
  a.n[PN_BAND_MOST] = tables->weight->shape[1];
  for (int d = 0; d < axis; d++) a.n[PN_BAND_OUTER] *= t->shape[d];
  for (int d = axis + 1; d < t->ndim; d++) a.n[PN_BAND_INNER] *= t->shape[d];
  pn_bind_out(&a, PN_BAND_OUT, out);
  pn_bind(&a, PN_BAND_X, x);
  pn_bind(&a, PN_BAND_TABLE, tables->table);
  pn_bind(&a, PN_BAND_WEIGHT, tables->weight);
  pn_status s = pn_run(&pn_row_band, &a, 0);
  pn_release(x);
  return s;
}

pn_tensor *pn_band(pn_tensor *x, int axis, const pn_band_tables *t) {
  int64_t shape[PN_MAX_DIMS];
  memcpy(shape, x->shape, sizeof shape);
  shape[axis] = t->table->shape[0];
  pn_tensor *out = pn_empty(x->dtype, x->ndim, shape);
  if (!out || run_band(out, x, axis, t)) return pn_discard(out);
  if (!pn_wants_grad(x)) return out;
  pn_node *n = pn_node1(&op_band, out, x);
  if (!n) return pn_discard(out);
  n->i[0] = axis;
  pn_node_save(n, 0, t->table);
  pn_node_save(n, 1, t->weight);
  pn_node_save(n, 2, t->transposed_table);
  pn_node_save(n, 3, t->transposed_weight);
  return out;
}

/* A table of `in` elements onto `outputs` that reads nothing outside. */
static bool table_fits(const pn_tensor *table, const pn_tensor *weight, int dtype, int64_t in,
                       int64_t outputs) {
  if (table->dtype != PN_I64 || weight->dtype != dtype || table->ndim != 2 || weight->ndim != 2)
    return false;
  if (!(table->flags & PN_T_CONTIGUOUS) || !(weight->flags & PN_T_CONTIGUOUS)) return false;
  if (table->shape[0] != outputs || table->shape[1] != 2 || weight->shape[0] != outputs)
    return false;
  const int64_t *p = table->data;
  for (int64_t o = 0; o < outputs; o++) {
    const int64_t first = p[2 * o], count = p[2 * o + 1];
    if (first < 0 || count < 0 || count > weight->shape[1] || first > in - count) return false;
  }
  return true;
}

/* Tensors: x, table, weight, transposed table, transposed weight; integer: axis. */
pn_status pn_op_band(pn_call *c) {
  pn_status s = pn_call_check(c, "band", 5, 1, 0);
  if (!s) s = pn_real_input("band", c->in[0]);
  if (s) return s;
  int axis;
  pn_tensor *x = c->in[0];
  for (int k = 1; k < 5; k++)
    if (!c->in[k]) return pn_fail(PN_TYPE_ERROR, "band: tables must be tensors, not None");
  s = pn_axis(x, (int)pn_max64(-PN_MAX_DIMS - 1, pn_min64(c->i[0], PN_MAX_DIMS)), &axis);
  if (s) return s;
  if (x->ndim == 0) return pn_fail(PN_RUNTIME_ERROR, "band: expected at least one dimension");
  const pn_band_tables t = {c->in[1], c->in[2], c->in[3], c->in[4]};
  const int64_t in = x->shape[axis], out = t.table->ndim == 2 ? t.table->shape[0] : -1;
  if (!table_fits(t.table, t.weight, x->dtype, in, out) ||
      !table_fits(t.transposed_table, t.transposed_weight, x->dtype, out, in))
    return pn_fail(PN_RUNTIME_ERROR, "band: tables do not fit axis %d of %s", axis,
                   pn_shape_text(x));
  return pn_call_give(c, pn_band(x, axis, &t));
}

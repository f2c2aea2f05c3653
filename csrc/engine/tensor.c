/* Storage and tensor: life, geometry, creation. */
#include "engine/internal.h"

#include <stdio.h>

PN_THREAD_LOCAL pn_thread pn_tls;
pn_engine_stats pn_stats;

void pn_engine_get_stats(pn_engine_stats *s) { *s = pn_stats; }

/* ---- storage ---------------------------------------------------------------- */
static inline void init_storage(pn_storage *s, void *data, size_t bytes) {
  s->refs = 1;
  s->data = data;
  s->bytes = bytes;
  s->version = 0;
  s->flags = 0;
  s->pinned = NULL;
  s->release = NULL;
  s->ctx = NULL;
  pn_stats.storages++;
}

/* Header and data in one block: data starts PN_ALIGN bytes in.  While a capture
 * records, the block comes from the program's own memory, so that replaying
 * finds every intermediate where the recording had it. */
pn_storage *pn_storage_new(size_t bytes) {
  if (bytes > (size_t)PTRDIFF_MAX - 4096) {
    pn_fail(PN_MEMORY_ERROR, "%zu bytes cannot be allocated", bytes);
    return NULL;
  }
  _Static_assert(sizeof(pn_storage) <= PN_ALIGN, "the header fits in front of the data");
  pn_pinned *m = pn_recording_memory();
  pn_storage *s = m ? pn_record_storage(bytes + PN_ALIGN) : pn_alloc(bytes + PN_ALIGN);
  if (!s) return NULL;
  init_storage(s, (char *)s + PN_ALIGN, bytes);
  s->pinned = m;
  if (m) pn_pinned_retain(m);
  return s;
}

void pn_storage_release(pn_storage *s) {
  if (!s || --s->refs) return;
  pn_stats.storages--;
  if (s->release) s->release(s->ctx);
  pn_pinned *m = s->pinned;
  if (m) {
    pn_pinned_free(m, s, s->bytes + PN_ALIGN);
    pn_pinned_release(m);
  } else {
    pn_free(s);
  }
}

static pn_storage *foreign_storage(void *data, size_t bytes, bool readonly, void (*release)(void *),
                                   void *ctx) {
  pn_storage *s = pn_alloc(sizeof(pn_storage));
  if (!s) return NULL;
  memset(s, 0, sizeof *s);
  s->refs = 1;
  s->data = data;
  s->bytes = bytes;
  s->flags = PN_STORAGE_FOREIGN | (readonly ? PN_STORAGE_READONLY : 0);
  s->release = release;
  s->ctx = ctx;
  pn_stats.storages++;
  return s;
}

/* ---- geometry ---------------------------------------------------------------- */
const char *pn_shape_str(int ndim, const int64_t *shape) {
  enum { ROOM = PN_TEXT_BYTES };
  char *s = pn_text_buffer();
  size_t n = (size_t)snprintf(s, ROOM, "(");
  for (int i = 0; i < ndim && n < ROOM - 30; i++)
    n += (size_t)snprintf(s + n, ROOM - n, i ? ", %lld" : "%lld", (long long)shape[i]);
  snprintf(s + n, ROOM - n, ndim == 1 ? ",)" : ")");
  return s;
}
const char *pn_shape_text(const pn_tensor *t) { return pn_shape_str(t->ndim, t->shape); }

static pn_status bad_shape(int ndim, const int64_t *shape) {
  if (ndim < 0 || ndim > PN_MAX_DIMS)
    return pn_fail(PN_VALUE_ERROR, "%d dimensions were given; at most %d are supported", ndim,
                   PN_MAX_DIMS);
  for (int i = 0; i < ndim; i++)
    if (shape[i] < 0)
      return pn_fail(PN_RUNTIME_ERROR, "negative dimension %lld in shape %s", (long long)shape[i],
                     pn_shape_str(ndim, shape));
  return pn_fail(PN_OVERFLOW_ERROR, "shape %s has more elements than memory can hold",
                 pn_shape_str(ndim, shape));
}

/* Sizes of 0 count as 1 until the end: the strides must not overflow either. */
pn_status pn_check_shape(int ndim, const int64_t *shape, int64_t *numel) {
  int64_t n = 1;
  bool empty = false;
  *numel = 0;
  if ((unsigned)ndim > PN_MAX_DIMS) return bad_shape(ndim, shape);
  for (int i = 0; i < ndim; i++) {
    if (shape[i] < 0) return bad_shape(ndim, shape);
    empty |= shape[i] == 0;
    if ((uint64_t)(n | shape[i]) < (uint64_t)1 << 31) /* no overflow */
      n *= shape[i] + (shape[i] == 0);
    else if (!pn_mul_ok(n, shape[i] ? shape[i] : 1, &n))
      return bad_shape(ndim, shape);
  }
  if (n > INT64_MAX / 16) return bad_shape(ndim, shape);
  *numel = empty ? 0 : n;
  return PN_OK;
}

static bool is_contiguous(const pn_tensor *t) {
  int64_t s = 1;
  for (int i = t->ndim - 1; i >= 0; i--) {
    if (t->shape[i] == 1) continue;
    if (t->stride[i] != s) return t->numel == 0;
    s *= t->shape[i];
  }
  return true;
}

bool pn_same_shape(const pn_tensor *a, const pn_tensor *b) {
  if (a->ndim != b->ndim) return false;
  for (int i = 0; i < a->ndim; i++)
    if (a->shape[i] != b->shape[i]) return false;
  return true;
}

pn_status pn_axis(const pn_tensor *t, int axis, int *out) {
  int n = t->ndim ? t->ndim : 1;
  if (axis < -n || axis >= n)
    return pn_fail(PN_INDEX_ERROR,
                   "Dimension out of range (expected to be in range of [%d, %d], but got %d)", -n,
                   n - 1, axis);
  *out = axis < 0 ? axis + n : axis;
  return PN_OK;
}

int64_t pn_tensor_offset(const pn_tensor *t) {
  return ((char *)t->data - (char *)t->storage->data) / (int64_t)pn_itemsize(t->dtype);
}

bool pn_overlaps_itself(const pn_tensor *t) {
  for (int i = 0; i < t->ndim; i++)
    if (t->stride[i] == 0 && t->shape[i] > 1) return true;
  return false;
}

void pn_extent(const pn_tensor *t, char **lo, char **hi) {
  int64_t a = 0, b = 0, size = (int64_t)pn_itemsize(t->dtype);
  *lo = *hi = t->data;
  if (!t->numel) return;
  for (int i = 0; i < t->ndim; i++) {
    int64_t d = (t->shape[i] - 1) * t->stride[i];
    if (d < 0)
      a += d;
    else
      b += d;
  }
  *lo = (char *)t->data + a * size;
  *hi = (char *)t->data + (b + 1) * size;
}

bool pn_memory_conflict(const pn_tensor *out, const pn_tensor *in) {
  if (!in->storage || !in->numel || !out->numel) return false;
  char *a, *b, *c, *d;
  pn_extent(out, &a, &b);
  pn_extent(in, &c, &d);
  if (b <= c || d <= a) return false;
  if (out->data != in->data || !pn_same_shape(out, in) || out->dtype != in->dtype) return true;
  for (int i = 0; i < out->ndim; i++)
    if (out->shape[i] > 1 && out->stride[i] != in->stride[i]) return true;
  return false;
}

/* ---- tensors ------------------------------------------------------------------ */
static inline void init_tensor(pn_tensor *t, int dtype, int ndim, pn_storage *storage, void *data) {
  t->refs = 1;
  t->py = NULL;
  t->storage = storage;
  t->data = data;
  t->dtype = (uint8_t)dtype;
  t->ndim = (uint8_t)ndim;
  t->flags = pn_tls.new_flags;
  t->view_version = 0;
  t->node = NULL;
  t->node_output = 0;
  t->pad = 0;
  t->grad = NULL;
  t->base = NULL;
  t->scalar.i = 0;
  pn_stats.tensors++;
}

pn_tensor *pn_tensor_new(int dtype, int ndim, const int64_t *shape, const int64_t *stride,
                         pn_storage *storage, void *data) {
  pn_tensor *t = pn_alloc(sizeof *t);
  if (!t) {
    pn_storage_release(storage);
    return NULL;
  }
  init_tensor(t, dtype, ndim, storage, data);
  t->numel = 1;
  for (int i = 0; i < ndim; i++) {
    t->shape[i] = shape[i];
    t->numel *= shape[i];
  }
  if (stride) {
    for (int i = 0; i < ndim; i++) t->stride[i] = stride[i];
    if (is_contiguous(t)) t->flags |= PN_T_CONTIGUOUS;
  } else {
    pn_contiguous_strides(ndim, shape, t->stride);
    t->flags |= PN_T_CONTIGUOUS;
  }
  return t;
}

/* Depth is bounded: a tensor's grad and base have none of their own chains
 * through here (a base has no base), and nodes are freed by a loop (tape.c). */
void pn_tensor_free(pn_tensor *t) {
  if (t->flags & (PN_T_RETAIN_GRAD | PN_T_HOOKED)) pn_hooks_leave(t);
  pn_stats.tensors--;
  pn_node *node = t->node;
  pn_tensor *grad = t->grad, *base = t->base;
  pn_storage *storage = t->storage;
  if (!(t->flags & PN_T_INSIDE))
    pn_free(t);
  else if (storage != pn_home(t))
    pn_storage_release(pn_home(t));
  pn_storage_release(storage);
  pn_release(grad);
  pn_release(base);
  pn_node_release(node);
}

/* A small result is one block: storage header, tensor, elements.  The tensor's
 * part stays unused if a view or detach() outlives it.  Not while recording,
 * where storages come from the program's memory and tensors do not. */
enum { TENSOR_ROOM = (sizeof(pn_tensor) + PN_ALIGN - 1) / PN_ALIGN * PN_ALIGN, SMALL_BYTES = 4096 };

/* A new contiguous tensor; its shape and strides are the caller's to fill. */
static inline pn_tensor *new_result(int dtype, int ndim, int64_t numel) {
  size_t bytes = (size_t)numel * pn_itemsize(dtype);
  pn_storage *s;
  pn_tensor *t;
  if (bytes <= SMALL_BYTES && !pn_tls.recording) {
    s = pn_alloc(PN_ALIGN + TENSOR_ROOM + bytes);
    if (!s) return NULL;
    t = (pn_tensor *)((char *)s + PN_ALIGN);
    init_storage(s, (char *)t + TENSOR_ROOM, bytes);
    init_tensor(t, dtype, ndim, s, s->data);
    t->flags |= PN_T_CONTIGUOUS | PN_T_INSIDE;
  } else {
    s = pn_storage_new(bytes);
    if (!s) return NULL;
    t = pn_alloc(sizeof *t);
    if (!t) {
      pn_storage_release(s);
      return NULL;
    }
    init_tensor(t, dtype, ndim, s, s->data);
    t->flags |= PN_T_CONTIGUOUS;
  }
  t->numel = numel;
  return t;
}

pn_tensor *pn_discard(pn_tensor *out) {
  pn_release(out);
  return NULL;
}

/* pn_check_shape and pn_contiguous_strides in one loop where nothing can overflow. */
pn_tensor *pn_empty(int dtype, int ndim, const int64_t *shape) {
  int64_t stride[PN_MAX_DIMS], n = 1, numel, empty = 0;
  bool plain = (unsigned)ndim <= PN_MAX_DIMS;
  for (int d = ndim - 1; plain && d >= 0; d--) {
    int64_t size = shape[d], none = size == 0;
    stride[d] = n;
    plain = (uint64_t)(n | size) < (uint64_t)1 << 31;
    n *= size + none;
    empty |= none;
  }
  numel = empty ? 0 : n;
  if (!plain || n > INT64_MAX / 16) {
    if (pn_check_shape(ndim, shape, &numel)) return NULL;
    pn_contiguous_strides(ndim, shape, stride);
  }
  pn_tensor *t = new_result(dtype, ndim, numel);
  if (!t) return NULL;
  for (int d = ndim - 1; d >= 0; d--) {
    t->shape[d] = shape[d];
    t->stride[d] = stride[d];
  }
  return t;
}

pn_tensor *pn_new_matrix(int dtype, int64_t rows, int64_t cols) {
  int64_t shape[2] = {rows, cols};
  if ((uint64_t)(rows | cols) >= (uint64_t)1 << 28) return pn_empty(dtype, 2, shape);
  pn_tensor *t = new_result(dtype, 2, rows * cols);
  if (!t) return NULL;
  t->shape[0] = rows;
  t->shape[1] = cols;
  t->stride[0] = cols > 0 ? cols : 1;
  t->stride[1] = 1;
  return t;
}

/* The dimensions beyond ndim are copied too: one move instead of a loop.  The
 * strides are made anew: t may be contiguous with any strides where a size is 1. */
pn_tensor *pn_new_like(const pn_tensor *t, int dtype) {
  pn_tensor *r = new_result(dtype, t->ndim, t->numel);
  if (!r) return NULL;
  memcpy(r->shape, t->shape, sizeof t->shape);
  pn_contiguous_strides(t->ndim, t->shape, r->stride);
  return r;
}

pn_tensor *pn_empty_like(const pn_tensor *t, int dtype) { return pn_new_like(t, dtype); }

pn_tensor *pn_workspace(size_t bytes) {
  int64_t n = (int64_t)bytes;
  return pn_empty(PN_U8, 1, &n);
}

static pn_tensor *wrapped(int dtype) {
  pn_tensor *t = pn_tensor_new(dtype, 0, NULL, NULL, NULL, NULL);
  if (!t) return NULL;
  t->flags |= PN_T_WRAPPED;
  t->data = &t->scalar;
  return t;
}
pn_tensor *pn_scalar_float(double v) {
  pn_tensor *t = wrapped(PN_F64);
  if (t) t->scalar.f = v;
  return t;
}
pn_tensor *pn_scalar_int(int64_t v) {
  pn_tensor *t = wrapped(PN_I64);
  if (t) t->scalar.i = v;
  return t;
}
pn_tensor *pn_scalar_bool(bool v) {
  pn_tensor *t = wrapped(PN_BOOL);
  if (t) t->scalar.i = v;
  return t;
}

pn_tensor *pn_from_memory(void *data, int dtype, int ndim, const int64_t *shape,
                          const int64_t *stride, bool readonly, void (*release)(void *),
                          void *ctx) {
  int64_t numel;
  pn_storage *s = NULL;
  if (pn_check_shape(ndim, shape, &numel) == PN_OK)
    s = foreign_storage(data, (size_t)numel * pn_itemsize(dtype), readonly, release, ctx);
  if (!s) {
    if (release) release(ctx);
    return NULL;
  }
  return pn_tensor_new(dtype, ndim, shape, stride, s, data);
}

/* ---- views without history ----------------------------------------------------- */
pn_tensor *pn_alias(pn_tensor *t) {
  t->storage ? t->storage->refs++ : 0;
  pn_tensor *v = pn_tensor_new(t->dtype, t->ndim, t->shape, t->stride, t->storage, t->data);
  if (v && pn_is_wrapped(t)) {
    v->flags |= PN_T_WRAPPED;
    v->scalar = t->scalar;
    v->data = &v->scalar;
  }
  return v;
}

pn_tensor *pn_make_view(pn_tensor *t, int ndim, const int64_t *shape, const int64_t *stride,
                        int64_t offset) {
  t->storage->refs++;
  pn_tensor *v = pn_tensor_new(t->dtype, ndim, shape, stride, t->storage,
                               (char *)t->data + offset * (int64_t)pn_itemsize(t->dtype));
  if (!v) return NULL;
  v->base = t->base ? t->base : t;
  pn_retain(v->base);
  v->view_version = t->storage->version;
  return v;
}

/* A tensor that takes over the memory of another and stays the same object. */
#include "engine/internal.h"

pn_status pn_set_data(pn_tensor *t, pn_tensor *src) {
  if (pn_tls.recording)
    return pn_fail(PN_RUNTIME_ERROR, "a tensor's data cannot be replaced while a step is captured");
  if (!t->storage || !src->storage)
    return pn_fail(PN_RUNTIME_ERROR, "data can only be set to a tensor with memory");
  if ((t->node || t->grad) && (t->dtype != src->dtype || !pn_same_shape(t, src)))
    return pn_fail(PN_RUNTIME_ERROR,
                   "data of shape %s and dtype %s cannot replace that of a tensor of shape %s and "
                   "dtype %s that has a history or a gradient",
                   pn_shape_text(src), pn_dtype_name(src->dtype), pn_shape_text(t),
                   pn_dtype_name(t->dtype));
  if ((t->flags & PN_T_REQUIRES_GRAD) && !pn_is_float(src->dtype))
    return pn_fail(PN_RUNTIME_ERROR, "a tensor that requires grad cannot hold %s data",
                   pn_dtype_name(src->dtype));
  if (t->storage != src->storage && t->refs > 1) /* a tape may know t: no version fits twice */
    src->storage->version =
        1 +
        (t->storage->version > src->storage->version ? t->storage->version : src->storage->version);
  src->storage->refs++;
  if (!(t->flags & PN_T_INSIDE) || t->storage != pn_home(t)) pn_storage_release(t->storage);
  t->storage = src->storage;
  t->data = src->data;
  t->dtype = src->dtype;
  t->ndim = src->ndim;
  t->numel = src->numel;
  memcpy(t->shape, src->shape, sizeof t->shape);
  memcpy(t->stride, src->stride, sizeof t->stride);
  t->flags = (uint16_t)((t->flags & ~PN_T_CONTIGUOUS) | (src->flags & PN_T_CONTIGUOUS));
  pn_release(t->base);
  t->base = NULL;
  return PN_OK;
}

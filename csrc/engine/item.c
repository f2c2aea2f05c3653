/* Reading one element. */
#include "engine/internal.h"

pn_status pn_data_read(void) {
  if (!pn_tls.recording) return PN_OK;
  return pn_fail(PN_RUNTIME_ERROR,
                 "a tensor's value was read (item(), bool(), float(), numpy(), tolist()) while a "
                 "step is being captured; a replay could not follow it. Return the tensor from "
                 "the step and read it outside");
}

static float half_to_float(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, e = (h >> 10) & 31, m = h & 1023, u;
  float f;
  if (e == 31)
    u = sign | 0x7f800000 | (m << 13);
  else if (e)
    u = sign | ((e + 112) << 23) | (m << 13);
  else {
    f = (float)m * 5.9604644775390625e-8f; /* 2^-24: denormals */
    memcpy(&u, &f, 4);
    u |= sign;
  }
  memcpy(&f, &u, 4);
  return f;
}

pn_status pn_item(const pn_tensor *t, double *f, int64_t *i) {
  if (t->numel != 1)
    return pn_fail(PN_RUNTIME_ERROR,
                   "a Tensor with %lld elements cannot be converted to Scalar (shape %s)",
                   (long long)t->numel, pn_shape_text(t));
  pn_status s = pn_data_read();
  if (s) return s;
  *f = 0;
  *i = 0;
  if (pn_is_wrapped(t)) {
    if (t->dtype == PN_F64)
      *f = t->scalar.f;
    else
      *i = t->scalar.i;
    return PN_OK;
  }
  union {
    float f;
    double d;
    uint32_t u;
    uint16_t h;
    int64_t q;
    int32_t l;
    int8_t b;
    uint8_t c;
  } v;
  memset(&v, 0, sizeof v);
  memcpy(&v, t->data, pn_itemsize(t->dtype));
  switch (t->dtype) {
    case PN_F32:
      *f = v.f;
      break;
    case PN_F64:
      *f = v.d;
      break;
    case PN_BF16:
      v.u = (uint32_t)v.h << 16;
      *f = v.f;
      break;
    case PN_F16:
      *f = half_to_float(v.h);
      break;
    case PN_I64:
      *i = v.q;
      break;
    case PN_I32:
      *i = v.l;
      break;
    case PN_I8:
      *i = v.b;
      break;
    case PN_U8:
      *i = v.c;
      break;
    default:
      *i = v.c != 0;
      break;
  }
  return PN_OK;
}

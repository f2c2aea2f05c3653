/* Recurrent layers (recurrent.c, recurrent_second.c). */
#ifndef PN_ENGINE_RECURRENT_H
#define PN_ENGINE_RECURRENT_H

#include "engine/internal.h"
#include "kernels/recurrent.h"

/* The inputs in order: x (N, I), h0 (B, H), c0 (LSTM, else NULL), w_ih (G H, I),
 * w_hh (G H, H), b_ih and b_hh (G H) or NULL. */
enum { RN_X, RN_H0, RN_C0, RN_WIH, RN_WHH, RN_BIH, RN_BHH, RN_INPUTS };
/* The outputs: y (N, H), the last h (B, H), the last c (LSTM). */
enum { RN_Y, RN_HN, RN_CN, RN_OUTPUTS };

/* One direction of one layer.  sizes: rows of every step, NULL: `batch` each. */
typedef struct rn_spec {
  uint32_t flags; /* the mode, PN_RN_REVERSED */
  int64_t steps, batch, hidden;
  const int64_t *sizes;
} rn_spec;

static inline int64_t rn_rows(const rn_spec *s, int64_t t) {
  return s->sizes ? s->sizes[t] : s->batch;
}

/* out[k] = gradient of input k where want[k], given the gradients of the
 * outputs (NULL: zero): an operator with a derivative of its own. */
pn_status pn_recurrent_gradients(const rn_spec *s, pn_tensor **g, pn_tensor **in, pn_tensor *y,
                                 pn_tensor *gates, pn_tensor *aux, pn_tensor *sizes,
                                 const bool *want, pn_tensor **out);

/* The same gradients of a composition of operators, differentiated once more:
 * h[k] is the gradient of out[k] (or NULL), gin that of g[0..2], then in[0..6],
 * where want says so. */
pn_status pn_recurrent_second(const rn_spec *s, pn_tensor **g, pn_tensor **in, pn_tensor **h,
                              const bool *want, pn_tensor **gin);

#endif

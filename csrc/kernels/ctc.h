/* The record of ctc and ctc_backward: connectionist temporal classification
 * (Graves et al. 2006) in log space.  log_probs x is (T, N, C) with any strides.
 *
 * Sample b has I input frames and the target l[0..S).  Its states s = 0..2S are
 * blank, l[0], blank, l[1], ..., blank, with labels k[s]:
 *   alpha[t][s] = log sum exp(alpha[t-1][s], alpha[t-1][s-1], alpha[t-1][s-2]) + x[t][k[s]]
 * where s-2 counts if k[s] is no blank and differs from k[s-2];
 *   loss = -log sum exp(alpha[I-1][2S], alpha[I-1][2S-1]).
 * No frames: 0 for the empty target, else inf.  The gradient is that of a loss
 * whose x are log-softmax outputs, as PyTorch's:
 *   dx[t][c] = g (exp(x[t][c]) - sum of gamma[t][s] over s with k[s] = c),
 *   gamma = exp(alpha + beta - x[t][k[s]] + loss) <= 1
 * beta being alpha of the reversed sequences; frames from I on have gradient 0.
 * PN_CTC_ZERO_INFINITY: losses that are inf are 0, and so is their gradient. */
#ifndef PN_CTC_H
#define PN_CTC_H

#include "pn_types.h"

/* p[] */
enum {
  PN_CTC_OUT = 0,   /* loss: N; backward: dx (T, N, C), contiguous */
  PN_CTC_ALPHA = 1, /* (N, T, states), written by the loss, read by backward */
  PN_CTC_NLL = 2,   /* (N) losses before PN_CTC_ZERO_INFINITY, likewise */
  PN_CTC_X = 3,
  PN_CTC_TARGET = 4, /* int64 */
  PN_CTC_G = 5,      /* backward: (N) */
  PN_CTC_STATUS = 6  /* loss: int64_t[3] */
};

/* n[] */
enum {
  PN_CTC_T = 0,
  PN_CTC_N,
  PN_CTC_C,
  PN_CTC_STRIDE_X, /* T, N, C */
  PN_CTC_BLANK = PN_CTC_STRIDE_X + 3,
  PN_CTC_STATES, /* 2 * the longest target + 1 */
  PN_CTC_STRIDE_G
};

/* flags */
enum { PN_CTC_ZERO_INFINITY = 1 };

/* The block: for each sample its number of frames, the length of its target, and
 * where in p[PN_CTC_TARGET] that begins. */
typedef struct pn_ctc_sample {
  int64_t frames, length, start;
} pn_ctc_sample;

/* Scratch of one thread in elements: rows of states are padded on both sides, so
 * that whole vectors may be read. */
enum { PN_CTC_PAD = 16 };
static inline int64_t pn_ctc_row(int64_t states) {
  return (states + 3 * PN_CTC_PAD) / PN_CTC_PAD * PN_CTC_PAD;
}
static inline int64_t pn_ctc_scratch(int64_t states, int64_t classes) {
  return 6 * pn_ctc_row(states) + classes; /* labels are as wide as two reals */
}

#endif

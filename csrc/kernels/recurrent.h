/* The records of one direction of one recurrent layer over a whole sequence.
 *
 * T steps; step t has b[t] rows, those of the sequences that are that long
 * (longest first), and begins at row off[t] = b[0] + ... + b[t-1] of the N =
 * off[T] rows that x, y, gates, ... have.  B = b[0] sequences, hidden size H,
 * G gates.  forward walks t = 0 .. T-1, reversed T-1 .. 0.
 *
 * gates holds x W_ih^T + b_ih at first; with a = h W_hh^T + b_hh per step:
 *   tanh, relu  h' = act(gates + a)                                     G = 1
 *   LSTM        i, f, o = sigmoid, g = tanh(gates + a);
 *               c' = f c + i g;  h' = o tanh(c')                        G = 4
 *   GRU         r, z = sigmoid(gates + a);  n = tanh(gates_n + r a_n);
 *               h' = (h - n) z + n                                      G = 3
 * (gates in PyTorch's order: i f g o, r z n).  Every operation is rounded by
 * itself: the bits of the separate operators.  Afterwards gates holds the
 * activated gates.  A unit is PN_RN_ROWS sequences, over all steps. */
#ifndef PN_RECURRENT_H
#define PN_RECURRENT_H

#include "pn_types.h"

typedef enum pn_rn_mode { PN_RN_TANH, PN_RN_RELU, PN_RN_LSTM, PN_RN_GRU } pn_rn_mode;

/* flags: the mode, and */
enum { PN_RN_MODE = 7, PN_RN_REVERSED = 8 };

/* p[] of recurrent */
enum {
  PN_RN_GATES, /* (N, G H), read and written */
  PN_RN_H,     /* (B, H): the state before the first step, then after the last */
  PN_RN_C,     /* (B, H), LSTM */
  PN_RN_Y,     /* (N, H): h' of every step */
  PN_RN_AUX,   /* (N, H): c' of every step (LSTM), a_n (GRU) */
  PN_RN_W,     /* W_hh^T, (H, G H) */
  PN_RN_BIAS   /* b_hh, (G H), or NULL */
};

/* p[] of recurrent_backward */
enum {
  PN_RB_DX,    /* (N, G H): gradient of gates before activation */
  PN_RB_DA,    /* (N, G H): gradient of a; GRU only, elsewhere it is DX */
  PN_RB_HPREV, /* (N, H): the h that each step began with */
  PN_RB_DH,    /* (B, H): gradient of the last state, then of the first */
  PN_RB_DC,    /* (B, H), LSTM */
  PN_RB_GATES, /* as recurrent left them */
  PN_RB_AUX,
  PN_RB_Y,
  PN_RB_H0,
  PN_RB_C0,
  PN_RB_W, /* W_hh, (G H, H) */
  PN_RB_GY /* (N, H): gradient of y, or NULL */
};

/* n[]; the block, where b[t] is not B for every t, is b[0..T-1] */
enum { PN_RN_STEPS, PN_RN_BATCH, PN_RN_HIDDEN };

enum { PN_RN_ROWS = 4 };

static inline int64_t pn_rn_gates(uint32_t flags) {
  const uint32_t mode = flags & PN_RN_MODE;
  return mode == PN_RN_LSTM ? 4 : mode == PN_RN_GRU ? 3 : 1;
}

#endif

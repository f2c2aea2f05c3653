/* The direct path of small elementwise work.
 *
 * Operands that are contiguous, of one real dtype and of one shape need no
 * broadcasting, no geometry and no plan: the record is one row, and the kernel
 * is called here.  The kernel and its record are those of pn_ew_run, hence the
 * bits; what the pool would take, and what a capture records, goes there. */
#ifndef PN_DIRECT_H
#define PN_DIRECT_H

#include "engine/internal.h"

/* Contiguous, in memory, float32 or float64. */
static inline bool pn_plain(const pn_tensor *t) {
  return (t->flags & (PN_T_CONTIGUOUS | PN_T_WRAPPED)) == PN_T_CONTIGUOUS && pn_is_real(t->dtype);
}

/* Both plain, of one dtype and shape. */
static inline bool pn_alike(const pn_tensor *a, const pn_tensor *b) {
  if (!pn_plain(a) || !pn_plain(b) || a->dtype != b->dtype || a->ndim != b->ndim) return false;
  for (int d = 0; d < a->ndim; d++)
    if (a->shape[d] != b->shape[d]) return false;
  return true;
}

/* Is this much work one chunk that stays on the caller, and nobody records? */
static inline bool pn_direct(const pn_row *row, int64_t numel) {
  return (uint64_t)numel - 1 < PN_EW_CHUNK && !pn_tls.recording &&
         1.0 + row->cost * (double)numel < pn_parallel_threshold;
}

/* May a gradient that a derivative was given be overwritten by its result?  Only
 * the backward pass has it then. */
static inline bool pn_is_spare(const pn_tensor *g) {
  return pn_tls.grad_disabled && g->refs == 1 && !g->py && g->storage->refs == 1 &&
         !g->storage->flags && !pn_tls.recording;
}

/* out = row(x) or row(x, y): the elements of plain tensors of out's dtype and
 * shape (y NULL: one input); f0, f1: the row's constants.  For pn_direct() work. */
static inline void pn_direct_run(const pn_row *row, pn_tensor *out, const void *x, const void *y,
                                 double f0, double f1) {
  pn_args a;
  a.p[0] = out->data;
  a.p[1] = (void *)x;
  a.p[2] = (void *)y;
  a.n[PN_EW_ROWS] = 1;
  a.n[PN_EW_COLS] = out->numel;
  for (int k = 0; k < 3; k++) {
    a.n[PN_EW_STRIDE + 2 * k] = 0;
    a.n[PN_EW_STRIDE + 2 * k + 1] = 1;
  }
  a.f[0] = f0;
  a.f[1] = f1;
  a.block = NULL;
  a.flags = 0;
  a.dtype = out->dtype;
  pn_active->fn[row->kernel[0]][out->dtype](&a, 0, 1, NULL);
  pn_stats.records++;
}

/* One unit of one phase that needs no scratch: its kernel, called here unless
 * the pool would take it or a capture records. */
static inline pn_status pn_run_unit(const pn_row *row, pn_args *a, double cost) {
  if (pn_tls.recording || cost >= pn_parallel_threshold) return pn_run(row, a, 0);
  pn_active->fn[row->kernel[0]][a->dtype](a, 0, 1, NULL);
  pn_stats.records++;
  return PN_OK;
}

/* The sum over the rows of a contiguous matrix without history, as pn_sum gives
 * it; NULL without an error: not for so large a matrix, or while recording. */
pn_tensor *pn_direct_row_sum(const pn_tensor *matrix);

#endif

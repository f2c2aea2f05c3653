/* Kernel identifiers, rows, and the per-level tables. */
#ifndef PN_TABLE_H
#define PN_TABLE_H

#include "pn_types.h"

typedef enum pn_kernel_id {
#define PN_K(name, family) PN_K_##name,
#include "kernels/kernels.def"
#undef PN_K
  PN_K_COUNT
} pn_kernel_id;

/* Block sizes of the packed product are data beside the pointers. */
typedef struct pn_gemm_blocks {
  int mr, nr;     /* rows and columns of one register tile */
  int mc, kc, nc; /* cache blocks; kc divides the work only, never a rounding */
} pn_gemm_blocks;

/* One ISA level.  fn[id][dtype] is NULL only where the family excludes the
 * dtype; a level compiles every kernel, so the table is complete by
 * construction. */
typedef struct pn_level {
  const char *name;
  pn_gemm_blocks gemm[2]; /* float32, float64 */
  pn_kernel_fn fn[PN_K_COUNT][PN_DTYPE_COUNT];
} pn_level;

/* A row: what the engine runs for one operator.  Phases run one after another
 * with a barrier between them; plan() says how much work each has. */
typedef struct pn_row pn_row;
typedef void (*pn_plan_fn)(const pn_row *row, const pn_args *a, int phase, pn_work *w);
struct pn_row {
  const char *name;
  pn_plan_fn plan;
  double cost; /* nanoseconds of one element (or of one flop), for the plan */
  int phases;
  pn_kernel_id kernel[PN_MAX_PHASES];
};

#define PN_ROW1(name, plan, cost) extern const pn_row pn_row_##name;
#define PN_ROW2(name, plan, cost, k2) extern const pn_row pn_row_##name;
#define PN_ROW3(name, plan, cost, k2, k3) extern const pn_row pn_row_##name;
#include "kernels/rows.def"
#undef PN_ROW1
#undef PN_ROW2
#undef PN_ROW3

#endif

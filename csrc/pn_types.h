/* The vocabulary that every layer shares: dtypes, the kernel record, the work
 * description.  Nothing here allocates, prints, or knows an ISA. */
#ifndef PN_TYPES_H
#define PN_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The dtype list is final (docs/architecture.md).  Arithmetic in BF16 and F16
 * is done in float32 by casting; their kernels are storage kernels only. */
typedef enum pn_dtype {
  PN_F32,
  PN_F64,
  PN_BF16,
  PN_F16,
  PN_I64,
  PN_I32,
  PN_I8,
  PN_U8,
  PN_BOOL,
  PN_DTYPE_COUNT
} pn_dtype;

enum { PN_MAX_DIMS = 8, PN_ARG_PTRS = 12, PN_ARG_INTS = 32, PN_ARG_REALS = 6, PN_MAX_PHASES = 3 };

/* One kernel call.  Immutable while it runs; the same bytes serve eager,
 * capture and replay.  Order of pointers: outputs, inputs, workspace.
 * Whatever may change between two replays (learning rate, step count, random
 * offset, status word) is behind a pointer, never a value in here. */
typedef struct pn_args {
  void *p[PN_ARG_PTRS];
  int64_t n[PN_ARG_INTS]; /* sizes and strides, in elements */
  double f[PN_ARG_REALS]; /* constants of the operator */
  const void *block;      /* optional operator block (immutable), or NULL */
  uint32_t flags;         /* PN_FLAG_*, per kernel */
  uint32_t dtype;         /* pn_dtype that selected the kernel */
} pn_args;

/* Kernels cannot fail: their arguments were checked above.  begin..end are
 * units of work as the row's plan counted them; splitting is along outputs
 * only, so the bits never depend on it.  scratch is private to the calling
 * thread, 64-byte aligned, of the size that the plan asked for. */
typedef void (*pn_kernel_fn)(const pn_args *a, int64_t begin, int64_t end, void *scratch);

typedef struct pn_work {
  int64_t units;  /* 0: this phase is skipped */
  double cost;    /* nanoseconds of one unit on one core, roughly */
  size_t scratch; /* bytes per thread */
} pn_work;

/* Storage in front of a tensor's bytes is the engine's business; kernels see
 * pointers that are aligned to the item and to nothing more. */
#define PN_ALIGN 64

static inline int64_t pn_min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t pn_max64(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t pn_ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

#endif

/* One product of the tests: operands of any strides between guard pages, the
 * reference in the contract's own order of operations, and the run, unit by
 * unit.  Values are held as double, which holds every float32 exactly. */
#ifndef PN_TEST_GEMM_CASE_H
#define PN_TEST_GEMM_CASE_H

#include "kernels/gemm.h"
#include "kernels/table.h"
#include "pn_contract.h"

/* How a matrix lies in memory. */
typedef enum layout {
  LAY_ROWS,        /* row-major */
  LAY_ROWS_PADDED, /* row stride > columns */
  LAY_COLS,        /* the transpose of a row-major matrix */
  LAY_COLS_PADDED,
  LAY_BOTH,       /* both strides above 1 */
  LAY_ROWS_BACK,  /* negative row stride */
  LAY_COLS_BACK,  /* negative column stride */
  LAY_ROWS_SAME,  /* row stride 0: one row, expanded */
  LAY_COLS_SAME,  /* column stride 0 */
  LAY_ROWS_PITCH, /* row stride a multiple of 4 KB */
  LAY_COLS_PITCH,
  LAY_COUNT
} layout;

/* A strided matrix (or a batch of them) that ends, or begins, at a page that
 * may not be touched. */
typedef struct operand {
  int64_t rows, cols, rs, cs, bs; /* bs: batch stride */
  int64_t batch;
  int dtype;
  char *map;    /* the mapping, guard pages included */
  size_t bytes; /* of the mapping */
  char *low;    /* the lowest element */
  int64_t span; /* elements from the lowest to the highest, inclusive */
  char *base;   /* element (0, 0) of matrix 0 */
} operand;

typedef struct gemm_case {
  int dtype;
  int64_t m, n, k, batch;
  layout la, lb;
  int64_t c_pad; /* row stride of C: n + c_pad; below 0: rows lie backwards */
  double alpha;
  bool accumulate, with_z, a_broadcast, b_broadcast;
  int bias; /* 0: none, 1: one per column, 2: one for all (stride 0) */
  int act;
  operand a, b, c, z, bv;
  double *want; /* batch * m * n in C order, before the activation */
  void *before; /* C's memory before the product */
} gemm_case;

uint32_t gemm_random(void); /* a fixed sequence */
void gemm_random_seed(uint32_t seed);
int64_t gemm_pick(int64_t n); /* 0 <= x < n */

/* Allocates and fills the operands, computes want. */
void gemm_case_open(gemm_case *c);
void gemm_case_refer(gemm_case *c); /* computes want again */
void gemm_case_close(gemm_case *c);
/* Runs the record on the active level, its units in random order and random
 * runs, with guarded scratch and workspace, and compares every bit, C's
 * padding included; the activation is that of the level's own operator. */
void gemm_case_check(gemm_case *c);
/* The record of a case: for tests that look at the plan. */
pn_args gemm_case_record(const gemm_case *c);
void gemm_case_describe(const gemm_case *c, char *text, size_t size);

double operand_get(const operand *o, int64_t batch, int64_t i, int64_t j);
void operand_set(operand *o, int64_t batch, int64_t i, int64_t j, double x);

#endif

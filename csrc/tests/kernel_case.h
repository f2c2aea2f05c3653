/* What the tests of single kernels share: memory between guard pages, strided
 * tensors, running a record by hand in random pieces, and bits compared. */
#ifndef PN_TEST_KERNEL_CASE_H
#define PN_TEST_KERNEL_CASE_H

#include "kernels/table.h"
#include "runtime/runtime.h"

uint32_t case_random(void); /* a fixed sequence of 24 bits */
void case_seed(uint32_t seed);
int64_t case_pick(int64_t n); /* 0 <= x < n */
double case_real(void);       /* about -4 .. 4, exact in float32 */

/* `bytes` that end (or begin) at a page that may not be touched. */
typedef struct block {
  char *map;
  size_t total, bytes;
  void *p;
} block;
block block_new(size_t bytes);
void block_free(block *b);

size_t dtype_size(int dtype);
double item_get(int dtype, const void *p, int64_t i);
void item_set(int dtype, void *p, int64_t i, double x);
/* n items with the same bits; all NaNs are the same. */
bool same_items(int dtype, const void *x, const void *y, int64_t n);

/* A tensor of any strides; element (0, 0, ...) is at p. */
typedef struct tensor {
  int dtype, ndim;
  int64_t shape[PN_MAX_DIMS], stride[PN_MAX_DIMS], size;
  block memory;
  char *p;
} tensor;
/* style 0: contiguous; else permuted, padded, reversed or repeated at random. */
tensor tensor_new(int dtype, int ndim, const int64_t *shape, int style);
void tensor_free(tensor *t);
int64_t tensor_offset(const tensor *t, int64_t index); /* index in C order */
double tensor_get(const tensor *t, int64_t index);
void tensor_fill(tensor *t, double (*value)(void));

/* Runs all phases on the active level: units in pieces of random length and
 * order, scratch and (given its bytes) workspace at guard pages. */
void run_row(const pn_row *row, pn_args *a, int work_pointer, size_t work_bytes);

/* Makes the i-th built level active; false where it cannot run. */
bool use_level(int i);

#endif

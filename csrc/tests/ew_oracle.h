/* What the elementwise operators mean, one element at a time, in plain C. */
#ifndef PN_TEST_EW_ORACLE_H
#define PN_TEST_EW_ORACLE_H

#include "kernels/table.h"

/* f of float32 and float64, i of integers and bool (and bits of float16s). */
typedef struct value {
  double f;
  int64_t i;
} value;

bool is_real(int dtype);
value value_get(int dtype, const void *p, int64_t i);
void value_set(int dtype, void *p, int64_t i, value v); /* rounds or wraps */
value value_draw(int dtype);                            /* special, similar and wild values */

/* c: the constants f[0], f[1]. */
typedef value (*oracle_fn)(int dtype, value x, value y, const double *c);

typedef struct ew_case {
  const pn_row *row;
  int inputs;
  bool writes_bool;
  oracle_fn real, integer; /* NULL: the family has it not */
} ew_case;

extern const ew_case ew_cases[];
extern const int ew_case_count;

#endif

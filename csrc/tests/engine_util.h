/* Small helpers for the tests of the engine. */
#ifndef PN_ENGINE_UTIL_H
#define PN_ENGINE_UTIL_H

#include <math.h>
#include <string.h>

#include "engine/engine.h"
#include "tests/test.h"

typedef pn_tensor *(*op_fn)(pn_tensor **in);

/* Values in [-1, 1], away from 0, from a small fixed generator. */
pn_tensor *tu_random(int dtype, int ndim, const int64_t *shape, uint64_t seed);
/* The same, positive and away from 0 and 1: [0.1, 0.9]. */
pn_tensor *tu_positive(int dtype, int ndim, const int64_t *shape, uint64_t seed);
double tu_at(const pn_tensor *t, int64_t i);      /* of a contiguous tensor */
uint64_t tu_hash(const pn_tensor *t, uint64_t h); /* FNV-1a of the bytes */
/* Scalar f(in) = sum(fn(in) * w) with fixed weights w; NULL on failure. */
pn_tensor *tu_scalar(op_fn fn, pn_tensor **in);
/* Central differences of tu_scalar against backward; inputs float64. */
void tu_gradcheck(const char *name, op_fn fn, int nin, pn_tensor **in);
/* The same for the gradient itself: second derivatives. */
void tu_gradgradcheck(const char *name, op_fn fn, int nin, pn_tensor **in);

#endif

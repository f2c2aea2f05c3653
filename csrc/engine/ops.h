/* The operators that the host language calls by name, through one entry: what
 * has no binding of its own.  ops.def lists them. */
#ifndef PN_OPS_H
#define PN_OPS_H

#include "engine/engine.h"

enum { PN_CALL_OUTPUTS = 16 };

/* The arguments of one call, sorted by type and each kind in order. */
typedef struct pn_call {
  int nin;
  pn_tensor **in; /* borrowed; NULL where None was given */
  int nints;
  const int64_t *i; /* integers, booleans, dtype codes */
  int nfloats;
  const double *f;
  int nout; /* set by the operator, with new references in out */
  pn_tensor *out[PN_CALL_OUTPUTS];
} pn_call;

typedef struct pn_operator {
  const char *name;
  pn_tensor *(*t)(pn_tensor *); /* one of the three */
  pn_tensor *(*tt)(pn_tensor *, pn_tensor *);
  pn_status (*call)(pn_call *c);
} pn_operator;

extern const pn_operator pn_operators[];
extern const int pn_operator_count;

/* c->out[0] = t, the only output; the status of t. */
static inline pn_status pn_call_give(pn_call *c, pn_tensor *t) {
  c->nout = 1;
  c->out[0] = t;
  return t ? PN_OK : pn_last_status();
}
/* An error that names the operator unless the call has these numbers of
 * arguments (-1: any): what the binding's caller got wrong. */
pn_status pn_call_check(const pn_call *c, const char *name, int nin, int nints, int nfloats);
/* The same, and none of the tensors may be None. */
pn_status pn_call_given(const pn_call *c, const char *name, int nin, int nints, int nfloats);
/* The same, and none of the tensors is None. */
pn_status pn_call_tensors(const pn_call *c, const char *name, int nin, int nints, int nfloats);

#endif

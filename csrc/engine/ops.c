/* The table of operators that are called by name. */
#include "engine/ops.h"

#define PN_OPERATOR_T(name) pn_tensor *pn_##name(pn_tensor *);
#define PN_OPERATOR_TT(name) pn_tensor *pn_##name(pn_tensor *, pn_tensor *);
#define PN_OPERATOR(name) pn_status pn_op_##name(pn_call *);
#include "engine/ops.def"
#undef PN_OPERATOR_T
#undef PN_OPERATOR_TT
#undef PN_OPERATOR

#define PN_OPERATOR_T(op) {.name = #op, .t = pn_##op},
#define PN_OPERATOR_TT(op) {.name = #op, .tt = pn_##op},
#define PN_OPERATOR(op) {.name = #op, .call = pn_op_##op},
const pn_operator pn_operators[] = {
#include "engine/ops.def"
};
const int pn_operator_count = (int)(sizeof pn_operators / sizeof *pn_operators);

pn_status pn_call_tensors(const pn_call *c, const char *name, int nin, int nints, int nfloats) {
  pn_status s = pn_call_check(c, name, nin, nints, nfloats);
  for (int k = 0; !s && k < c->nin; k++)
    if (!c->in[k]) s = pn_fail(PN_TYPE_ERROR, "%s(): tensor %d is None, not a Tensor", name, k);
  return s;
}

pn_status pn_call_check(const pn_call *c, const char *name, int nin, int nints, int nfloats) {
  if ((nin < 0 || c->nin == nin) && (nints < 0 || c->nints == nints) &&
      (nfloats < 0 || c->nfloats == nfloats))
    return PN_OK;
  return pn_fail(PN_TYPE_ERROR,
                 "%s: called with %d tensors, %d integers and %d floats; it takes %d, %d and %d "
                 "(-1: any number)",
                 name, c->nin, c->nints, c->nfloats, nin, nints, nfloats);
}

pn_status pn_call_given(const pn_call *c, const char *name, int nin, int nints, int nfloats) {
  pn_status s = pn_call_check(c, name, nin, nints, nfloats);
  for (int k = 0; !s && k < c->nin; k++)
    if (!c->in[k])
      s = pn_fail(PN_TYPE_ERROR, "%s: argument %d must be a Tensor, not None", name, k + 1);
  return s;
}

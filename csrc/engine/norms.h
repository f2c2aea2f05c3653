/* Products of elements, truth (prod.c), std, logsumexp and norms (norms.c).  Axes
 * are bit masks; 0 means all of them. */
#ifndef PN_ENGINE_NORMS_H
#define PN_ENGINE_NORMS_H

#include "engine/engine.h"

/* dtype -1: that of a, int64 for integers and bool. */
pn_tensor *pn_prod(pn_tensor *a, uint32_t axes, bool keepdim, int dtype);
/* bool, but uint8 of uint8 */
pn_tensor *pn_any(pn_tensor *a, uint32_t axes, bool keepdim);
pn_tensor *pn_all(pn_tensor *a, uint32_t axes, bool keepdim);
pn_tensor *pn_std(pn_tensor *a, uint32_t axes, double correction, bool keepdim);
pn_tensor *pn_logsumexp(pn_tensor *a, uint32_t axes, bool keepdim);
/* (sum |a|^p)^(1/p); p = 0 counts, p = inf and -inf are extremes of |a|. */
pn_tensor *pn_norm(pn_tensor *a, double p, uint32_t axes, bool keepdim);

#endif

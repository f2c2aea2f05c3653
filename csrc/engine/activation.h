/* Activations beside those of engine.h: float32 and float64 only. */
#ifndef PN_ACTIVATION_H
#define PN_ACTIVATION_H

#include "engine/engine.h"

pn_tensor *pn_silu(pn_tensor *x);
pn_tensor *pn_gelu(pn_tensor *x);      /* x F(x), F the normal distribution function */
pn_tensor *pn_gelu_tanh(pn_tensor *x); /* its approximation by tanh */
pn_tensor *pn_mish(pn_tensor *x);
pn_tensor *pn_logsigmoid(pn_tensor *x);
pn_tensor *pn_softplus(pn_tensor *x, double beta, double threshold);
pn_tensor *pn_elu(pn_tensor *x, double alpha, double scale); /* scale: of x below 0 */
pn_tensor *pn_selu(pn_tensor *x);
pn_tensor *pn_hardswish(pn_tensor *x);
pn_tensor *pn_hardsigmoid(pn_tensor *x);
pn_tensor *pn_hardtanh(pn_tensor *x, double low, double high);
pn_tensor *pn_hardshrink(pn_tensor *x, double lambda);
pn_tensor *pn_softshrink(pn_tensor *x, double lambda);
pn_tensor *pn_threshold(pn_tensor *x, double edge, double value);

/* Fused derivatives g f'(x), for the composition of others. */
pn_tensor *pn_silu_backward(pn_tensor *g, pn_tensor *x);
pn_tensor *pn_gelu_backward(pn_tensor *g, pn_tensor *x);
pn_tensor *pn_gelu_tanh_backward(pn_tensor *g, pn_tensor *x);
pn_tensor *pn_mish_backward(pn_tensor *g, pn_tensor *x);
pn_tensor *pn_logsigmoid_backward(pn_tensor *g, pn_tensor *x);
pn_tensor *pn_softplus_backward(pn_tensor *g, pn_tensor *x, double beta, double threshold);
pn_tensor *pn_elu_backward(pn_tensor *g, pn_tensor *x, double alpha, double scale);
pn_tensor *pn_selu_backward(pn_tensor *g, pn_tensor *x);

#endif

# What pynn.nn.functional calls: fused operators that are no methods of a Tensor.

def _linear(Tensor input not None, Tensor weight not None, Tensor bias=None):
    return wrap(pn_linear(input.c, weight.c, NULL if bias is None else bias.c))


def _leaky_relu(Tensor input not None, double negative_slope=0.01):
    return wrap(pn_leaky_relu(input.c, negative_slope))


def _mse_loss(Tensor input not None, Tensor target not None, reduction="mean"):
    return wrap(pn_mse_loss(input.c, target.c, reduction_code(reduction)))


def _binary_cross_entropy(Tensor input not None, Tensor target not None, reduction="mean"):
    return wrap(pn_bce_loss(input.c, target.c, reduction_code(reduction)))


def _binary_cross_entropy_with_logits(Tensor input not None, Tensor target not None,
                                      reduction="mean"):
    return wrap(pn_bce_logits_loss(input.c, target.c, reduction_code(reduction)))


def _cross_entropy(Tensor input not None, Tensor target not None, Tensor weight=None,
                   int64_t ignore_index=-100, reduction="mean"):
    return wrap(pn_cross_entropy(input.c, target.c, NULL if weight is None else weight.c,
                                 ignore_index, reduction_code(reduction)))

# What pynn.nn.functional is made of: fused operators that are no methods of a Tensor.

def linear(Tensor input not None, Tensor weight not None, Tensor bias=None):
    """input (..., in) @ weight (out, in).T + bias (out): (..., out)."""
    return wrap(pn_linear(input.c, weight.c, NULL if bias is None else bias.c))


def leaky_relu(Tensor input not None, double negative_slope=0.01, bint inplace=False):
    """input where it is positive, else negative_slope * input."""
    if inplace:
        return _assign_result(input, leaky_relu, (negative_slope,), {})
    return wrap(pn_leaky_relu(input.c, negative_slope))


def mse_loss(Tensor input not None, Tensor target not None, reduction="mean", Tensor weight=None):
    """(input - target)**2, averaged, summed or as it is; the mean of weights' sum with weight."""
    if weight is not None:
        return weighted_loss(wrap(pn_mse_loss(input.c, target.c, PN_REDUCE_NONE)), weight,
                             reduction_code(reduction))
    return wrap(pn_mse_loss(input.c, target.c, reduction_code(reduction)))


cdef Tensor weighted_loss(Tensor loss, Tensor weight, int reduction):
    """loss * weight; its mean divides by the sum of the weights."""
    if weight.c.ndim != loss.c.ndim or shape_of(weight.c) != shape_of(loss.c):
        raise ValueError(f"Weights and input must have the same size, not {shape_of(weight.c)} "
                         f"and {shape_of(loss.c)}.")
    cdef Tensor weighted = wrap(pn_mul(loss.c, weight.c))
    if reduction == PN_REDUCE_NONE:
        return weighted
    weighted = wrap(pn_sum(weighted.c, 0, False, -1))
    if reduction == PN_REDUCE_SUM:
        return weighted
    return wrap(pn_div(weighted.c, wrap(pn_sum(weight.c, 0, False, -1)).c))


def _binary_cross_entropy(Tensor input not None, Tensor target not None, reduction="mean"):
    return wrap(pn_bce_loss(input.c, target.c, reduction_code(reduction)))


def _binary_cross_entropy_with_logits(Tensor input not None, Tensor target not None,
                                      reduction="mean"):
    return wrap(pn_bce_logits_loss(input.c, target.c, reduction_code(reduction)))


def _cross_entropy(Tensor input not None, Tensor target not None, Tensor weight=None,
                   int64_t ignore_index=-100, reduction="mean"):
    return wrap(pn_cross_entropy(input.c, target.c, NULL if weight is None else weight.c,
                                 ignore_index, reduction_code(reduction)))

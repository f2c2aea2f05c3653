"""Activations with the names and arguments of torch.nn.functional.

Smooth ones are one kernel forward and one backward.  inplace=True writes the result into input.
"""

from __future__ import annotations

from typing import Any

from pynn import _core
from pynn._core import (
    Tensor,
    leaky_relu as leaky_relu,
    relu as relu,
    sigmoid as sigmoid,
    tanh as tanh,
)
from pynn._functions._draws import uniform

__all__ = [
    "celu",
    "celu_",
    "elu",
    "elu_",
    "gelu",
    "glu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hardtanh_",
    "leaky_relu",
    "leaky_relu_",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "relu_",
    "rrelu",
    "rrelu_",
    "selu",
    "selu_",
    "sigmoid",
    "silu",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
    "threshold_",
]


def _apply(function: Any, input: Tensor, inplace: bool, *numbers: float) -> Tensor:
    if inplace:
        return _core._assign_result(input, function, numbers, {})
    return function(input, *numbers)


def relu_(input: Tensor) -> Tensor:
    """relu() in place."""
    return relu(input, inplace=True)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """leaky_relu() in place."""
    return leaky_relu(input, negative_slope, inplace=True)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6)."""
    return hardtanh(input, 0.0, 6.0, inplace)


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """x moved into [min_val, max_val]; the slope at the bounds is 0."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    return _apply(_core.ops.hardtanh, input, inplace, float(min_val), float(max_val))


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """hardtanh() in place."""
    return hardtanh(input, min_val, max_val, True)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where x > threshold, else value."""
    if input.is_floating_point():
        return _apply(_core.ops.threshold, input, inplace, float(threshold), float(value))
    replaced = _core.where(input > threshold, input, value).to(input.dtype)
    return input.copy_(replaced) if inplace else replaced


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """threshold() in place."""
    if input.is_floating_point():
        numbers = (float(threshold), float(value))
        return _core._assign_result(input, _core.ops.threshold, numbers, {})
    return input.copy_(_core.where(input > threshold, input, value).to(input.dtype))


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, else alpha (e**x - 1) (Clevert and others 2015)."""
    return _apply(_core.ops.elu, input, inplace, float(alpha), 1.0)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """elu() in place."""
    return elu(input, alpha, True)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, else alpha (e**(x / alpha) - 1) (Barron 2017)."""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return _apply(_core.ops.elu, input, inplace, float(alpha), 1.0 / alpha)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """celu() in place."""
    return celu(input, alpha, True)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """1.0507 (x where x > 0, else 1.6733 (e**x - 1)) (Klambauer and others 2017)."""
    return _apply(_core.ops.selu, input, inplace)


def selu_(input: Tensor) -> Tensor:
    """selu() in place."""
    return selu(input, True)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x F(x), F the normal distribution function (Hendrycks and Gimpel 2016).

    approximate="tanh": x (1 + tanh(sqrt(2/pi) (x + 0.044715 x**3))) / 2.
    """
    if approximate == "none":
        return _core.ops.gelu(input)
    if approximate == "tanh":
        return _core.ops.gelu_tanh(input)
    raise RuntimeError(f"approximate argument must be either none or tanh, not {approximate!r}")


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x sigmoid(x), also called swish."""
    return _apply(_core.ops.silu, input, inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x tanh(softplus(x)) (Misra 2019)."""
    return _apply(_core.ops.mish, input, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x min(max(x + 3, 0), 6) / 6 (Howard and others 2019)."""
    return _apply(_core.ops.hardswish, input, inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x + 3, 0), 6) / 6."""
    return _apply(_core.ops.hardsigmoid, input, inplace)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x where |x| > lambd, else 0."""
    return _core.ops.hardshrink(input, float(lambd))


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x nearer to 0 by lambd, 0 where |x| <= lambd."""
    if lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd}.")
    return _core.ops.softshrink(input, float(lambd))


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x)."""
    return input - tanh(input)


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    return input / (input.abs() + 1)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + e**(beta x)) / beta; x itself where beta x > threshold."""
    return _core.ops.softplus(input, float(beta), float(threshold))


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)) without overflow."""
    return _core.ops.logsigmoid(input)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where x > 0, else weight x; weight: one element, or one per channel (dimension 1)."""
    if weight.numel() != 1:
        channels = input.shape[1] if input.dim() > 1 else 1
        if input.dim() == 0:
            raise RuntimeError("Not allow zero-dim input tensor.")
        if weight.dim() != 1 or weight.numel() != channels:
            raise RuntimeError(
                "Mismatch of parameter numbers and input channel size. Found parameter numbers "
                f"= {weight.numel()} and channel size = {channels}."
            )
        weight = weight.reshape(channels, *(1,) * (input.dim() - 2))
    elif weight.dim() > 0:
        weight = weight.reshape(())
    return _core.where(input > 0, input, weight * input)


def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """x where x > 0, else slope x: random from [lower, upper) while training, else their mean."""
    if lower > upper:
        raise RuntimeError(
            f"Lower bound should be less than or equal to the upper: {lower}, {upper}"
        )
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    slope = _core.where(input > 0, 1.0, uniform(input, lower, upper))
    return input.mul_(slope) if inplace else input * slope


def rrelu_(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False
) -> Tensor:
    """rrelu() in place."""
    return rrelu(input, lower, upper, training, True)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a sigmoid(b), a and b the halves of `dim` (Dauphin and others 2016)."""
    if input.dim() == 0:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    size = input.shape[dim]
    if size % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {size}")
    return input.narrow(dim, 0, size // 2) * sigmoid(input.narrow(dim, size // 2, size // 2))

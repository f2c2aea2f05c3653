"""Arithmetic of two and three tensors, elementwise; operands broadcast, numbers are weak."""

from __future__ import annotations

from pynn import _core
from pynn._core import (
    Tensor,
    bitwise_and as bitwise_and,
    bitwise_or as bitwise_or,
    bitwise_xor as bitwise_xor,
)

__all__ = [
    "addcdiv",
    "addcmul",
    "arctan2",
    "atan2",
    "bitwise_left_shift",
    "bitwise_right_shift",
    "clamp_max",
    "clamp_min",
    "copysign",
    "divide",
    "fill",
    "fill_",
    "float_power",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "heaviside",
    "hypot",
    "lerp",
    "logaddexp",
    "logaddexp2",
    "multiply",
    "remainder",
    "rsub",
    "subtract",
    "true_divide",
    "xlogy",
    "zero_",
]
METHODS: tuple[str, ...] = tuple(
    name for name in __all__ if name not in ("fill", "fill_", "rsub", "zero_")
)
INPLACE: tuple[str, ...] = (
    "addcdiv",
    "addcmul",
    "arctan2",
    "atan2",
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "clamp_max",
    "clamp_min",
    "copysign",
    "divide",
    "float_power",
    "floor_divide",
    "fmod",
    "heaviside",
    "hypot",
    "lerp",
    "multiply",
    "remainder",
    "subtract",
    "true_divide",
    "xlogy",
)

Operand = Tensor | float


def subtract(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    """sub()."""
    return _core.sub(input, other, alpha=alpha)


def multiply(input: Operand, other: Operand) -> Tensor:
    """mul()."""
    return _core.mul(input, other)


def divide(input: Operand, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """div()."""
    return _core.div(input, other, rounding_mode=rounding_mode)


def true_divide(input: Operand, other: Operand) -> Tensor:
    """input / other."""
    return _core.div(input, other)


def rsub(input: Operand, other: Operand, *, alpha: float = 1) -> Tensor:
    """other - alpha * input."""
    return _core.sub(other, input, alpha=alpha)


def floor_divide(input: Operand, other: Operand) -> Tensor:
    """The greatest integer not above input / other, as Python's //.

    An integer divisor of 0 is a RuntimeError.
    """
    return _core.ops.floor_divide(input, other)


def fmod(input: Operand, other: Operand) -> Tensor:
    """input - other * trunc(input / other), exact: with the sign of input.

    An integer divisor of 0 is a RuntimeError, a floating one gives NaN.
    """
    return _core.ops.fmod(input, other)


def remainder(input: Operand, other: Operand) -> Tensor:
    """input - other * floor(input / other), as Python's %: with the sign of other.

    An integer divisor of 0 is a RuntimeError, a floating one gives NaN.
    """
    return _core.ops.remainder(input, other)


def float_power(input: Operand, exponent: Operand) -> Tensor:
    """input ** exponent in float64."""
    return _core.pow(_double(input), _double(exponent))


def _double(value: Operand) -> Operand:
    return value.to(_core.float64) if isinstance(value, Tensor) else float(value)


def atan2(input: Tensor, other: Tensor) -> Tensor:
    """The angle of the point (other, input), in [-pi, pi]."""
    return _core.ops.atan2(input, other)


def arctan2(input: Tensor, other: Tensor) -> Tensor:
    """atan2()."""
    return atan2(input, other)


def hypot(input: Tensor, other: Tensor) -> Tensor:
    """sqrt(input**2 + other**2) without overflow."""
    return _core.ops.hypot(input, other)


def copysign(input: Tensor, other: Operand) -> Tensor:
    """|input| with the sign of other."""
    return _core.ops.copysign(input, other)


def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """log(e**input + e**other) without overflow."""
    return _core.ops.logaddexp(input, other)


def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log2(2**input + 2**other) without overflow."""
    return _core.ops.logaddexp2(input, other)


def xlogy(input: Operand, other: Operand) -> Tensor:
    """input * log(other); 0 where input is 0, unless other is NaN."""
    return _core.ops.xlogy(input, other)


def clamp_min(input: Tensor, min: Operand) -> Tensor:
    """clamp(min=min): no value below it."""
    return _core.clamp(input, min, None)


def clamp_max(input: Tensor, max: Operand) -> Tensor:
    """clamp(max=max): no value above it."""
    return _core.clamp(input, None, max)


def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The greater of each pair; a NaN loses against a number."""
    return _core.where((input >= other) | (other != other), input, other)


def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of each pair; a NaN loses against a number."""
    return _core.where((input <= other) | (other != other), input, other)


def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 below 0, values at 0, 1 above; no gradient."""
    if input.dtype != values.dtype:
        raise RuntimeError(
            "heaviside is not yet implemented for tensors with different dtypes: "
            f"{input.dtype} and {values.dtype}"
        )
    with _core.no_grad():
        return _core.where(input == 0, values, (input > 0).to(input.dtype))


def bitwise_left_shift(input: Operand, other: Operand) -> Tensor:
    """input * 2**other of integers, wrapping; 0 for shifts outside the width."""
    return _core.ops.shift_left(input, other)


def bitwise_right_shift(input: Operand, other: Operand) -> Tensor:
    """floor(input / 2**other) of integers."""
    return _core.ops.shift_right(input, other)


def lerp(input: Tensor, end: Tensor, weight: Operand) -> Tensor:
    """input + weight * (end - input); from the end's side where weight is 0.5 or more."""
    if input.dtype != end.dtype:
        raise RuntimeError(f"expected dtype {input.dtype} for `end` but got dtype {end.dtype}")
    difference = end - input
    if not isinstance(weight, Tensor):
        if abs(weight) < 0.5:
            return input + weight * difference
        return end - difference * (1 - weight)
    if weight.dtype != input.dtype:
        raise RuntimeError(
            f"expected dtype {input.dtype} for `weight` but got dtype {weight.dtype}"
        )
    near = weight.abs() < 0.5
    return _core.where(near, input + weight * difference, end - difference * (1 - weight))


def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """input + value * tensor1 * tensor2."""
    return input + _scaled(tensor1, value) * tensor2


def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
    """input + value * tensor1 / tensor2; integers are a RuntimeError, as division is true."""
    if not (tensor1.is_floating_point() or tensor2.is_floating_point()):
        raise RuntimeError(
            "Integer division with addcdiv is not supported; convert one of the tensors to "
            "a floating dtype"
        )
    return input + _scaled(tensor1, value) / tensor2


def _scaled(input: Tensor, value: float) -> Tensor:
    return input if value == 1 else value * input


def fill(input: Tensor, value: Operand) -> Tensor:
    """A tensor like input that is `value`, a number or 0-d tensor, everywhere."""
    if isinstance(value, Tensor) and value.dim() > 0:
        raise RuntimeError(
            "fill only supports 0-dimension value tensor but got tensor with "
            f"{value.dim()} dimensions."
        )
    nowhere = _core.zeros(input.shape, dtype=_core.bool)
    return _core.where(nowhere, input, value).to(input.dtype)


def fill_(input: Tensor, value: Operand) -> Tensor:
    """fill() in place."""
    if _core.is_grad_enabled() and input.requires_grad:
        return _core._assign_result(input, fill, (value,), {})
    return input.fill_(value)


def zero_(input: Tensor) -> Tensor:
    """Every element becomes 0."""
    return fill_(input, 0)

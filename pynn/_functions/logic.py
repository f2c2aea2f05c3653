"""Truth: comparisons under their other names, logic, and questions about numbers."""

from __future__ import annotations

import math as _math

from pynn import _core
from pynn._core import (
    Tensor,
    bitwise_and as bitwise_and,
    bitwise_not as bitwise_not,
    bitwise_or as bitwise_or,
    bitwise_xor as bitwise_xor,
    eq as eq,
    ge as ge,
    gt as gt,
    le as le,
    lt as lt,
    ne as ne,
)

__all__ = [
    "allclose",
    "equal",
    "greater",
    "greater_equal",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "not_equal",
    "signbit",
]
METHODS: tuple[str, ...] = (
    *__all__,
    *("bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor"),
)
INPLACE: tuple[str, ...] = (
    *("bitwise_not", "eq", "ge", "gt", "le", "lt", "ne"),
    *("greater", "greater_equal", "less", "less_equal", "not_equal"),
    *("logical_and", "logical_not", "logical_or", "logical_xor"),
)

Operand = Tensor | float


def greater(input: Tensor, other: Operand) -> Tensor:
    """input > other, elementwise."""
    return input > other


def greater_equal(input: Tensor, other: Operand) -> Tensor:
    """input >= other, elementwise."""
    return input >= other


def less(input: Tensor, other: Operand) -> Tensor:
    """input < other, elementwise."""
    return input < other


def less_equal(input: Tensor, other: Operand) -> Tensor:
    """input <= other, elementwise."""
    return input <= other


def not_equal(input: Tensor, other: Operand) -> Tensor:
    """input != other, elementwise."""
    return ne(input, other)


def _truth(input: Tensor) -> Tensor:
    return input if input.dtype == _core.bool else ne(input, 0)


def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """True where both are not 0."""
    return _truth(input) & _truth(other)


def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """True where at least one is not 0."""
    return _truth(input) | _truth(other)


def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """True where exactly one is not 0."""
    return _truth(input) ^ _truth(other)


def logical_not(input: Tensor) -> Tensor:
    """True where input is 0."""
    return eq(input, 0)


def isnan(input: Tensor) -> Tensor:
    """True where input is NaN."""
    return ne(input, input)


def isposinf(input: Tensor) -> Tensor:
    """True where input is infinity."""
    return eq(input, _math.inf)


def isneginf(input: Tensor) -> Tensor:
    """True where input is minus infinity."""
    return eq(input, -_math.inf)


def isinf(input: Tensor) -> Tensor:
    """True where input is infinity or minus infinity."""
    return eq(input, _math.inf) | eq(input, -_math.inf)


def isfinite(input: Tensor) -> Tensor:
    """True where input is neither infinite nor NaN."""
    return (input < _math.inf) & (input > -_math.inf)


def signbit(input: Tensor) -> Tensor:
    """True where input is negative, -0 and negative NaN included."""
    if not input.is_floating_point():
        return input < 0
    with _core.no_grad():
        return _core.ops.copysign(1.0, input) < 0


def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Tensor:
    """True where |input - other| <= atol + rtol * |other|; infinities are close to themselves.

    The dtypes are equal (RuntimeError), the tolerances not negative.
    """
    if input.dtype != other.dtype:
        raise RuntimeError(f"{input.dtype} did not match {other.dtype}")
    if rtol < 0 or atol < 0:
        raise RuntimeError(
            f"rtol and atol must be greater than or equal to zero, but got {rtol} and {atol}"
        )
    close = eq(input, other)
    floating = input.is_floating_point()
    if equal_nan and floating:
        close = close | (isnan(input) & isnan(other))
    if rtol == 0 and atol == 0:
        return close
    with _core.no_grad():
        x, y = (input, other) if floating else (input.to(_core.float64), other.to(_core.float64))
        distance = (x - y).abs()
        return close | ((distance <= atol + (rtol * y).abs()) & isfinite(distance))


def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """Whether isclose() holds everywhere."""
    close = isclose(input, other, rtol, atol, equal_nan)
    return bool(close.sum().item() == close.numel())


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether both have the same shape and the same elements."""
    if input.shape != other.shape:
        return False
    return bool(eq(input, other).sum().item() == input.numel())

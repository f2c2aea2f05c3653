"""Rounding, and what replaces numbers that are none."""

from __future__ import annotations

import builtins
import math as _math

from pynn import _core
from pynn._core import Tensor
from pynn._limits import finfo

__all__ = [
    "ceil",
    "fix",
    "floor",
    "frac",
    "nan_to_num",
    "round",
    "trunc",
]
METHODS: tuple[str, ...] = tuple(__all__)
INPLACE: tuple[str, ...] = tuple(__all__)


def floor(input: Tensor) -> Tensor:
    """The greatest integer not above x."""
    return _core.ops.floor(input)


def ceil(input: Tensor) -> Tensor:
    """The smallest integer not below x."""
    return _core.ops.ceil(input)


def trunc(input: Tensor) -> Tensor:
    """The integer part of x."""
    return _core.ops.trunc(input)


def fix(input: Tensor) -> Tensor:
    """trunc()."""
    return trunc(input)


def round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """To the nearest integer, or multiple of 10**-decimals; halves go to the even one."""
    if decimals == 0:
        return _core.ops.round(input)
    if not input.is_floating_point():
        raise RuntimeError(f"round(): decimals is for floating tensors, not {input.dtype}")
    scale = 10.0 ** builtins.abs(decimals)
    if decimals > 0:
        return _core.ops.round(input * scale) / scale
    return _core.ops.round(input / scale) * scale


def frac(input: Tensor) -> Tensor:
    """x - trunc(x)."""
    if not input.is_floating_point():
        raise RuntimeError(f"frac(): expected a floating tensor, not {input.dtype}")
    return input - trunc(input)


def nan_to_num(
    input: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """NaN and infinities replaced; None stands for the dtype's greatest and least number."""
    if not input.is_floating_point():
        return input.clone()
    greatest = finfo(input.dtype).max
    high = greatest if posinf is None else posinf
    low = -greatest if neginf is None else neginf
    x = _core.where(input == _math.inf, high, input)
    x = _core.where(input == -_math.inf, low, x)
    return _core.where(input != input, nan, x)

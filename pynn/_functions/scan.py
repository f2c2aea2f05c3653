"""Scans along a dimension, differences of neighbours, the trapezoidal rule."""

from __future__ import annotations

from typing import Any

from pynn import _core
from pynn._core import Tensor, dtype as _dtype
from pynn._functions.movement import cat
from pynn._functions.reduction import _code

__all__ = [
    "cumprod",
    "cumsum",
    "cumulative_trapezoid",
    "diff",
    "logcumsumexp",
    "trapezoid",
    "trapz",
]
METHODS: tuple[str, ...] = ("cumprod", "cumsum", "diff", "logcumsumexp")
INPLACE: tuple[str, ...] = ("cumprod", "cumsum")


def cumsum(input: Tensor, dim: int, *, dtype: _dtype | None = None) -> Tensor:
    """y[i] = y[i-1] + x[i] along dim, added one by one; int64 for integers and bool."""
    return _core.ops.cumsum(input, dim, _code(dtype))


def cumprod(input: Tensor, dim: int, *, dtype: _dtype | None = None) -> Tensor:
    """y[i] = y[i-1] x[i] along dim; int64 for integers and bool."""
    return _core.ops.cumprod(input, dim, _code(dtype))


def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """log(sum of exp(x[k]) for k <= i) along dim, without overflow."""
    return _core.ops.logcumsumexp(input, dim)


def diff(
    input: Tensor,
    n: int = 1,
    dim: int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
) -> Tensor:
    """x[i+1] - x[i] along dim, n times; of bool, whether neighbours differ.

    prepend and append are joined to input along dim first (PyTorch's n = 0 leaves them out).
    """
    if input.ndim == 0:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if n == 0:
        return input.clone()
    parts = [t for t in (prepend, input, append) if t is not None]
    joined = cat(parts, dim) if len(parts) > 1 else input
    for _ in range(min(n, joined.shape[dim])):
        count = joined.shape[dim]
        left = joined.narrow(dim, 0, max(count - 1, 0))
        right = joined.narrow(dim, min(1, count), max(count - 1, 0))
        joined = left ^ right if joined.dtype == _core.bool else right - left
    return joined


def trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1
) -> Tensor:
    """The integral of y along dim by the trapezoidal rule.

    x holds the sample points (of y's shape, or one vector along dim); else they are dx apart
    (1 by default).
    """
    areas = _areas(y, x, dx, dim, "trapezoid")
    return areas.sum(dim)


trapz = trapezoid


def cumulative_trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1
) -> Tensor:
    """The integrals up to every sample but the first, arguments as trapezoid()."""
    return cumsum(_areas(y, x, dx, dim, "cumulative_trapezoid"), dim)


def _areas(y: Tensor, x: Tensor | None, dx: Any, dim: int, name: str) -> Tensor:
    """(y[i] + y[i+1]) / 2 times the width, for every pair of neighbours along dim."""
    if x is not None and dx is not None:
        raise TypeError(f"{name}(): x and dx exclude each other")
    if not -y.ndim <= dim < y.ndim:
        raise IndexError(f"{name}(): dimension {dim} is out of range for y of shape {y.shape}")
    count = y.shape[dim]
    left, right = (
        y.narrow(dim, 0, max(count - 1, 0)),
        y.narrow(dim, min(1, count), max(count - 1, 0)),
    )
    if x is None:
        return (left + right) * ((1.0 if dx is None else dx) / 2.0)
    if x.ndim == 1:
        if x.shape[0] != count:
            raise RuntimeError(
                f"{name}(): There must be one `x` value for each sample point, "
                f"got {x.shape[0]} for {count}"
            )
        x = x.reshape((-1,) + (1,) * (y.ndim - 1 - dim % y.ndim))
    elif x.ndim < y.ndim:
        x = x.reshape((1,) * (y.ndim - x.ndim) + tuple(x.shape))
    widths = diff(x, dim=dim - y.ndim if dim >= 0 else dim)
    return (left + right) * widths / 2.0

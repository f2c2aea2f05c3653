"""Reductions: products, truth, means that skip NaN, pairs of statistics."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any, NamedTuple

from pynn import _core
from pynn._core import Tensor, dtype as _dtype

__all__ = [
    "all",
    "aminmax",
    "any",
    "logsumexp",
    "nanmean",
    "nansum",
    "prod",
    "std_mean",
    "var_mean",
]
METHODS: tuple[str, ...] = (
    "all",
    "aminmax",
    "any",
    "logsumexp",
    "nanmean",
    "nansum",
    "prod",
)
INPLACE: tuple[str, ...] = ()

Dims = int | Sequence[int] | None


class MinMax(NamedTuple):
    """What aminmax() gives."""

    min: Tensor
    max: Tensor


def _code(dtype: _dtype | None) -> Any:
    """A dtype as an operator takes it; -1 lets the operator decide."""
    return -1 if dtype is None else dtype


def _is_one_axis(dim: Any) -> bool:
    return dim is None or not isinstance(dim, (tuple, list))


def prod(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: _dtype | None = None
) -> Tensor:
    """The product of all elements, or along dim; int64 for integers and bool.

    Multiplies in the fixed order of sums.  The product of nothing is 1.
    """
    if not _is_one_axis(dim):
        raise TypeError(f"prod(): dim must be an int or None, not {dim!r}")
    return _core.ops.prod(input, _core._axes(dim, input.ndim), bool(keepdim), _code(dtype))


def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """True where any element over dim (None: all) is not zero; a NaN is not.

    bool, but uint8 of uint8.  Of nothing: false.
    """
    return _truth(_core.ops.any, input, dim, keepdim)


def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """True where all elements over dim (None: all) are not zero.

    bool, but uint8 of uint8.  Of nothing: true.
    """
    return _truth(_core.ops.all, input, dim, keepdim)


def _truth(op: Any, input: Tensor, dim: Dims, keepdim: bool) -> Tensor:
    if isinstance(dim, (tuple, list)) and not dim and input.ndim:
        kept = input.ne(0)  # no dimension at all: every element by itself
        return kept.to(_core.uint8) if input.dtype == _core.uint8 else kept
    return op(input, _core._axes(dim, input.ndim), bool(keepdim))


def nansum(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: _dtype | None = None
) -> Tensor:
    """sum() with NaN counted as 0."""
    return _without_nan(input).sum(dim, keepdim, dtype=dtype)


def nanmean(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: _dtype | None = None
) -> Tensor:
    """The mean of the elements that are not NaN; NaN where there are none."""
    if not input.dtype.is_floating_point:
        raise RuntimeError(
            f"nanmean(): expected input to have floating point or complex dtype but got "
            f"{input.dtype}"
        )
    count = input.eq(input).sum(dim, keepdim)
    return nansum(input, dim, keepdim, dtype=dtype) / count


def _without_nan(input: Tensor) -> Tensor:
    if not input.dtype.is_floating_point:
        return input
    return _core.where(input.ne(input), 0.0, input)


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> MinMax:
    """(min, max) of all elements or along dim."""
    if not _is_one_axis(dim):
        raise TypeError(f"aminmax(): dim must be an int or None, not {dim!r}")
    if dim is None and input.numel() == 0:
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no "
            f"identity (shape {input.shape})"
        )
    axes: Any = () if dim is None else dim
    return MinMax(input.amin(axes, keepdim), input.amax(axes, keepdim))


def logsumexp(input: Tensor, dim: int | Sequence[int], keepdim: bool = False) -> Tensor:
    """log(sum(exp(input))) over dim, without overflow."""
    return _core.ops.logsumexp(input, _core._axes(dim, input.ndim), bool(keepdim))


def _statistics(
    input: Tensor, dim: Any, unbiased: bool | None, correction: float | None
) -> tuple[Dims, float]:
    """The dimensions and the correction; as in std(unbiased) the first may be a bool."""
    if isinstance(dim, builtins.bool):
        dim, unbiased = None, dim
    if unbiased is not None:
        correction = 1 if unbiased else 0
    return dim, 1 if correction is None else correction


def var_mean(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """(var(), mean()) over dim."""
    dim, correction = _statistics(input, dim, unbiased, correction)
    variance = input.var(dim, keepdim=keepdim, correction=correction)
    return variance, input.mean(dim, keepdim)


def std_mean(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """(std(), mean()) over dim."""
    dim, correction = _statistics(input, dim, unbiased, correction)
    deviation = input.std(dim, keepdim=keepdim, correction=correction)
    return deviation, input.mean(dim, keepdim)

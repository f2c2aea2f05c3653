"""Medians and quantiles, by sorting."""

from __future__ import annotations

from math import nan

from pynn import _core
from pynn._core import Tensor
from pynn._functions._arguments import axis
from pynn._functions.sorting import ValuesIndices, _picked, argsort, sort

__all__ = [
    "median",
    "nanmedian",
    "nanquantile",
    "quantile",
]
METHODS = (
    "median",
    "nanmedian",
    "nanquantile",
    "quantile",
)
INPLACE: tuple[str, ...] = ()


def _middle(input: Tensor, d: int, skip_nan: bool) -> Tensor:
    """The index of the lower median along d, kept as size 1; of the first NaN if there is one."""
    order = argsort(input, d)
    n = input.shape[d] if input.ndim else 1
    if not input.dtype.is_floating_point:
        return _core.narrow(order, d, (n - 1) // 2, 1) if input.ndim else order
    nans = _core.ne(input, input).sum(d, True) if input.ndim else _core.ne(input, input).long()
    numbers = n - nans
    half = _core.arange((n + 1) * 2).div(2).long()  # 0 0 1 1 2 2 ...: (k + 1) // 2 at k + 1
    lower = half[_core.maximum(numbers, 1) - 1]
    where_ = lower if skip_nan else _core.where(nans > 0, numbers, lower)
    return _core.gather(order, d, where_)


def _median(
    input: Tensor, dim: int | None, keepdim: bool, skip_nan: bool
) -> Tensor | ValuesIndices:
    if dim is not None:
        d = axis(dim, input.ndim)
        if input.ndim and input.shape[d] == 0:
            raise IndexError(
                f"median(): Expected reduction dim {d} to have non-zero size, shape {input.shape}"
            )
        return _picked(input, d, _middle(input, d, skip_nan), keepdim)
    if input.numel() == 0:
        if not input.dtype.is_floating_point:
            raise RuntimeError("median(): an integer tensor without elements has no median")
        return _core.full((), nan, dtype=input.dtype)
    flat = input.reshape(-1)
    value = _core.gather(flat, 0, _middle(flat, 0, skip_nan)).reshape(())
    if not value.requires_grad:
        return value
    # All elements equal to the median share its gradient.
    mark = value.detach()
    same = _core.eq(flat, mark) | (_core.ne(flat, flat) & _core.ne(mark, mark))
    return _core.amax(_core.where(same, flat, _core.full((), float("-inf"), dtype=flat.dtype)))


def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | ValuesIndices:
    """The lower median of all elements, or along `dim` with its index; NaN if there is one."""
    return _median(input, dim, keepdim, False)


def nanmedian(
    input: Tensor, dim: int | None = None, keepdim: bool = False
) -> Tensor | ValuesIndices:
    """median() of what is not NaN."""
    return _median(input, dim, keepdim, True)


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(
    input: Tensor,
    q: Tensor | float,
    dim: int | None,
    keepdim: bool,
    interpolation: str,
    skip_nan: bool,
) -> Tensor:
    if input.dtype not in (_core.float32, _core.float64):
        raise RuntimeError("quantile() input tensor must be either float or double dtype")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            f"quantile() interpolation must be one of {', '.join(_INTERPOLATIONS)}, but got "
            f"{interpolation}"
        )
    if input.numel() == 0:
        raise RuntimeError("quantile() input tensor must be non-empty")
    points = q if isinstance(q, Tensor) else _core.full((), float(q), dtype=input.dtype)
    if points.dtype != input.dtype or points.ndim > 1:
        raise RuntimeError(
            "quantile() q tensor must be same dtype as the input tensor and a scalar or 1D tensor, "
            f"not {points.dtype} of shape {points.shape}"
        )
    if not isinstance(q, Tensor) and not 0 <= q <= 1:
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    d = 0 if dim is None else axis(dim, input.ndim)
    flat = input.reshape(-1) if dim is None or input.ndim == 0 else input
    rows = _core.transpose(flat, d, -1)
    n, count = rows.shape[-1], max(points.numel(), 1)
    nans = _core.ne(rows, rows).sum(-1, True)
    numbers = n - nans
    last = (
        _core.where(numbers > 0, numbers - 1, numbers) if skip_nan else _core.full_like(nans, n - 1)
    )
    ranks = points.reshape(-1) * last.to(input.dtype)
    if not skip_nan:
        ranks = _core.where(nans > 0, _core.full((), n - 1, dtype=ranks.dtype), ranks)
    ordered = sort(rows, -1).values
    found = _at_ranks(ordered, ranks, interpolation)
    # (..., count) with the reduced dimension as 1 in its place and the points first
    moved = found.reshape(*found.shape[:-1], 1, count)
    moved = _core.permute(moved, (moved.ndim - 1, *range(moved.ndim - 1)))
    moved = _core.transpose(moved, d + 1, -1)
    if dim is None and keepdim:
        moved = moved.reshape(count, *(1,) * input.ndim)
    elif not keepdim or input.ndim == 0:
        moved = moved.squeeze(d + 1)
    return moved if isinstance(q, Tensor) and q.ndim else moved.squeeze(0)


def _at_ranks(ordered: Tensor, ranks: Tensor, interpolation: str) -> Tensor:
    """Values between neighbours of rows in order: ranks (..., count) of (..., n)."""
    below = ranks.long()
    above = _core.where(below.to(ranks.dtype) < ranks, below + 1, below)
    part = ranks - below.to(ranks.dtype)
    if interpolation == "nearest":
        even = _core.where(_core.eq(below, below.div(2).long() * 2), below, above)
        near = _core.where(part > 0.5, above, below)
        return _core.gather(ordered, -1, _core.where(_core.eq(part, 0.5), even, near))
    if interpolation == "lower":
        return _core.gather(ordered, -1, below)
    if interpolation == "higher":
        return _core.gather(ordered, -1, above)
    low, high = _core.gather(ordered, -1, below), _core.gather(ordered, -1, above)
    if interpolation == "midpoint":
        part = _core.full_like(part, 0.5)
    from_low, from_high = low + part * (high - low), high - (high - low) * (1 - part)
    return _core.where(part < 0.5, from_low, from_high)


def quantile(
    input: Tensor,
    q: Tensor | float,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """The values below which a part q (0 to 1, one or several) of the elements lies.

    Several q give a first dimension.  interpolation between neighbours: "linear", "lower",
    "higher", "midpoint", "nearest".  A NaN makes the result NaN.
    """
    return _quantile(input, q, dim, keepdim, interpolation, False)


def nanquantile(
    input: Tensor,
    q: Tensor | float,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """quantile() of what is not NaN."""
    return _quantile(input, q, dim, keepdim, interpolation, True)

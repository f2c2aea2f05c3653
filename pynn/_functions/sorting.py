"""Orders of elements: sorting, the greatest, medians, quantiles, searches."""

from __future__ import annotations

from math import nan
from typing import NamedTuple

from pynn import _core
from pynn._core import Tensor
from pynn._functions._arguments import axis

__all__ = [
    "argsort",
    "bincount",
    "bucketize",
    "isin",
    "median",
    "mode",
    "msort",
    "nanmedian",
    "nanquantile",
    "quantile",
    "searchsorted",
    "sort",
    "topk",
]
METHODS = (
    "argsort",
    "bincount",
    "median",
    "mode",
    "msort",
    "nanmedian",
    "nanquantile",
    "quantile",
    "sort",
    "topk",
)
INPLACE = ()


class ValuesIndices(NamedTuple):
    """What sort(), topk(), median(dim) and mode() give."""

    values: Tensor
    indices: Tensor


# ---- sorting ---------------------------------------------------------------------------


def argsort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False
) -> Tensor:
    """The indices that sort input along `dim`: always stable; NaN is the greatest value."""
    return _core.ops.argsort(input, axis(dim, input.ndim), bool(descending))


def sort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False
) -> ValuesIndices:
    """(values, indices) in ascending or descending order along `dim`.

    Always stable: of equal elements the lower index comes first.  NaN is the greatest value.
    """
    indices = argsort(input, dim, descending)
    return ValuesIndices(_core.gather(input, dim, indices), indices)


def msort(input: Tensor) -> Tensor:
    """Sorted along dimension 0."""
    return sort(input, 0).values


def topk(
    input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> ValuesIndices:
    """The k greatest (or smallest) elements along `dim`, in order, and their indices.

    Of equal elements the lower index comes first.
    """
    indices = _core.ops.argtopk(input, k, axis(dim, input.ndim), bool(largest))
    return ValuesIndices(_core.gather(input, dim, indices), indices)


def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """The most frequent values along `dim`, the smallest of several, and the last index of each."""
    d = axis(dim, input.ndim)
    return _picked(input, d, _core.unsqueeze(_core.ops.argmode(input, d), d), keepdim)


def _picked(input: Tensor, d: int, indices: Tensor, keepdim: bool) -> ValuesIndices:
    """input at indices, whose size along d is 1."""
    if input.ndim == 0:
        indices = indices.reshape(())
        return ValuesIndices(_core.gather(input, 0, indices), indices)
    values = _core.gather(input, d, indices)
    if keepdim:
        return ValuesIndices(values, indices)
    return ValuesIndices(values.squeeze(d), indices.squeeze(d))


# ---- medians and quantiles -----------------------------------------------------------------


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


# ---- searches ------------------------------------------------------------------------------


def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor | float,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where the values belong in rows that are sorted along the last dimension.

    sequence[i - 1] < value <= sequence[i]; with right (or side="right")
    sequence[i - 1] <= value < sequence[i].  sorter: indices that sort the sequence.
    """
    if side not in (None, "left", "right"):
        raise RuntimeError(f"searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            "searchsorted(): side and right can't be set to opposites, got side of left while "
            "right was True"
        )
    if sorter is not None:
        if sorter.shape != sorted_sequence.shape:
            raise RuntimeError(
                "searchsorted(): boundary and sorter must have the same size, but got boundary "
                f"tensor {sorted_sequence.shape} and got sorter tensor {sorter.shape}"
            )
        if sorter.dtype != _core.int64:
            raise RuntimeError(
                f"searchsorted(): sorter must be a tensor of long dtype but got dtype "
                f"{sorter.dtype}"
            )
        sorted_sequence = _core.gather(sorted_sequence, -1, sorter)
    values = input
    if not isinstance(values, Tensor):
        values = _core.full((), values, dtype=sorted_sequence.dtype)
    number = values.ndim == 0
    if number and sorted_sequence.ndim != 1:
        raise RuntimeError(
            "searchsorted(): input value can be a scalar only when boundaries tensor dimension is "
            f"1, but we got boundaries tensor of shape {sorted_sequence.shape}"
        )
    if number:
        values = values.reshape(1)
    found: Tensor = _core.ops.searchsorted(sorted_sequence, values, bool(right or side == "right"))
    found = found.reshape(()) if number else found
    return found.int() if out_int32 else found


def bucketize(
    input: Tensor | float, boundaries: Tensor, *, out_int32: bool = False, right: bool = False
) -> Tensor:
    """Which bucket between the sorted, 1-d boundaries each value lies in."""
    if boundaries.ndim != 1:
        raise RuntimeError(
            f"bucketize(): boundaries tensor must be 1 dimension, but got shape {boundaries.shape}"
        )
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


def isin(
    elements: Tensor | float,
    test_elements: Tensor | float,
    *,
    assume_unique: bool = False,
    invert: bool = False,
) -> Tensor:
    """True for elements that are among test_elements; with invert for those that are not."""
    if not isinstance(elements, Tensor) and not isinstance(test_elements, Tensor):
        raise TypeError("isin(): elements or test_elements must be a Tensor")
    x = elements if isinstance(elements, Tensor) else _core.as_tensor(elements)
    y = test_elements if isinstance(test_elements, Tensor) else _core.as_tensor(test_elements)
    dtype = _core.result_type(x, y)
    x, y = x.detach().to(dtype), y.detach().to(dtype).reshape(-1)
    if y.numel() == 0:
        return _core.full(x.shape, invert)
    ordered = sort(y).values
    where_ = searchsorted(ordered, x.reshape(-1))
    at = _core.index_select(ordered, 0, _core.minimum(where_, y.numel() - 1))
    found = _core.eq(at.reshape(x.shape), x)
    return _core.bitwise_not(found) if invert else found


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each number 0, 1, ... occurs in a 1-d tensor of integers >= 0: int64.

    With weights their sums, float64 unless they are float32.  Reads values.
    """
    if input.ndim != 1 or input.dtype.is_floating_point or input.dtype == _core.bool:
        raise RuntimeError(
            "bincount only supports 1-d non-negative integral inputs, not "
            f"{input.dtype} of shape {input.shape}"
        )
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if weights is not None and weights.shape != input.shape:
        raise RuntimeError(
            f"weights should be 1-d and have the same length as input: {weights.shape} for "
            f"{input.shape}"
        )
    size = minlength
    if input.numel():
        if int(input.min().item()) < 0:
            raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
        size = max(size, int(input.max().item()) + 1)
    if weights is None:
        added = _core.ones(input.numel(), dtype=_core.int64)
    else:
        added = weights if weights.dtype == _core.float32 else weights.double()
    zeros = _core.zeros(size, dtype=added.dtype)
    return _core.index_add(zeros, 0, input.long(), added)

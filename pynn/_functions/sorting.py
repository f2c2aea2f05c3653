"""Orders of elements: sorting, the greatest, medians, quantiles, searches."""

from __future__ import annotations

from typing import NamedTuple

from pynn import _core
from pynn._core import Tensor
from pynn._functions._arguments import axis

__all__ = [
    "argsort",
    "bincount",
    "bucketize",
    "isin",
    "mode",
    "msort",
    "searchsorted",
    "sort",
    "topk",
]
METHODS = (
    "argsort",
    "bincount",
    "mode",
    "msort",
    "sort",
    "topk",
)
INPLACE: tuple[str, ...] = ()


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

"""Reading and writing at index tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pynn import _core
from pynn._core import Tensor
from pynn._functions._arguments import Number, axis, scalar
from pynn._functions.views import broadcast_shapes

__all__ = [
    "index_copy",
    "index_fill",
    "index_put",
    "put",
    "take",
    "take_along_dim",
]
METHODS = (
    "index_copy",
    "index_fill",
    "index_put",
    "index_put_",
    "put",
    "take",
    "take_along_dim",
)
INPLACE = (
    "index_add",
    "index_copy",
    "index_fill",
    "put",
    "scatter_add",
)

index_add = _core.index_add
scatter_add = _core.scatter_add


# ---- index tensors ---------------------------------------------------------------------


def _put_arguments(
    input: Tensor, indices: Sequence[Tensor | None], values: Tensor
) -> list[Tensor | None]:
    if not isinstance(values, Tensor):
        raise TypeError(f"index_put(): values is a Tensor, not {type(values).__name__}")
    if values.dtype != input.dtype:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{input.dtype} for the destination and {values.dtype} for the source."
        )
    if len(indices) > input.ndim:
        raise IndexError(
            f"too many indices for tensor of dimension {input.ndim} (got {len(indices)})"
        )
    return list(indices)


def index_put(
    input: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False
) -> Tensor:
    """A copy with input[indices] = values, or with values added there."""
    items = _put_arguments(input, indices, values)
    return _core.ops.index_put(input, values, items, accumulate)


def index_put_(
    input: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False
) -> Tensor:
    """input[indices] = values, or values added there one by one, in place."""
    items = _put_arguments(input, indices, values)
    return _core.ops.index_put_(input, values, items, accumulate)


def _along(input: Tensor, dim: int, index: Tensor, name: str) -> tuple[Tensor, list[Any]]:
    """input with at least one dimension, and the items that index `dim`."""
    d = axis(dim, input.ndim)
    if index.ndim > 1:
        raise IndexError(f"{name}(): Index should have dimension 1 or 0 (got {index.ndim})")
    if index.dtype not in (_core.int64, _core.int32):
        raise IndexError(f"{name}(): Expected dtype int64 for index, got {index.dtype}")
    where_ = index.reshape(-1)
    return (input.reshape(1) if input.ndim == 0 else input), [None] * d + [where_]


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy with the slices of source at `index` of `dim`; the last of equal ones stays."""
    target, items = _along(input, dim, index, "index_copy")
    if input.dtype != source.dtype:
        raise RuntimeError(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{input.dtype} and (source) {source.dtype}"
        )
    d = len(items) - 1
    shape = (*target.shape[:d], index.numel(), *target.shape[d + 1 :])
    if source.ndim == 0 and index.numel() == 1:
        source = source.reshape(1).expand(*shape) if target.ndim == 1 else source
    if source.shape != shape:
        raise IndexError(
            f"index_copy_(): source of shape {source.shape} does not fit: expected {shape}"
        )
    return _core.ops.index_put(target, source, items, False).reshape(input.shape)


def index_fill(input: Tensor, dim: int, index: Tensor, value: Tensor | Number) -> Tensor:
    """A copy with `value`, a number or a 0-d tensor, in the slices at `index` of `dim`."""
    target, items = _along(input, dim, index, "index_fill")
    if isinstance(value, Tensor) and value.ndim:
        raise RuntimeError(
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value.ndim} dimension(s)."
        )
    if isinstance(value, Tensor):
        mask = _core.zeros_like(target, dtype=_core.bool)
        mask = _core.ops.index_put(mask, _core.full((), True), items, False)
        return _core.where(mask.reshape(input.shape), value.to(input.dtype), input)
    number = scalar(value, input)
    return _core.ops.index_put(target, number, items, False).reshape(input.shape)


def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements of the flat tensor at `index` (int64), in its shape."""
    if index.dtype != _core.int64:
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {index.dtype}")
    if input.numel() == 0 and index.numel():
        raise IndexError("take(): tried to take from an empty tensor")
    return _core.ops.index(input.reshape(-1), index)


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with the elements of source at `index` of the flat tensor, or added there."""
    if index.dtype != _core.int64:
        raise RuntimeError(f"put_(): Expected a long tensor for index, but got {index.dtype}")
    if index.numel() != source.numel():
        raise RuntimeError(
            "put_(): Expected source and index to have the same number of elements, but got "
            f"source.numel() = {source.numel()}, index.numel() = {index.numel()}"
        )
    if input.dtype != source.dtype:
        raise RuntimeError(
            f"put_(): Expected source and self to have the same dtype, but got {source.dtype} and "
            f"{input.dtype}"
        )
    flat = _core.ops.index_put(input.reshape(-1), source.reshape(-1), index.reshape(-1), accumulate)
    return flat.reshape(input.shape)


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """gather() with the other dimensions broadcast; without `dim`, take()."""
    if indices.dtype not in (_core.int64, _core.int32):
        raise RuntimeError(
            f"take_along_dim(): dtype of indices should be Long but got {indices.dtype}"
        )
    if dim is None:
        return _core.gather(input.reshape(-1), 0, indices.reshape(-1))
    if input.ndim != indices.ndim:
        raise RuntimeError(
            "take_along_dim(): input and indices should have the same number of dimensions, but "
            f"got {input.ndim} dimensions for input, and {indices.ndim} dimensions for indices"
        )
    d = axis(dim, input.ndim)
    if input.ndim == 0:
        return _core.gather(input, d, indices)
    rest = broadcast_shapes(
        (*input.shape[:d], 1, *input.shape[d + 1 :]),
        (*indices.shape[:d], 1, *indices.shape[d + 1 :]),
    )
    source = input.expand(*rest[:d], input.shape[d], *rest[d + 1 :])
    return _core.gather(source, d, indices.expand(*rest[:d], indices.shape[d], *rest[d + 1 :]))

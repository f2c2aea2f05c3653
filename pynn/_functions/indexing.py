"""Reading and writing at indices and masks."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

import numpy as np

from pynn import _core
from pynn._core import Tensor
from pynn._functions._arguments import axis
from pynn._functions.views import broadcast_shapes

__all__ = [
    "argwhere",
    "count_nonzero",
    "index_copy",
    "index_fill",
    "index_put",
    "masked_fill",
    "masked_scatter",
    "masked_select",
    "nonzero",
    "put",
    "scatter",
    "scatter_reduce",
    "take",
    "take_along_dim",
]
METHODS = (
    "argwhere",
    "count_nonzero",
    "index_copy",
    "index_fill",
    "index_put",
    "index_put_",
    "masked_fill",
    "masked_scatter",
    "masked_select",
    "nonzero",
    "put",
    "scatter",
    "scatter_reduce",
    "take",
    "take_along_dim",
)
INPLACE = (
    "index_add",
    "index_copy",
    "index_fill",
    "masked_fill",
    "masked_scatter",
    "put",
    "scatter",
    "scatter_add",
    "scatter_reduce",
)

index_add = _core.index_add
scatter_add = _core.scatter_add
Number = float | int | bool


# ---- masks -------------------------------------------------------------------------------


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Tensor | tuple[Tensor, ...]:
    """Where input is not 0: int64 coordinates (n, ndim) in C order, or one vector a dimension.

    Reads values: a step that uses it cannot be captured.
    """
    if as_tuple and input.ndim == 0:
        input = input.reshape(1)
    found: Tensor = _core.ops.nonzero(input)
    return tuple([found.select(1, d) for d in range(input.ndim)]) if as_tuple else found


def argwhere(input: Tensor) -> Tensor:
    """nonzero(): coordinates (n, ndim)."""
    return _core.ops.nonzero(input)


def count_nonzero(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """How many elements are not 0, in all or along `dim`: int64."""
    return _core.ne(input, 0).sum(dim)


def _check_mask(mask: Tensor, name: str) -> None:
    if not isinstance(mask, Tensor) or mask.dtype != _core.bool:
        kind = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
        raise RuntimeError(f"{name}: expected a mask of dtype bool, got {kind}")


def masked_fill(input: Tensor, mask: Tensor, value: Tensor | Number) -> Tensor:
    """A copy with `value`, a number or a 0-d tensor, where the mask is true; both broadcast."""
    _check_mask(mask, "masked_fill")
    if isinstance(value, Tensor):
        if value.ndim:
            raise RuntimeError(
                "masked_fill only supports a 0-dimensional value tensor, but got tensor with "
                f"{value.ndim} dimension(s)."
            )
        _check_cast(value.dtype, input.dtype)
        return _core.where(mask, value.to(input.dtype), input)
    if isinstance(value, float) and not input.dtype.is_floating_point:
        raise RuntimeError(f"value cannot be converted to type {input.dtype} without overflow")
    return _core.where(mask, _scalar(value, input), input)


def _scalar(value: Number, like: Tensor) -> Tensor:
    return _core.full((), value, dtype=like.dtype)


def _check_cast(source: _core.dtype, target: _core.dtype) -> None:
    if source.is_floating_point and not target.is_floating_point:
        raise RuntimeError(f"value cannot be converted from {source} to {target}")


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask is true, in C order: 1-d.  Both broadcast; reads the mask."""
    _check_mask(mask, "masked_select")
    shape = broadcast_shapes(input.shape, mask.shape)
    found = input.expand(*shape)
    if not shape:
        return found.reshape(1)[mask.reshape(1)]
    return found[mask.expand(*shape)]


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy with the first elements of source, in C order, where the mask is true."""
    _check_mask(mask, "masked_scatter")
    if input.dtype != source.dtype:
        raise RuntimeError(
            "masked_scatter: expected self and source to have same dtypes but got "
            f"{input.dtype} and {source.dtype}"
        )
    shape = broadcast_shapes(input.shape, mask.shape)
    flat = input.expand(*shape).reshape(-1)
    where_ = _core.ops.nonzero(mask.expand(*shape).reshape(-1)).reshape(-1)
    count = where_.numel()
    if count > source.numel():
        raise RuntimeError(
            f"masked_scatter: expected at least {count} elements in source, got {source.numel()}"
        )
    taken = source.reshape(-1).narrow(0, 0, count)
    found = _core.ops.index_put(flat, taken, where_, False)
    return found.reshape(shape)


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
    number = _scalar(value, input)
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


# ---- scatter ---------------------------------------------------------------------------


def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor | Number | None = None,
    *,
    value: Number | None = None,
    reduce: str | None = None,
) -> Tensor:
    """A copy with out[index[i][j]][j] = src[i][j] for dim 0, and so on; src may be a number.

    reduce: "add" or "multiply" instead of writing.  The last of equal places stays.
    """
    source = src if src is not None else value
    if source is None:
        raise TypeError("scatter(): src or value is needed")
    if not isinstance(source, Tensor):
        source = _scalar(source, input).expand(*index.shape)
    if reduce is None:
        return _core.ops.scatter(input, index, source, axis(dim, input.ndim))
    if reduce == "add":
        return _core.scatter_add(input, dim, index, source)
    if reduce == "multiply":
        return scatter_reduce(input, dim, index, source, "prod")
    raise RuntimeError(f"reduce argument must be either add or multiply, not {reduce!r}")


_MODES = {"prod": 0, "amax": 1, "amin": 2}


def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy with every out[index[i][j]][j] reduced with src[i][j] for dim 0, and so on.

    reduce: "sum", "prod", "mean", "amax" or "amin"; without include_self the element itself does
    not count where anything is written.
    """
    if reduce not in ("sum", "mean", *_MODES):
        raise RuntimeError(
            f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}"
        )
    d = axis(dim, input.ndim)
    base = input if include_self else scatter(input, d, index, _identity(reduce, input.dtype))
    if reduce in _MODES:
        return _core.ops.scatter_reduce(base, index, src, d, _MODES[reduce])
    total = _core.scatter_add(base, d, index, src)
    if reduce == "sum":
        return total
    counts = _core.ones_like(input) if include_self else _core.zeros_like(input)
    ones = _core.full((), 1, dtype=input.dtype).expand(*index.shape)
    counts = _core.scatter_add(counts, d, index, ones)
    counts = _core.where(counts == 0, _scalar(1, counts), counts)
    if input.dtype.is_floating_point:
        return total / counts
    whole = np.floor_divide(total.numpy(), counts.numpy())
    return _core.from_numpy(np.asarray(whole))


def _identity(reduce: str, dtype: _core.dtype) -> Number:
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    if dtype.is_floating_point:
        return -inf if reduce == "amax" else inf
    if dtype == _core.bool:
        return reduce == "amin"
    limits = np.iinfo(dtype.name)
    return int(limits.min if reduce == "amax" else limits.max)

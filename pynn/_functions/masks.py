"""What masks and zeros say: selecting, filling, counting."""

from __future__ import annotations

from collections.abc import Sequence

from pynn import _core
from pynn._core import Tensor
from pynn._functions._arguments import Number, scalar
from pynn._functions.views import broadcast_shapes

__all__ = [
    "argwhere",
    "count_nonzero",
    "masked_fill",
    "masked_scatter",
    "masked_select",
    "nonzero",
]
METHODS = (
    "argwhere",
    "count_nonzero",
    "masked_fill",
    "masked_scatter",
    "masked_select",
    "nonzero",
)
INPLACE = (
    "masked_fill",
    "masked_scatter",
)


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
    return _core.where(mask, scalar(value, input), input)


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

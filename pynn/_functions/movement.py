"""Tensors joined, repeated, turned and rolled."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from pynn import _core
from pynn._core import Tensor
from pynn._functions._arguments import axis, tensors as _tensors, unpack
from pynn._functions.views import atleast_1d, atleast_2d, atleast_3d

__all__ = [
    "block_diag",
    "cat",
    "column_stack",
    "concat",
    "concatenate",
    "dstack",
    "flip",
    "fliplr",
    "flipud",
    "hstack",
    "repeat_interleave",
    "roll",
    "rot90",
    "row_stack",
    "stack",
    "tile",
    "vstack",
]
METHODS = ("flip", "fliplr", "flipud", "repeat", "repeat_interleave", "roll", "rot90", "tile")
INPLACE = ()

_cat, _stack, _flip = _core.ops.cat, _core.ops.stack, _core.ops.flip
_narrow = _core.narrow


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors one after another along `dim`; their other sizes are equal.

    The dtype is what all promote to.  Tensors of shape (0,) count for nothing.
    """
    if isinstance(tensors, (list, tuple)):
        return _cat(tensors, dim)
    return _cat(_tensors(tensors, "cat"), dim)


def concat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """cat()."""
    return cat(tensors, dim)


def concatenate(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """cat()."""
    return cat(tensors, dim)


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape along a new dimension `dim`."""
    if isinstance(tensors, (list, tuple)):
        return _stack(tensors, dim)
    return _stack(_tensors(tensors, "stack"), dim)


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Side by side: along dimension 1, of 1-d tensors along 0."""
    found = [atleast_1d(t) for t in _tensors(tensors, "hstack")]
    return cat(found, 0 if found and found[0].ndim == 1 else 1)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """One below the other: along dimension 0 of tensors of at least 2 dimensions."""
    return cat([atleast_2d(t) for t in _tensors(tensors, "vstack")], 0)


def row_stack(tensors: Sequence[Tensor]) -> Tensor:
    """vstack()."""
    return vstack(tensors)


def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """One behind the other: along dimension 2 of tensors of at least 3 dimensions."""
    return cat([atleast_3d(t) for t in _tensors(tensors, "dstack")], 2)


def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """hstack() of columns: 0-d and 1-d tensors become one column each."""
    found = _tensors(tensors, "column_stack")
    return hstack([t.reshape(t.numel(), 1) if t.ndim < 2 else t for t in found])


def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the given matrices along its diagonal, 0 elsewhere.

    0-d and 1-d tensors count as one row.
    """
    found = [atleast_2d(t) for t in _tensors(tensors, "block_diag")]
    if not found:
        return _core.zeros(1, 0)
    width = sum(t.shape[1] for t in found)
    dtype = found[0].dtype
    for t in found:
        if t.ndim != 2:
            raise RuntimeError(f"block_diag(): at most 2 dimensions are expected, not {t.shape}")
        dtype = _core.promote_types(dtype, t.dtype)
    rows, left = [], 0
    for t in found:
        right = width - left - t.shape[1]
        parts = [_core.zeros(t.shape[0], left, dtype=dtype), t.to(dtype)]
        rows.append(cat([*parts, _core.zeros(t.shape[0], right, dtype=dtype)], 1))
        left += t.shape[1]
    return cat(rows, 0)


# ---- repeated ------------------------------------------------------------------------


def repeat(input: Tensor, *repeats: int | Sequence[int]) -> Tensor:
    """The tensor laid out so many times along every dimension, the last one last.

    More numbers than dimensions add dimensions in front.
    """
    counts = unpack(repeats)
    lead = len(counts) - input.ndim
    if lead < 0:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            f"tensor: {counts} for shape {input.shape}"
        )
    if any(n < 0 for n in counts):
        raise RuntimeError(f"Trying to create tensor with negative dimension: repeats {counts}")
    found = input.reshape((1,) * lead + input.shape)
    for d in range(len(counts)):
        if counts[d] == 1:
            continue
        shape = found.shape
        if shape[d] == 1:
            found = found.expand(*shape[:d], counts[d], *shape[d + 1 :])
            continue
        # (a, n, b) as (a, 1, n, b), expanded to (a, count, n, b), joined again
        before, after = prod(shape[:d]), prod(shape[d + 1 :])
        flat = found.reshape(before, 1, shape[d], after)
        wide = flat.expand(before, counts[d], shape[d], after)
        found = wide.reshape(*shape[:d], counts[d] * shape[d], *shape[d + 1 :])
    return found.clone() if found.is_contiguous() and _shares(found, input) else found.contiguous()


def _shares(a: Tensor, b: Tensor) -> bool:
    return a.data_ptr() == b.data_ptr()


def tile(input: Tensor, *args: int | Sequence[int], dims: Sequence[int] | None = None) -> Tensor:
    """repeat(), but fewer numbers than dimensions count for the last dimensions."""
    counts = unpack(args) if dims is None else tuple(dims)
    return repeat(input, *(1,) * (input.ndim - len(counts)), *counts)


def repeat_interleave(
    input: Tensor,
    repeats: Tensor | int | None = None,
    dim: int | None = None,
    *,
    output_size: int | None = None,
) -> Tensor:
    """Every slice of `dim` so many times in a row; without `dim`, of the flat tensor.

    repeats: a number, or one number for each slice (which reads the values).
    repeat_interleave(repeats) alone gives the indices: 0 repeats[0] times, 1 repeats[1] times, ...
    """
    if repeats is None:
        if input.ndim != 1:
            raise RuntimeError("repeat_interleave only accepts 1D vector as repeat")
        return _repeated_indices(input, input.numel(), output_size)
    if dim is None:
        input, dim = input.reshape(-1), 0
    d = axis(dim, input.ndim)
    if input.ndim == 0:
        input = input.reshape(1)
    size = input.shape[d]
    if isinstance(repeats, Tensor):
        if repeats.ndim > 1 or (repeats.numel() not in (1, size)):
            raise RuntimeError(
                "repeats must have the same size as input along dim, but got repeats.shape = "
                f"{repeats.shape} and input.shape[{d}] = {size}"
            )
        where = _repeated_indices(repeats.reshape(-1), size, output_size)
        return _core.index_select(input, d, where)
    if repeats < 0:
        raise RuntimeError(f"Repeats must be non-negative, got {repeats}")
    before, after = prod(input.shape[:d]), prod(input.shape[d + 1 :])
    wide = input.reshape(before * size, 1, after).expand(before * size, repeats, after)
    found = wide.reshape(*input.shape[:d], size * repeats, *input.shape[d + 1 :])
    return found.clone() if repeats == 1 else found.contiguous()


def _repeated_indices(repeats: Tensor, size: int, output_size: int | None) -> Tensor:
    """0 repeats[0] times, 1 repeats[1] times, ...: int64."""
    if repeats.dtype not in (_core.int64, _core.int32):
        raise RuntimeError(f"repeats has to be Long or Int tensor, not {repeats.dtype}")
    counts = repeats.detach().expand(size).numpy()
    if counts.size and counts.min() < 0:
        raise RuntimeError("repeats can not be negative")
    if output_size is not None and int(counts.sum()) != output_size:
        raise RuntimeError(
            f"repeat_interleave: output_size is {output_size}, but repeats add up to "
            f"{int(counts.sum())}"
        )
    import numpy as np

    return _core.from_numpy(np.repeat(np.arange(size), counts)).to(repeats.dtype)


# ---- turned and rolled ---------------------------------------------------------------


def flip(input: Tensor, *args: int | Sequence[int], dims: Sequence[int] | None = None) -> Tensor:
    """A copy with the order along dims reversed: flip(x, (0, 1)), flip(x, 0, 1)."""
    return _flip(input, unpack(args) if dims is None else tuple(dims))


def fliplr(input: Tensor) -> Tensor:
    """flip() of dimension 1."""
    if input.ndim < 2:
        raise RuntimeError(f"Input must be >= 2-d, not of shape {input.shape}")
    return flip(input, 1)


def flipud(input: Tensor) -> Tensor:
    """flip() of dimension 0."""
    if input.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, 0)


def roll(
    input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None
) -> Tensor:
    """Elements moved on by `shifts` along `dims`; what leaves at the end comes in in front.

    Without dims the flat tensor is rolled.
    """
    moves = unpack((shifts,))
    if dims is None or dims == ():
        if len(moves) != 1:
            raise RuntimeError(f"`shifts` {moves} needs as many dims")
        return roll(input.reshape(-1), moves, 0).reshape(input.shape)
    where = unpack((dims,))
    if len(moves) != len(where):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {moves}, dims: {where}")
    found = input
    for move, dim in zip(moves, where, strict=True):
        d = axis(dim, input.ndim)
        size = found.shape[d] if found.ndim else 1
        cut = -move % size if size else 0
        if cut:
            first, second = _narrow(found, d, cut, size - cut), _narrow(found, d, 0, cut)
            found = _cat(first, second, d)
    return _core.clone(input) if found is input else found


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Turned k times by 90 degrees from the first of `dims` towards the second."""
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {tuple(dims)}")
    if input.ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {input.ndim}")
    first, second = (axis(d, input.ndim) for d in dims)
    if first == second:
        raise RuntimeError(f"expected rotation dims to be different, but got {tuple(dims)}")
    turns = k % 4
    if turns == 1:
        return flip(input, second).transpose(first, second).contiguous()
    if turns == 2:
        return flip(input, first, second)
    if turns == 3:
        return flip(input, first).transpose(first, second).contiguous()
    return _core.clone(input)

"""Matrices of a pattern: diagonals, triangles, powers."""

from __future__ import annotations

from pynn import _core
from pynn._core import Tensor, dtype as _dtype
from pynn._functions.movement import stack
from pynn._functions.views import diagonal

__all__ = [
    "diag",
    "diag_embed",
    "diagflat",
    "tril",
    "tril_indices",
    "triu",
    "triu_indices",
    "vander",
]
METHODS = (
    "diag",
    "diag_embed",
    "diagflat",
    "tril",
    "triu",
)
INPLACE = (
    "tril",
    "triu",
)


def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A matrix with a vector on its diagonal, or a copy of a matrix's diagonal."""
    if input.ndim == 1:
        return diag_embed(input, diagonal)
    if input.ndim == 2:
        return _core.clone(_core.ops.diagonal(input, diagonal, 0, 1))
    raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """diag() of the flat tensor."""
    return diag_embed(input.reshape(-1), offset)


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices in dimensions dim1 and dim2 with input's last dimension on their diagonal."""
    if input.ndim == 0:
        raise IndexError("Dimension out of range (expected to be in range of [-1, 0], but got -2)")
    size = input.shape[-1] + abs(offset)
    found = _core.zeros(*input.shape[:-1], size, size, dtype=input.dtype)
    diagonal(found, offset, -2, -1).copy_(input)
    first, second = dim1 % found.ndim, dim2 % found.ndim
    for d in (dim1, dim2):
        if not -found.ndim <= d < found.ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-found.ndim}, "
                f"{found.ndim - 1}], but got {d})"
            )
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    order = list(range(found.ndim - 2))
    for d, axis in sorted(((first, found.ndim - 2), (second, found.ndim - 1))):
        order.insert(d, axis)
    return _core.permute(found, order)


def _triangle(input: Tensor, k: int, upper: bool) -> Tensor:
    if input.ndim < 2:
        raise RuntimeError(
            f"{'triu' if upper else 'tril'}: input tensor must have at least 2 dimensions, not "
            f"shape {input.shape}"
        )
    rows = _core.arange(input.shape[-2]).unsqueeze(1)
    distance = _core.arange(input.shape[-1]) - rows
    kept = _core.ge(distance, k) if upper else _core.le(distance, k)
    return _core.where(kept, input, _core.zeros((), dtype=input.dtype))


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """A copy of matrices with 0 above a diagonal (diagonal > 0 lies above the main one)."""
    return _triangle(input, diagonal, False)


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """A copy of matrices with 0 below a diagonal (diagonal > 0 lies above the main one)."""
    return _triangle(input, diagonal, True)


def _triangle_indices(row: int, col: int, k: int, upper: bool, dtype: _dtype | None) -> Tensor:
    if row < 0 or col < 0:
        raise RuntimeError(f"row and col must be non-negative, got row: {row}, col: {col}")
    distance = _core.arange(col) - _core.arange(row).unsqueeze(1)
    kept = _core.ge(distance, k) if upper else _core.le(distance, k)
    found = _core.ops.nonzero(kept)
    return _core.transpose(found, 0, 1).contiguous().to(dtype or _core.int64)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: _dtype | None = None) -> Tensor:
    """The coordinates (2, n) of the lower triangle of a row x col matrix, row by row."""
    return _triangle_indices(row, col, offset, False, dtype)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: _dtype | None = None) -> Tensor:
    """The coordinates (2, n) of the upper triangle of a row x col matrix, row by row."""
    return _triangle_indices(row, col, offset, True, dtype)


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers 0 .. N - 1 of a vector as columns, the highest first unless increasing."""
    if x.ndim != 1:
        raise RuntimeError(f"x must be a one-dimensional tensor, not of shape {x.shape}")
    n = x.shape[0] if N is None else N
    if n < 0:
        raise RuntimeError("N must be non-negative.")
    base = x if x.dtype.is_floating_point else x.long()
    column, columns = _core.ones_like(base), []
    for _ in range(n):
        columns.append(column)
        column = column * base
    if not columns:
        return _core.empty(x.shape[0], 0, dtype=base.dtype)
    return stack(columns if increasing else columns[::-1], 1)

"""Distinct values, sorted or in the order in which they come."""

from __future__ import annotations

from math import prod

from pynn import _core
from pynn._core import Tensor
from pynn._functions._arguments import axis
from pynn._functions.movement import cat, repeat_interleave
from pynn._functions.sorting import argsort

__all__ = ["unique", "unique_consecutive"]
METHODS = ("unique", "unique_consecutive")
INPLACE = ()


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Tensor | tuple[Tensor, ...]:
    """The distinct values in ascending order; with `dim` the distinct slices.

    return_inverse adds where each element (slice) went, return_counts how many went there.
    Every NaN is a value of its own.  Reads values: it cannot be captured.
    """
    rows = _rows(input, dim)
    order = _lexical_order(rows)
    ordered = _core.index_select(rows, 0, order)
    inverse = None
    starts = _starts(ordered)
    if return_inverse:
        places = _places(starts, rows.shape[0])
        inverse = _core.ops.index_put(_core.empty_like(order), places, order, False)
    return _result(input, dim, ordered, starts, inverse, return_counts)


def unique_consecutive(
    input: Tensor,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Tensor | tuple[Tensor, ...]:
    """The elements (slices of `dim`) without those equal to the one before them."""
    rows = _rows(input, dim)
    starts = _starts(rows)
    inverse = _places(starts, rows.shape[0]) if return_inverse else None
    return _result(input, dim, rows, starts, inverse, return_counts)


def _rows(input: Tensor, dim: int | None) -> Tensor:
    """What is compared, as the rows of a matrix."""
    if dim is None:
        return input.detach().reshape(-1, 1)
    d = axis(dim, input.ndim)
    if input.ndim == 0:
        return input.detach().reshape(1, 1)
    if input.shape[d] == 0 and input.numel() == 0 and prod(input.shape) == 0:
        rest = [n for k, n in enumerate(input.shape) if k != d]
        if 0 in rest:
            raise RuntimeError(
                f"There are 0 sized dimensions, and they aren't selected: unique() of shape "
                f"{input.shape} along dimension {d}"
            )
    turned = _core.transpose(input.detach(), 0, d)
    return turned.reshape(input.shape[d], -1) if input.numel() else turned.reshape(0, 1)


def _lexical_order(rows: Tensor) -> Tensor:
    """The order of the rows by their first element, then their second, ...: stable sorts from
    the last column to the first."""
    order = _core.arange(rows.shape[0])
    for column in range(rows.shape[1] - 1, -1, -1):
        values = _core.index_select(_core.select(rows, 1, column), 0, order)
        order = _core.index_select(order, 0, argsort(values, 0))
    return order


def _starts(rows: Tensor) -> Tensor:
    """Where runs of equal rows start."""
    n = rows.shape[0]
    if n == 0:
        return _core.arange(0)
    differ = _core.ne(_core.narrow(rows, 0, 1, n - 1), _core.narrow(rows, 0, 0, n - 1))
    if differ.shape[1] > 1:
        differ = differ.sum(1)
    later = _core.select(_core.ops.nonzero(differ), 1, 0) + 1
    return cat([_core.zeros(1, dtype=_core.int64), later])


def _counts(starts: Tensor, n: int) -> Tensor:
    """The lengths of the runs."""
    if n == 0:
        return starts
    ends = cat([_core.narrow(starts, 0, 1, starts.numel() - 1), _core.full((1,), n)])
    return ends - starts


def _places(starts: Tensor, n: int) -> Tensor:
    """For every row the number of its run."""
    return repeat_interleave(_counts(starts, n))


def _result(
    input: Tensor,
    dim: int | None,
    rows: Tensor,
    starts: Tensor,
    inverse: Tensor | None,
    return_counts: bool,
) -> Tensor | tuple[Tensor, ...]:
    found = _core.index_select(rows, 0, starts)
    if dim is None or input.ndim == 0:
        values = found.reshape(-1)
    else:
        d = axis(dim, input.ndim)
        shape = list(_core.transpose(input.detach(), 0, d).shape)
        shape[0] = found.shape[0]
        values = _core.transpose(found.reshape(*shape), 0, d).contiguous()
    results = [values]
    if inverse is not None:
        results.append(inverse.reshape(input.shape) if dim is None else inverse)
    if return_counts:
        results.append(_counts(starts, rows.shape[0]))
    return results[0] if len(results) == 1 else tuple(results)

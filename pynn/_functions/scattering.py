"""Writing at an index along one dimension."""

from __future__ import annotations

from math import inf

import numpy as np

from pynn import _core
from pynn._core import Tensor
from pynn._functions._arguments import Number, axis, scalar
from pynn._functions.arithmetic import floor_divide

__all__ = [
    "scatter",
    "scatter_reduce",
]
METHODS = (
    "scatter",
    "scatter_reduce",
)
INPLACE = (
    "scatter",
    "scatter_reduce",
)


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
        source = scalar(source, input).expand(*index.shape)
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
    counts = _core.where(counts == 0, scalar(1, counts), counts)
    if input.dtype.is_floating_point:
        return total / counts
    return floor_divide(total, counts)


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

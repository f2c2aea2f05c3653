"""Arguments that are one number, or one for each spatial dimension."""

from __future__ import annotations

import operator
from collections.abc import Sequence

from pynn._core import Tensor

Ints = int | Sequence[int]
MaybeInts = int | None | Sequence[int | None]


def per_dim(value: Ints, ndim: int, name: str) -> tuple[int, ...]:
    """(value,) * ndim, or the value itself, which must have ndim items (or one)."""
    if type(value) is int:
        return (value,) * ndim
    if not isinstance(value, Sequence):
        return (operator.index(value),) * ndim
    found = tuple(map(operator.index, value))
    if len(found) == 1:
        return found * ndim
    if len(found) != ndim:
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of {ndim} values to match "
            f"the dimensions, but got {name}={list(found)}"
        )
    return found


def pool_stride(stride: Ints | None, kernel: tuple[int, ...]) -> tuple[int, ...]:
    """A stride that is not given is the kernel."""
    if stride is None or (not isinstance(stride, int) and len(stride) == 0):
        return kernel
    return per_dim(stride, len(kernel), "stride")


def adaptive_size(output_size: MaybeInts, input: Tensor, ndim: int) -> tuple[int, ...]:
    """The sizes of the output; None keeps the input's."""
    if output_size is None or isinstance(output_size, int):
        given: Sequence[int | None] = (output_size,) * ndim
    else:
        given = output_size
        if len(given) == 1:
            given = tuple(given) * ndim
    if len(given) != ndim:
        raise RuntimeError(f"output_size must be {ndim} sizes, got {tuple(given)}")
    sizes = input.shape[-ndim:]
    return tuple(s if g is None else int(g) for g, s in zip(given, sizes, strict=False))

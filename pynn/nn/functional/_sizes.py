"""Arguments that are one number, or one for each spatial dimension."""

from __future__ import annotations

import operator
from collections.abc import Sequence

Ints = int | Sequence[int]


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

"""What functions of tensors do with their arguments: dimensions, sizes, lists of tensors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index

from pynn import _core
from pynn._core import Tensor

Number = float | int | bool


def axis(dim: int, ndim: int) -> int:
    """`dim` counted from the front; a 0-d tensor has 0 and -1.  IndexError names the range."""
    n = max(ndim, 1)
    d = index(dim)
    if not -n <= d < n:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {d})"
        )
    return d + n if d < 0 else d


def axes(dims: int | Iterable[int], ndim: int) -> list[int]:
    """Dimensions from the front; one that is named twice is a RuntimeError."""
    found = [axis(d, ndim) for d in ([dims] if isinstance(dims, int) else dims)]
    for d in found:
        if found.count(d) > 1:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return found


def unpack(values: tuple[int | Sequence[int], ...]) -> tuple[int, ...]:
    """Sizes given one by one, or as one sequence."""
    if len(values) == 1 and not hasattr(values[0], "__index__"):
        return tuple([index(v) for v in values[0]])
    return tuple([index(v) for v in values])  # type: ignore[arg-type]


def tensors(values: Iterable[Tensor], name: str) -> list[Tensor]:
    """A list of tensors; TypeError for what is none."""
    if isinstance(values, Tensor):
        raise TypeError(f"{name}(): expected a tuple or list of Tensors, not a Tensor")
    found = list(values)
    for k, value in enumerate(found):
        if not isinstance(value, Tensor):
            raise TypeError(f"{name}(): item {k} is not a Tensor but a {type(value).__name__}")
    return found


def scalar(value: Number, like: Tensor) -> Tensor:
    """A 0-d tensor of the number, of another tensor's dtype."""
    return _core.full((), value, dtype=like.dtype)

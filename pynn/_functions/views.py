"""Other shapes on the same memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

from pynn import _core
from pynn._core import Tensor
from pynn._functions._arguments import axes, axis, tensors as _tensors, unpack

__all__ = [
    "adjoint",
    "as_strided",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_shapes",
    "broadcast_tensors",
    "broadcast_to",
    "diagonal",
    "diagonal_scatter",
    "moveaxis",
    "movedim",
    "ravel",
    "select_scatter",
    "slice_scatter",
    "swapaxes",
    "swapdims",
    "unflatten",
]
METHODS = (
    "adjoint",
    "as_strided",
    "broadcast_to",
    "diagonal",
    "diagonal_scatter",
    "moveaxis",
    "movedim",
    "ravel",
    "select_scatter",
    "slice_scatter",
    "swapaxes",
    "swapdims",
    "unflatten",
    "unfold",
)
INPLACE: tuple[str, ...] = ()


# ---- the order and number of dimensions ------------------------------------------------


def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """transpose()."""
    return _core.transpose(input, axis0, axis1)


def swapdims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """transpose()."""
    return _core.transpose(input, dim0, dim1)


def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Dimensions `source` moved to `destination`; the others keep their order."""
    if isinstance(source, int) and isinstance(destination, int) and input.ndim:
        order = list(range(input.ndim))
        order.insert(axis(destination, input.ndim), order.pop(axis(source, input.ndim)))
        return _core.permute(input, order)
    old, new = axes(source, input.ndim), axes(destination, input.ndim)
    if len(old) != len(new):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({source}) should contain the "
            f"same number of dims as destination ({destination})"
        )
    if input.ndim == 0:
        return input.view(())
    order = [d for d in range(input.ndim) if d not in old]
    for where, what in sorted(zip(new, old, strict=True)):
        order.insert(where, what)
    return _core.permute(input, order)


def moveaxis(
    input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]
) -> Tensor:
    """movedim()."""
    return movedim(input, source, destination)


def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions exchanged; of real numbers that is the conjugate transpose."""
    if input.ndim == 0:
        return input
    if input.ndim == 1:
        raise RuntimeError("tensor.adjoint() is only supported on matrices or batches of matrices")
    return _core.transpose(input, -2, -1)


def ravel(input: Tensor) -> Tensor:
    """One dimension; copies only if no view can have it."""
    return _core.reshape(input, (-1,))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Dimension `dim` as several, of these sizes (one may be -1)."""
    d = axis(dim, input.ndim)
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    known, free = 1, 0
    for size in sizes:
        known *= 1 if size == -1 else size
        free += size == -1
    have = input.shape[d] if input.ndim else 1
    if free > 1 or (known != have if not free else known <= 0 or have % known):
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {d} "
            f"({have}) in the input tensor"
        )
    filled = [have // known if size == -1 else size for size in sizes]
    return input.view(*input.shape[:d], *filled, *input.shape[d + 1 :])


@overload
def atleast_1d(*tensors: Tensor) -> Tensor: ...
@overload
def atleast_1d(*tensors: Sequence[Tensor]) -> tuple[Tensor, ...]: ...
def atleast_1d(*tensors):  # type: ignore[no-untyped-def]
    """0-d tensors as shape (1,), the others as they are; several give a tuple."""
    return _each(lambda t: t.reshape(1) if t.ndim == 0 else t, tensors, "atleast_1d")


@overload
def atleast_2d(*tensors: Tensor) -> Tensor: ...
@overload
def atleast_2d(*tensors: Sequence[Tensor]) -> tuple[Tensor, ...]: ...
def atleast_2d(*tensors):  # type: ignore[no-untyped-def]
    """Tensors of fewer dimensions as rows: (1, n)."""
    return _each(lambda t: t.reshape(1, -1) if t.ndim < 2 else t, tensors, "atleast_2d")


@overload
def atleast_3d(*tensors: Tensor) -> Tensor: ...
@overload
def atleast_3d(*tensors: Sequence[Tensor]) -> tuple[Tensor, ...]: ...
def atleast_3d(*tensors):  # type: ignore[no-untyped-def]
    """0-d as (1, 1, 1), 1-d as (1, n, 1), 2-d as (n, m, 1)."""

    def shaped(t: Tensor) -> Tensor:
        if t.ndim < 2:
            return t.reshape(1, t.numel(), 1)
        return t.unsqueeze(-1) if t.ndim == 2 else t

    return _each(shaped, tensors, "atleast_3d")


def _each(function: Callable[[Tensor], Tensor], tensors: Any, name: str) -> Any:
    if len(tensors) == 1 and isinstance(tensors[0], Tensor):
        return function(tensors[0])
    listed = tensors[0] if len(tensors) == 1 else tensors
    return tuple(function(t) for t in _tensors(listed, name))


# ---- broadcasting ------------------------------------------------------------------------


def broadcast_shapes(*shapes: int | Sequence[int]) -> tuple[int, ...]:
    """The shape that tensors of these shapes broadcast to."""
    listed = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    ndim = max((len(s) for s in listed), default=0)
    found = [1] * ndim
    for shape in listed:
        for d, size in enumerate(shape, ndim - len(shape)):
            if size < 0:
                raise RuntimeError(f"Trying to create tensor with negative dimension: {shape}")
            if size == 1 or size == found[d]:
                continue
            if found[d] != 1:
                raise RuntimeError(
                    "Shape mismatch: objects cannot be broadcast to a single shape: "
                    f"{', '.join(map(str, listed))}"
                )
            found[d] = size
    return tuple(found)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """expand(size)."""
    return input.expand(*size)


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors expanded to the shape that they broadcast to."""
    found = _tensors(
        tensors[0] if tensors and isinstance(tensors[0], (tuple, list)) else tensors,
        "broadcast_tensors",
    )
    shape = broadcast_shapes(*[t.shape for t in found])
    return tuple(t.expand(*shape) for t in found)


# ---- diagonals, windows, strides -----------------------------------------------------------


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two dimensions as the last one; offset > 0 lies above the main one."""
    return _core.ops.diagonal(input, offset, dim1, dim2)


def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """All windows of `size` elements of a dimension, `step` apart, as a view.

    (..., n, ...) gives (..., (n - size) // step + 1, ..., size).
    """
    return _core.ops.unfold(input, dimension, size, step)


def as_strided(
    input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """Any sizes and strides over the tensor's memory, from element `storage_offset` of it.

    What does not fit the memory is a RuntimeError.
    """
    sizes, strides = unpack((size,)), unpack((stride,))
    if len(sizes) != len(strides):
        raise RuntimeError(
            f"mismatch in length of strides and shape: {len(strides)} strides for {len(sizes)} "
            "sizes"
        )
    offset = input.storage_offset() if storage_offset is None else storage_offset
    return _core.ops.as_strided(input, sizes, strides, offset)


# ---- a copy with one view written ----------------------------------------------------------


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of input with src in place of select(dim, index)."""
    return _written(input, src, lambda t: _core.select(t, dim, index), "select_scatter")


def slice_scatter(
    input: Tensor,
    src: Tensor,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Tensor:
    """A copy of input with src in place of the slice start:end:step of `dim`."""
    key = (slice(None),) * axis(dim, input.ndim) + (slice(start, end, step),)
    return _written(input, src, lambda t: t[key], "slice_scatter")


def diagonal_scatter(
    input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> Tensor:
    """A copy of input with src in place of diagonal(offset, dim1, dim2)."""
    return _written(input, src, lambda t: diagonal(t, offset, dim1, dim2), "diagonal_scatter")


def _written(input: Tensor, src: Tensor, view: Callable[[Tensor], Tensor], name: str) -> Tensor:
    found = _core.clone(input)
    target = view(found)
    if target.shape != src.shape:
        raise RuntimeError(
            f"{name}: expected src to have a size equal to the part that it replaces. src: "
            f"{src.shape}, part: {target.shape}"
        )
    target.copy_(src)
    return found

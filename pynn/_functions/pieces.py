"""Tensors cut into pieces, all views of the same memory."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index

from pynn import _core
from pynn._core import Tensor
from pynn._functions._arguments import axis

__all__ = [
    "chunk",
    "dsplit",
    "hsplit",
    "split",
    "split_with_sizes",
    "tensor_split",
    "unbind",
    "unsafe_chunk",
    "unsafe_split",
    "vsplit",
]
METHODS = (
    "chunk",
    "dsplit",
    "hsplit",
    "split",
    "split_with_sizes",
    "tensor_split",
    "unbind",
    "unsafe_chunk",
    "unsafe_split",
    "vsplit",
)
INPLACE: tuple[str, ...] = ()


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices of `dim`, without it."""
    if input.ndim == 0:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    d = axis(dim, input.ndim)
    return tuple([_core.select(input, d, k) for k in range(input.shape[d])])


def split(
    tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0
) -> tuple[Tensor, ...]:
    """Views of pieces of a size (the last may be smaller), or of the sizes listed."""
    if not isinstance(split_size_or_sections, int):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    size, d = split_size_or_sections, _piece_axis(tensor, dim, "split")
    total = tensor.shape[d]
    if size < 0 or (size == 0 and total):
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0:
        return (_core.narrow(tensor, d, 0, 0),)
    starts = range(0, max(total, 1), size)
    return tuple([_core.narrow(tensor, d, k, min(size, total - k)) for k in starts])


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views of pieces of these sizes, which add up to the size of `dim`."""
    d = _piece_axis(input, dim, "split_with_sizes")
    sizes = [index(s) for s in split_sizes]
    if sum(sizes) != input.shape[d] or any(s < 0 for s in sizes):
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {input.shape[d]} (input "
            f"tensor's size at dimension {d}), but got split_sizes={sizes}"
        )
    found, at = [], 0
    for size in sizes:
        found.append(_core.narrow(input, d, at, size))
        at += size
    return tuple(found)


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most so many views of equal pieces; the last may be smaller."""
    d = _piece_axis(input, dim, "chunk")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = -(-input.shape[d] // chunks)
    if size == 0:
        return split_with_sizes(input, [0] * chunks, d)
    return split(input, size, d)


def unsafe_split(tensor: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """split()."""
    return split(tensor, split_size, dim)


def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """chunk()."""
    return chunk(input, chunks, dim)


def _piece_axis(input: Tensor, dim: int, name: str) -> int:
    if input.ndim == 0:
        raise RuntimeError(f"{name} expects at least a 1-dimensional tensor")
    return axis(dim, input.ndim)


def tensor_split(
    input: Tensor, indices_or_sections: int | Sequence[int] | Tensor, dim: int = 0
) -> tuple[Tensor, ...]:
    """So many pieces whose sizes differ by at most 1, or pieces that begin at the indices."""
    d = _piece_axis(input, dim, "tensor_split")
    total = input.shape[d]
    if isinstance(indices_or_sections, Tensor):
        if indices_or_sections.dtype != _core.int64 or indices_or_sections.ndim > 1:
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or "
                f"one-dimensional int64 tensor, but got {indices_or_sections.dtype} of shape "
                f"{indices_or_sections.shape}"
            )
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, int):
        count = indices_or_sections
        if count <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {count}")
        least, more = divmod(total, count)
        return split_with_sizes(input, [least + (k < more) for k in range(count)], d)
    found, start = [], 0
    for stop in [*indices_or_sections, total]:
        first, last, _ = slice(start, stop).indices(total)
        found.append(_core.narrow(input, d, first, max(last - first, 0)))
        start = stop
    return tuple(found)


def hsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """tensor_split() along dimension 1, of a 1-d tensor along 0; sections are equal."""
    return _equal_split(input, indices_or_sections, 0 if input.ndim == 1 else 1, 1, "hsplit")


def vsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """tensor_split() along dimension 0 of at least 2; sections are equal."""
    return _equal_split(input, indices_or_sections, 0, 2, "vsplit")


def dsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """tensor_split() along dimension 2 of at least 3; sections are equal."""
    return _equal_split(input, indices_or_sections, 2, 3, "dsplit")


def _equal_split(
    input: Tensor, parts: int | Sequence[int], dim: int, least: int, name: str
) -> tuple[Tensor, ...]:
    if input.ndim < least:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor "
            f"with {input.ndim} dimensions!".replace("torch.", "")
        )
    if isinstance(parts, int) and (parts <= 0 or input.shape[dim] % parts):
        raise RuntimeError(
            f"{name} attempted to split along dimension {dim}, but the size of the dimension "
            f"{input.shape[dim]} is not divisible by the split_size {parts}!"
        )
    return tensor_split(input, parts, dim)

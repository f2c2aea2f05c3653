"""The partial inverse of max pooling."""

from __future__ import annotations

from collections.abc import Sequence

from pynn import _core
from pynn._core import Tensor
from pynn.nn.functional._sizes import Ints, per_dim, pool_stride

__all__ = [
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
]


def _unpool(
    ndim: int,
    input: Tensor,
    indices: Tensor,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    output_size: Sequence[int] | None,
) -> Tensor:
    name = f"max_unpool{ndim}d"
    kernel = per_dim(kernel_size, ndim, "kernel_size")
    steps, pads = pool_stride(stride, kernel), per_dim(padding, ndim, "padding")
    if indices.dtype is not _core.int64:
        raise RuntimeError(
            f"{name}(): elements in indices should be type int64 but got: {indices.dtype}"
        )
    if input.ndim not in (ndim + 1, ndim + 2):
        raise RuntimeError(
            f"{name}(): Expected {ndim + 1}D or {ndim + 2}D input, but got input of size: "
            f"{tuple(input.shape)}"
        )
    if input.shape != indices.shape:
        raise RuntimeError(
            f"{name}(): Expected shape of indices to be same as that of the input "
            f"({tuple(input.shape)}) but got indices with shape {tuple(indices.shape)}"
        )
    default = [
        (n - 1) * s - 2 * p + k
        for n, s, p, k in zip(input.shape[-ndim:], steps, pads, kernel, strict=True)
    ]
    sizes = _unpooled_sizes(default, kernel, steps, output_size, ndim)
    lead = tuple(input.shape[:-ndim])
    planes, space = 1, 1
    for n in lead:
        planes *= n
    for n in sizes:
        space *= n
    zeros = _core.zeros((planes, space), dtype=input.dtype)
    out = zeros.scatter(1, indices.reshape(planes, -1), input.reshape(planes, -1))
    return out.reshape((*lead, *sizes))


def _unpooled_sizes(
    default: list[int],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    output_size: Sequence[int] | None,
    ndim: int,
) -> list[int]:
    """output_size (its last ndim items), which must be less than a stride from the default."""
    if output_size is None:
        return default
    given = [int(n) for n in output_size]
    if len(given) == ndim + 2:
        given = given[2:]
    if len(given) != ndim:
        raise ValueError(
            f"output_size should be a sequence containing {ndim} or {ndim + 2} elements, but it "
            f"has a length of '{len(output_size)}'"
        )
    for d in range(ndim):
        low, high = default[d] - stride[d], default[d] + stride[d]
        if not low < given[d] < high:
            raise ValueError(
                f'invalid output_size "{given}" (dim {d} must be between {low} and {high})'
            )
    return given


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """The partial inverse of max_pool1d: the maxima at their indices, zeros elsewhere.
    output_size settles what the pooling rounded away; an index outside raises."""
    return _unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """The partial inverse of max_pool2d: the maxima at their indices, zeros elsewhere.
    output_size settles what the pooling rounded away; an index outside raises."""
    return _unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """The partial inverse of max_pool3d: the maxima at their indices, zeros elsewhere.
    output_size settles what the pooling rounded away; an index outside raises."""
    return _unpool(3, input, indices, kernel_size, stride, padding, output_size)

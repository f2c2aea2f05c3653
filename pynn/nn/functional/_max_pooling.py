"""Max pooling."""

from __future__ import annotations

from typing import Any

from pynn import _core
from pynn._core import Tensor, ops
from pynn.nn.functional._sizes import Ints, MaybeInts, adaptive_size, per_dim, pool_stride

__all__ = [
    "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices",
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d",
    "max_pool2d_with_indices",
    "max_pool3d",
    "max_pool3d_with_indices",
]


_WHOLE = (_core.int64, _core.int32, _core.int8, _core.uint8)


def _max_pool(
    ndim: int,
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    dilation: Ints,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    kernel = per_dim(kernel_size, ndim, "kernel_size")
    if input.dtype in _WHOLE:  # exact below 2^53
        wide = input.to(_core.float64)
        values, indices = _max_pool(ndim, wide, kernel, stride, padding, dilation, ceil_mode, True)
        return (values.to(input.dtype), indices) if return_indices else values.to(input.dtype)
    both = ops.max_pool(
        input,
        ndim,
        ceil_mode,
        kernel,
        pool_stride(stride, kernel),
        per_dim(padding, ndim, "padding"),
        per_dim(dilation, ndim, "dilation"),
    )
    return both if return_indices else both[0]


def max_pool1d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest element of each window of (N, C, L) or (C, L).

    stride is kernel_size where it is not given; padding counts as -inf; with ceil_mode a last
    window may reach out.  With return_indices a pair: the maxima and where each lies in its plane
    (int64, flattened).  RuntimeError where numbers and shape do not fit.
    """
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """max_pool1d with return_indices."""
    both: tuple[Tensor, Tensor] = _max_pool(
        1, input, kernel_size, stride, padding, dilation, ceil_mode, True
    )
    return both


def max_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest element of each window of (N, C, H, W) or (C, H, W).

    stride is kernel_size where it is not given; padding counts as -inf; with ceil_mode a last
    window may reach out.  With return_indices a pair: the maxima and where each lies in its plane
    (int64, flattened).  RuntimeError where numbers and shape do not fit.
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """max_pool2d with return_indices."""
    both: tuple[Tensor, Tensor] = _max_pool(
        2, input, kernel_size, stride, padding, dilation, ceil_mode, True
    )
    return both


def max_pool3d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest element of each window of (N, C, D, H, W) or (C, D, H, W).

    stride is kernel_size where it is not given; padding counts as -inf; with ceil_mode a last
    window may reach out.  With return_indices a pair: the maxima and where each lies in its plane
    (int64, flattened).  RuntimeError where numbers and shape do not fit.
    """
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """max_pool3d with return_indices."""
    both: tuple[Tensor, Tensor] = _max_pool(
        3, input, kernel_size, stride, padding, dilation, ceil_mode, True
    )
    return both


def adaptive_max_pool1d(input: Tensor, output_size: MaybeInts, return_indices: bool = False) -> Any:
    """The greatest elements of the windows of adaptive_avg_pool1d; with return_indices also where
    they lie, as in max_pool1d."""
    both = ops.adaptive_max_pool(input, 1, adaptive_size(output_size, input, 1))
    return both if return_indices else both[0]


def adaptive_max_pool1d_with_indices(
    input: Tensor, output_size: MaybeInts, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """adaptive_max_pool1d with return_indices."""
    both: tuple[Tensor, Tensor] = adaptive_max_pool1d(input, output_size, True)
    return both


def adaptive_max_pool2d(input: Tensor, output_size: MaybeInts, return_indices: bool = False) -> Any:
    """The greatest elements of the windows of adaptive_avg_pool2d; with return_indices also where
    they lie, as in max_pool2d."""
    both = ops.adaptive_max_pool(input, 2, adaptive_size(output_size, input, 2))
    return both if return_indices else both[0]


def adaptive_max_pool2d_with_indices(
    input: Tensor, output_size: MaybeInts, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """adaptive_max_pool2d with return_indices."""
    both: tuple[Tensor, Tensor] = adaptive_max_pool2d(input, output_size, True)
    return both


def adaptive_max_pool3d(input: Tensor, output_size: MaybeInts, return_indices: bool = False) -> Any:
    """The greatest elements of the windows of adaptive_avg_pool3d; with return_indices also where
    they lie, as in max_pool3d."""
    both = ops.adaptive_max_pool(input, 3, adaptive_size(output_size, input, 3))
    return both if return_indices else both[0]


def adaptive_max_pool3d_with_indices(
    input: Tensor, output_size: MaybeInts, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """adaptive_max_pool3d with return_indices."""
    both: tuple[Tensor, Tensor] = adaptive_max_pool3d(input, output_size, True)
    return both

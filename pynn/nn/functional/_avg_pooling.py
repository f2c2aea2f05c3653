"""Average pooling."""

from __future__ import annotations

from pynn import _core
from pynn._core import Tensor
from pynn.nn.functional import _bands
from pynn.nn.functional._sizes import Ints, MaybeInts, adaptive_size, per_dim, pool_stride

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
]


def _check_input(name: str, input: Tensor, ndim: int) -> None:
    if input.ndim not in (ndim + 1, ndim + 2):
        raise RuntimeError(
            f"{name}(): Expected {ndim + 1}D or {ndim + 2}D input, but got input of size: "
            f"{tuple(input.shape)}"
        )
    if 0 in input.shape[-ndim:] or (input.ndim == ndim + 1 and input.shape[0] == 0):
        raise RuntimeError(
            f"{name}(): Expected input to have non-zero size for non-batch dimensions, but got "
            f"input of size: {tuple(input.shape)}"
        )
    if input.dtype not in (_core.float32, _core.float64):
        raise RuntimeError(f'"{name}" is not implemented for {input.dtype}; convert with .float()')


def _pooled(name: str, size: int, kernel: int, stride: int, padding: int, ceil: bool) -> int:
    """Windows along one dimension; with ceil_mode the last one may reach out."""
    if kernel < 1 or stride < 1 or padding < 0 or padding > kernel // 2:
        raise RuntimeError(
            f"{name}(): kernel_size and stride should be greater than zero, and pad at most half "
            f"of the kernel size, but got kernel_size={kernel}, stride={stride}, pad={padding}"
        )
    room = size + 2 * padding - kernel
    out = (room + (stride - 1 if ceil else 0)) // stride + 1
    if ceil and (out - 1) * stride >= size + padding:
        out -= 1
    if out < 1:
        raise RuntimeError(
            f"{name}(): Given input size: {size}, kernel_size {kernel}, stride {stride}, padding "
            f"{padding}, the output size would be {out}. Output size is too small"
        )
    return out


def _avg_pool(
    name: str,
    ndim: int,
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    kernel = per_dim(kernel_size, ndim, "kernel_size")
    steps, pads = pool_stride(stride, kernel), per_dim(padding, ndim, "padding")
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    _check_input(name, input, ndim)
    sizes = [
        _pooled(name, *given, ceil_mode)
        for given in zip(input.shape[-ndim:], kernel, steps, pads, strict=True)
    ]
    mode = "sum" if divisor_override is not None else "window" if count_include_pad else "inside"
    result = input
    for d in range(ndim - 1, -1, -1):
        if d < ndim - 1 and kernel[d] == steps[d] == 1 and pads[d] == 0:
            continue
        result = _bands.apply(
            result, d - ndim, _bands.windows, sizes[d], kernel[d], steps[d], pads[d], mode
        )
    return result if divisor_override is None else result / divisor_override


def avg_pool1d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of windows of (N, C, L) or (C, L); see avg_pool2d."""
    return _avg_pool(
        "avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None
    )


def avg_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of (N, C, H, W) or (C, H, W).

    Padding is zeros, which count as elements unless count_include_pad is False; divisor_override
    is what the sum is divided by instead.  The mean is taken one dimension after another.
    """
    return _avg_pool(
        "avg_pool2d",
        2,
        input,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )


def avg_pool3d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of (N, C, D, H, W) or (C, D, H, W).

    Padding is zeros, which count as elements unless count_include_pad is False; divisor_override
    is what the sum is divided by instead.  The mean is taken one dimension after another.
    """
    return _avg_pool(
        "avg_pool3d",
        3,
        input,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )


def _adaptive_avg(name: str, ndim: int, input: Tensor, output_size: MaybeInts) -> Tensor:
    _check_input(name, input, ndim)
    target = adaptive_size(output_size, input, ndim)
    if any(t < 0 for t in target):
        raise RuntimeError(f"{name}(): elements of output_size must not be negative, got {target}")
    if target == (1,) * ndim:
        return input.mean(tuple(range(-ndim, 0)), keepdim=True)
    result = input
    for d in range(ndim - 1, -1, -1):
        result = _bands.apply(result, d - ndim, _bands.adaptive, target[d])
    return result


def adaptive_avg_pool1d(input: Tensor, output_size: MaybeInts) -> Tensor:
    """Means of windows [floor(o I / O), ceil((o + 1) I / O)) of (N, C, L) or (C, L);
    a size of None is the input's."""
    return _adaptive_avg("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: MaybeInts) -> Tensor:
    """Means of windows [floor(o I / O), ceil((o + 1) I / O)) of (N, C, H, W) or (C, H, W);
    a size of None is the input's."""
    return _adaptive_avg("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: MaybeInts) -> Tensor:
    """Means of windows [floor(o I / O), ceil((o + 1) I / O)) of (N, C, D, H, W) or (C, D, H, W);
    a size of None is the input's."""
    return _adaptive_avg("adaptive_avg_pool3d", 3, input, output_size)

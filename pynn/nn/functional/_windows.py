"""Windows as columns, and pixels into channels and back."""

from __future__ import annotations

from pynn import _core
from pynn._core import Tensor, ops
from pynn.nn.functional._sizes import Ints, per_dim

__all__ = ["channel_shuffle", "fold", "pixel_shuffle", "pixel_unshuffle", "unfold"]


def unfold(
    input: Tensor,
    kernel_size: Ints,
    dilation: Ints = 1,
    padding: Ints = 0,
    stride: Ints = 1,
) -> Tensor:
    """Sliding windows as columns: (N, C, H, W) -> (N, C KH KW, windows), or without N."""
    if not input.is_floating_point():  # moved, not computed with: float64 holds it
        wide = input.to(_core.float64)
        return unfold(wide, kernel_size, dilation, padding, stride).to(input.dtype)
    result: Tensor = ops.im2col(
        input,
        per_dim(kernel_size, 2, "kernel_size"),
        per_dim(stride, 2, "stride"),
        per_dim(padding, 2, "padding"),
        per_dim(dilation, 2, "dilation"),
    )
    return result


def fold(
    input: Tensor,
    output_size: Ints,
    kernel_size: Ints,
    dilation: Ints = 1,
    padding: Ints = 0,
    stride: Ints = 1,
) -> Tensor:
    """The sum of overlapping windows, the transpose of unfold: (N, C KH KW, windows) ->
    (N, C, *output_size), or without N."""
    if not input.is_floating_point():
        wide = input.to(_core.float64)
        sums = fold(wide, output_size, kernel_size, dilation, padding, stride)
        return sums.to(input.dtype)
    result: Tensor = ops.col2im(
        input,
        per_dim(output_size, 2, "output_size"),
        per_dim(kernel_size, 2, "kernel_size"),
        per_dim(stride, 2, "stride"),
        per_dim(padding, 2, "padding"),
        per_dim(dilation, 2, "dilation"),
    )
    return result


def _image(name: str, input: Tensor) -> tuple[tuple[int, ...], int, int, int]:
    if input.ndim < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with "
            f"{input.ndim} dimension(s)"
        )
    *lead, c, h, w = input.shape
    return tuple(lead), c, h, w


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(*, C r^2, H, W) -> (*, C, H r, W r): channels become pixels.  Shi et al. 2016."""
    lead, c, h, w = _image("pixel_shuffle", input)
    r = upscale_factor
    if r <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    if c % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={c} is not divisible by {r * r}"
        )
    n = len(lead)
    x = input.reshape((*lead, c // (r * r), r, r, h, w))
    x = x.permute(*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return x.reshape((*lead, c // (r * r), h * r, w * r))


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(*, C, H r, W r) -> (*, C r^2, H, W): the inverse of pixel_shuffle."""
    lead, c, h, w = _image("pixel_unshuffle", input)
    r = downscale_factor
    if r <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {r}")
    if h % r or w % r:
        raise RuntimeError(
            "pixel_unshuffle expects height and width to be divisible by downscale_factor, but "
            f"input.size(-2)={h} and input.size(-1)={w} are not both divisible by {r}"
        )
    n = len(lead)
    x = input.reshape((*lead, c, h // r, r, w // r, r))
    x = x.permute(*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return x.reshape((*lead, c * r * r, h // r, w // r))


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """(N, C, *): channel i of group g becomes channel i groups + g.  Zhang et al. 2018."""
    if input.ndim <= 2:
        raise RuntimeError(
            f"channel_shuffle expects input with > 2 dims, but got input with sizes "
            f"{tuple(input.shape)}"
        )
    n, c = input.shape[:2]
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive, got {groups}")
    if c % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {c} channels and {groups} groups."
        )
    rest = tuple(input.shape[2:])
    x = input.reshape((n, groups, c // groups, *rest)).transpose(1, 2)
    return x.reshape((n, c, *rest))

"""Convolutions over one, two and three dimensions, and transposed ones."""

from __future__ import annotations

from pynn._core import Tensor, ops
from pynn.nn.functional._sizes import Ints, per_dim

__all__ = [
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
]


def _conv(
    ndim: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Ints,
    padding: str | Ints,
    dilation: Ints,
    groups: int,
) -> Tensor:
    steps = per_dim(stride, ndim, "stride")
    dilations = per_dim(dilation, ndim, "dilation")
    if isinstance(padding, str):
        before, after = _named_padding(padding, weight, steps, dilations)
    else:
        before = after = per_dim(padding, ndim, "padding")
    result: Tensor = ops.conv(input, weight, bias, ndim, groups, steps, before, dilations, after)
    return result


def _named_padding(
    padding: str, weight: Tensor, stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Elements before and after; an odd one goes after."""
    if padding == "valid":
        return (0,) * len(stride), (0,) * len(stride)
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'; expected 'valid' or 'same'")
    if any(s != 1 for s in stride):
        raise RuntimeError(f"padding='same' is not supported for strided convolutions ({stride})")
    total = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=False)]
    total += [0] * (len(stride) - len(total))
    before = tuple(t // 2 for t in total)
    return before, tuple(t - b for t, b in zip(total, before, strict=True))


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: str | Ints = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """out[n, o, y] = bias[o] + sum over c, k of weight[o, c, k] input[n, c, y s - p + k d].

    input (N, C, L) or (C, L), weight (O, C / groups, K), bias (O); padding is a number, or 'valid'
    (none) or 'same' (the output has the input's length; stride 1).  RuntimeError where shapes,
    dtypes or numbers do not fit.
    """
    return _conv(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: str | Ints = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """The convolution (cross-correlation) of images: input (N, C, H, W) or (C, H, W), weight
    (O, C / groups, KH, KW), bias (O).  Numbers are one for both dimensions or a pair; see
    conv1d."""
    return _conv(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: str | Ints = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """The convolution of volumes: input (N, C, D, H, W) or (C, D, H, W), weight
    (O, C / groups, KD, KH, KW), bias (O); see conv1d."""
    return _conv(3, input, weight, bias, stride, padding, dilation, groups)


def _transposed(
    ndim: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Ints,
    padding: Ints,
    output_padding: Ints,
    groups: int,
    dilation: Ints,
) -> Tensor:
    result: Tensor = ops.conv_transpose(
        input,
        weight,
        bias,
        ndim,
        groups,
        per_dim(stride, ndim, "stride"),
        per_dim(padding, ndim, "padding"),
        per_dim(dilation, ndim, "dilation"),
        per_dim(output_padding, ndim, "output_padding"),
    )
    return result


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Tensor:
    """The gradient of conv1d by its input, as an operator: input (N, C, L) or (C, L), weight
    (C, O / groups, K), output of length (L - 1) s - 2 p + d (K - 1) + output_padding + 1."""
    return _transposed(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Tensor:
    """The gradient of conv2d by its input: input (N, C, H, W) or (C, H, W), weight
    (C, O / groups, KH, KW); see conv_transpose1d."""
    return _transposed(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Tensor:
    """The gradient of conv3d by its input: input (N, C, D, H, W) or (C, D, H, W), weight
    (C, O / groups, KD, KH, KW); see conv_transpose1d."""
    return _transposed(3, input, weight, bias, stride, padding, output_padding, groups, dilation)

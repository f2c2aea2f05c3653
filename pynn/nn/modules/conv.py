"""Convolution layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pynn import _core
from pynn._core import Tensor
from pynn.nn import functional as F
from pynn.nn.functional._sizes import Ints
from pynn.nn.modules._conv import ConvNd

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
]

_CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


class _Conv(ConvNd):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints = 1,
        padding: str | Ints = 0,
        dilation: Ints = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: str | None = None,
        dtype: _core.dtype | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            False,
            0,
            groups,
            bias,
            padding_mode,
            dtype,
        )

    def forward(self, input: Tensor) -> Tensor:
        """The convolution of input with weight, plus bias."""
        padding = self.padding
        if self.padding_mode != "zeros":
            input = F.pad(input, self._reversed_padding_repeated_twice, self.padding_mode)
            padding = (0,) * self._ndim
        return _CONV[self._ndim](
            input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )


class Conv1d(_Conv):
    """The convolution of (N, C, L) or (C, L) with
    weight (out, in / groups, K).

    padding is a number, one for each dimension, "valid" or "same"; padding_mode "zeros", "reflect",
    "replicate" or "circular".  weight and bias start uniform in +-1/sqrt(in / groups * kernel), as
    torch.nn.Conv1d's.  ValueError where arguments do not fit.
    """

    _ndim = 1


class Conv2d(_Conv):
    """The convolution of (N, C, H, W) or (C, H, W) with
    weight (out, in / groups, KH, KW).

    padding is a number, one for each dimension, "valid" or "same"; padding_mode "zeros", "reflect",
    "replicate" or "circular".  weight and bias start uniform in +-1/sqrt(in / groups * kernel), as
    torch.nn.Conv2d's.  ValueError where arguments do not fit.
    """

    _ndim = 2


class Conv3d(_Conv):
    """The convolution of (N, C, D, H, W) or (C, D, H, W) with
    weight (out, in / groups, KD, KH, KW).

    padding is a number, one for each dimension, "valid" or "same"; padding_mode "zeros", "reflect",
    "replicate" or "circular".  weight and bias start uniform in +-1/sqrt(in / groups * kernel), as
    torch.nn.Conv3d's.  ValueError where arguments do not fit.
    """

    _ndim = 3


class _ConvTransposed(ConvNd):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints = 1,
        padding: Ints = 0,
        output_padding: Ints = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Ints = 1,
        padding_mode: str = "zeros",
        device: str | None = None,
        dtype: _core.dtype | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            True,
            output_padding,
            groups,
            bias,
            padding_mode,
            dtype,
        )

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """The transposed convolution; output_size settles what the stride leaves open."""
        padding: Any = self.padding
        extra = self.output_padding
        if output_size is not None:
            extra = self._output_padding(input, list(output_size))
        return _TRANSPOSED[self._ndim](
            input, self.weight, self.bias, self.stride, padding, extra, self.groups, self.dilation
        )

    def _output_padding(self, input: Tensor, output_size: list[int]) -> tuple[int, ...]:
        n = self._ndim
        batched = input.ndim == n + 2
        if len(output_size) == (n + 2 if batched else n + 1):
            output_size = output_size[2 if batched else 1 :]
        if len(output_size) != n:
            raise ValueError(
                f"{type(self).__name__}: for {input.ndim}D input, output_size must have {n} or "
                f"{n + 2 if batched else n + 1} elements (got {len(output_size)})"
            )
        extra = []
        for d in range(n):
            size, stride = input.shape[d - n], self.stride[d]
            low = (size - 1) * stride - 2 * int(self.padding[d])
            low += self.dilation[d] * (self.kernel_size[d] - 1) + 1
            if not low <= output_size[d] <= low + stride - 1:
                raise ValueError(
                    f"requested an output size of {output_size}, but valid sizes of dimension {d} "
                    f"range from {low} to {low + stride - 1} (for an input of "
                    f"{tuple(input.shape[-n:])})"
                )
            extra.append(output_size[d] - low)
        return tuple(extra)


class ConvTranspose1d(_ConvTransposed):
    """The transposed convolution (the gradient of Conv1d by its input) of
    (N, C, L) or (C, L) with weight (in, out / groups, K).

    As torch.nn.ConvTranspose1d; forward takes output_size where a stride leaves it open."""

    _ndim = 1


class ConvTranspose2d(_ConvTransposed):
    """The transposed convolution (the gradient of Conv2d by its input) of
    (N, C, H, W) or (C, H, W) with weight (in, out / groups, KH, KW).

    As torch.nn.ConvTranspose2d; forward takes output_size where a stride leaves it open."""

    _ndim = 2


class ConvTranspose3d(_ConvTransposed):
    """The transposed convolution (the gradient of Conv3d by its input) of
    (N, C, D, H, W) or (C, D, H, W) with weight (in, out / groups, KD, KH, KW).

    As torch.nn.ConvTranspose3d; forward takes output_size where a stride leaves it open."""

    _ndim = 3

"""Pooling layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pynn._core import Tensor
from pynn.nn import functional as F
from pynn.nn.functional._sizes import Ints, per_dim
from pynn.nn.modules._pooling import (
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    AvgPool,
    MaxPool,
    MaxUnpool,
)
from pynn.nn.modules.module import TensorModule

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]


class MaxPool1d(MaxPool):
    """The greatest element of each window of (N, C, L) or (C, L); with
    return_indices also where it lies.  As torch.nn.MaxPool1d."""

    def forward(self, input: Tensor) -> Any:
        """See max_pool1d."""
        return F.max_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )


class MaxUnpool1d(MaxUnpool):
    """The partial inverse of MaxPool1d: maxima at their indices, zeros elsewhere."""

    _ndim = 1

    def forward(
        self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None
    ) -> Tensor:
        """See max_unpool1d."""
        return F.max_unpool1d(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )


class AdaptiveAvgPool1d(AdaptiveAvgPool):
    """Means of (N, C, L) or (C, L) over windows that give output_size."""

    def forward(self, input: Tensor) -> Tensor:
        """See adaptive_avg_pool1d."""
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveMaxPool1d(AdaptiveMaxPool):
    """The greatest elements of (N, C, L) or (C, L) in windows that give
    output_size; with return_indices also where they lie."""

    def forward(self, input: Tensor) -> Any:
        """See adaptive_max_pool1d."""
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class MaxPool2d(MaxPool):
    """The greatest element of each window of (N, C, H, W) or (C, H, W); with
    return_indices also where it lies.  As torch.nn.MaxPool2d."""

    def forward(self, input: Tensor) -> Any:
        """See max_pool2d."""
        return F.max_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )


class MaxUnpool2d(MaxUnpool):
    """The partial inverse of MaxPool2d: maxima at their indices, zeros elsewhere."""

    _ndim = 2

    def forward(
        self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None
    ) -> Tensor:
        """See max_unpool2d."""
        return F.max_unpool2d(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )


class AdaptiveAvgPool2d(AdaptiveAvgPool):
    """Means of (N, C, H, W) or (C, H, W) over windows that give output_size."""

    def forward(self, input: Tensor) -> Tensor:
        """See adaptive_avg_pool2d."""
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveMaxPool2d(AdaptiveMaxPool):
    """The greatest elements of (N, C, H, W) or (C, H, W) in windows that give
    output_size; with return_indices also where they lie."""

    def forward(self, input: Tensor) -> Any:
        """See adaptive_max_pool2d."""
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class MaxPool3d(MaxPool):
    """The greatest element of each window of (N, C, D, H, W) or (C, D, H, W); with
    return_indices also where it lies.  As torch.nn.MaxPool3d."""

    def forward(self, input: Tensor) -> Any:
        """See max_pool3d."""
        return F.max_pool3d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )


class MaxUnpool3d(MaxUnpool):
    """The partial inverse of MaxPool3d: maxima at their indices, zeros elsewhere."""

    _ndim = 3

    def forward(
        self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None
    ) -> Tensor:
        """See max_unpool3d."""
        return F.max_unpool3d(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )


class AdaptiveAvgPool3d(AdaptiveAvgPool):
    """Means of (N, C, D, H, W) or (C, D, H, W) over windows that give output_size."""

    def forward(self, input: Tensor) -> Tensor:
        """See adaptive_avg_pool3d."""
        return F.adaptive_avg_pool3d(input, self.output_size)


class AdaptiveMaxPool3d(AdaptiveMaxPool):
    """The greatest elements of (N, C, D, H, W) or (C, D, H, W) in windows that give
    output_size; with return_indices also where they lie."""

    def forward(self, input: Tensor) -> Any:
        """See adaptive_max_pool3d."""
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)


class AvgPool1d(TensorModule):
    """The mean of each window of (N, C, L) or (C, L).  As torch.nn.AvgPool1d."""

    def __init__(
        self,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = per_dim(kernel_size, 1, "kernel_size")
        self.stride = per_dim(kernel_size if stride is None else stride, 1, "stride")
        self.padding = per_dim(padding, 1, "padding")
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """See avg_pool1d."""
        return F.avg_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
        )

    def extra_repr(self) -> str:
        """The arguments."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(AvgPool):
    """The mean of each window of (N, C, H, W) or (C, H, W).  As torch.nn.AvgPool2d."""

    def forward(self, input: Tensor) -> Tensor:
        """See avg_pool2d."""
        return F.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool3d(AvgPool):
    """The mean of each window of (N, C, D, H, W) or (C, D, H, W).  As torch.nn.AvgPool3d."""

    def forward(self, input: Tensor) -> Tensor:
        """See avg_pool3d."""
        return F.avg_pool3d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

"""Padding layers."""

from __future__ import annotations

from collections.abc import Sequence

from pynn._core import Tensor
from pynn.nn import functional as F
from pynn.nn.modules.module import TensorModule

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]


class _Pad(TensorModule):
    """padding: one amount for all sides, or (before, after) of the last dimension, then of the
    one before it, and so on."""

    _ndim: int
    _mode = "constant"
    padding: tuple[int, ...]

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__()
        sides = 2 * self._ndim
        self.padding = (padding,) * sides if isinstance(padding, int) else tuple(padding)
        if len(self.padding) != sides:
            raise ValueError(
                f"{type(self).__name__}: padding must be one integer or {sides} of them, got "
                f"{self.padding}"
            )

    def forward(self, input: Tensor) -> Tensor:
        """The padded input."""
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        """The amounts."""
        return f"{self.padding}"


class _ConstantPad(_Pad):
    value: float

    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """The padded input."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """The amounts and the value."""
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """The amounts."""
        return f"{self.padding}"


class ConstantPad1d(_ConstantPad):
    """Pads the last 1 dimension with a value."""

    _ndim = 1


class ConstantPad2d(_ConstantPad):
    """Pads the last 2 dimensions with a value."""

    _ndim = 2


class ConstantPad3d(_ConstantPad):
    """Pads the last 3 dimensions with a value."""

    _ndim = 3


class ZeroPad1d(_ZeroPad):
    """Pads the last 1 dimension with zeros."""

    _ndim = 1


class ZeroPad2d(_ZeroPad):
    """Pads the last 2 dimensions with zeros."""

    _ndim = 2


class ZeroPad3d(_ZeroPad):
    """Pads the last 3 dimensions with zeros."""

    _ndim = 3


class ReflectionPad1d(_Pad):
    """Pads (N, C, L) or (C, L) with its mirror image, without the border."""

    _ndim = 1
    _mode = "reflect"


class ReflectionPad2d(_Pad):
    """Pads (N, C, H, W) or (C, H, W) with its mirror image, without the border."""

    _ndim = 2
    _mode = "reflect"


class ReflectionPad3d(_Pad):
    """Pads (N, C, D, H, W) or (C, D, H, W) with its mirror image, without the border."""

    _ndim = 3
    _mode = "reflect"


class ReplicationPad1d(_Pad):
    """Pads (N, C, L) or (C, L) with its border."""

    _ndim = 1
    _mode = "replicate"


class ReplicationPad2d(_Pad):
    """Pads (N, C, H, W) or (C, H, W) with its border."""

    _ndim = 2
    _mode = "replicate"


class ReplicationPad3d(_Pad):
    """Pads (N, C, D, H, W) or (C, D, H, W) with its border."""

    _ndim = 3
    _mode = "replicate"


class CircularPad1d(_Pad):
    """Pads (N, C, L) or (C, L) with its other end."""

    _ndim = 1
    _mode = "circular"


class CircularPad2d(_Pad):
    """Pads (N, C, H, W) or (C, H, W) with its other end."""

    _ndim = 2
    _mode = "circular"


class CircularPad3d(_Pad):
    """Pads (N, C, D, H, W) or (C, D, H, W) with its other end."""

    _ndim = 3
    _mode = "circular"

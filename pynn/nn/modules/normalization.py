"""Normalisation of each sample: layer, group, root mean square, local response."""

from __future__ import annotations

from collections.abc import Sequence

from pynn import _core
from pynn._core import Parameter, Tensor
from pynn.nn import functional as F, init
from pynn.nn.modules.module import Module, TensorModule

__all__ = ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


class _Affine(Module):
    """Weight and bias, of ones and zeros, or None."""

    weight: Parameter | None
    bias: Parameter | None

    def _make(self, name: str, shape: tuple[int, ...] | None, dtype: _core.dtype | None) -> None:
        values = None if shape is None else Parameter(_core.empty(shape, dtype=dtype))
        self.register_parameter(name, values)

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        bias = getattr(self, "bias", None)
        if bias is not None:
            init.zeros_(bias)


class LayerNorm(_Affine):
    """Normalises the last dimensions, of shape normalized_shape, as torch.nn.LayerNorm.

    y = (x - mean) / sqrt(var + eps) * weight + bias with mean and (biased)
    variance of every row.  Ba, Kiros and Hinton 2016.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: str | None = None,
        dtype: _core.dtype | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self._make("weight", self.normalized_shape if elementwise_affine else None, dtype)
        self._make("bias", self.normalized_shape if elementwise_affine and bias else None, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        """(*, normalized_shape) -> the same shape."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The arguments."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


class RMSNorm(_Affine):
    """Divides the last dimensions by their root mean square, as torch.nn.RMSNorm.

    y = x / sqrt(mean(x * x) + eps) * weight; eps None is the dtype's epsilon.
    Zhang and Sennrich 2019.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: str | None = None,
        dtype: _core.dtype | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self._make("weight", self.normalized_shape if elementwise_affine else None, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        """(*, normalized_shape) -> the same shape."""
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """The arguments."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class GroupNorm(_Affine):
    """Normalises groups of channels of every sample, as torch.nn.GroupNorm.

    The C channels of (N, C, ...) form num_groups groups, each normalised with
    its own mean and variance; weight and bias are per channel.  Wu and He 2018.
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: str | None = None,
        dtype: _core.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_groups <= 0:
            raise ValueError(f"num_groups must be positive, but got {num_groups}")
        if num_channels % num_groups:
            raise ValueError(
                f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self._make("weight", (num_channels,) if affine else None, dtype)
        self._make("bias", (num_channels,) if affine and bias else None, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...) -> the same shape."""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The arguments."""
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LocalResponseNorm(TensorModule):
    """Divides every channel by the squares of its neighbours, as torch.nn.LocalResponseNorm.

    y = x / (k + alpha * (mean of x * x over size channels))**beta.  Krizhevsky,
    Sutskever and Hinton 2012.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, ...) -> the same shape."""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


def _shape(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    if isinstance(normalized_shape, int):
        return (normalized_shape,)
    if not isinstance(normalized_shape, (tuple, list)):
        raise TypeError(
            f"normalized_shape is a size or sizes, not {type(normalized_shape).__name__}"
        )
    return tuple(normalized_shape)

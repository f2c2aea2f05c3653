"""Instance normalisation."""

from __future__ import annotations

import warnings

from pynn import _core
from pynn._core import Tensor
from pynn.nn import functional as F
from pynn.nn.modules.batchnorm import _NormBase

__all__ = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]


class _InstanceNorm(_NormBase):
    _unbatched: int

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: str | None = None,
        dtype: _core.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim not in (self._unbatched, self._unbatched + 1):
            raise ValueError(
                f"expected {self._unbatched}D or {self._unbatched + 1}D input "
                f"(got {input.ndim}D input)"
            )

    def forward(self, input: Tensor) -> Tensor:
        """Normalised per sample and channel."""
        self._check_input_dim(input)
        dim = input.ndim - self._unbatched
        if input.shape[dim] != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={dim} to match num_features "
                    f"({self.num_features}), but got: {input.shape[dim]}."
                )
            warnings.warn(
                f"input's size at dim={dim} does not match num_features. You can silence this "
                "warning by not passing in num_features, which is not used because affine=False",
                stacklevel=2,
            )
        batched = input if dim == 1 else input.unsqueeze(0)
        output = F.instance_norm(
            batched,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return output if dim == 1 else output.squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    """Instance normalisation of (N, C, L) or (C, L), as torch.nn.InstanceNorm1d.

    y = (x - mean) / sqrt(var + eps) * weight + bias with mean and variance of
    every sample's channel; with track_running_stats running averages of them
    are used in eval mode.  Ulyanov, Vedaldi and Lempitsky 2016.
    """

    _unbatched = 2


class InstanceNorm2d(_InstanceNorm):
    """Instance normalisation of (N, C, H, W) or (C, H, W); see InstanceNorm1d."""

    _unbatched = 3


class InstanceNorm3d(_InstanceNorm):
    """Instance normalisation of (N, C, D, H, W) or (C, D, H, W); see InstanceNorm1d."""

    _unbatched = 4

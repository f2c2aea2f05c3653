"""Batch normalisation."""

from __future__ import annotations

from typing import Any

from pynn import _core
from pynn._core import Parameter, Tensor
from pynn.nn import functional as F, init
from pynn.nn.functional.norm import _batch_norm
from pynn.nn.modules.module import Module

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d"]


class _NormBase(Module):
    """Parameters and running statistics per channel."""

    _version = 2
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: str | None = None,
        dtype: _core.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name, there in (("weight", affine), ("bias", affine and bias)):
            values = Parameter(_core.empty(num_features, dtype=dtype)) if there else None
            self.register_parameter(name, values)
        running = track_running_stats
        mean = _core.zeros(num_features, dtype=dtype) if running else None
        var = _core.ones(num_features, dtype=dtype) if running else None
        self.register_buffer("running_mean", mean)
        self.register_buffer("running_var", var)
        count = _core.tensor(0, dtype=_core.int64) if running else None
        self.register_buffer("num_batches_tracked", count)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Running mean 0, variance 1, no batch seen."""
        if self.running_mean is not None:
            self.running_mean.zero_()
        if self.running_var is not None:
            self.running_var.fill_(1)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0, running statistics as at the start."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        raise NotImplementedError

    def extra_repr(self) -> str:
        """The arguments."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, local_metadata: Any, *args: Any
    ) -> None:
        key, count = prefix + "num_batches_tracked", self.num_batches_tracked
        if local_metadata.get("version", 0) < 2 and count is not None and key not in state_dict:
            state_dict[key] = count  # it was saved before there was a count
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


class _BatchNorm(_NormBase):
    def forward(self, input: Tensor) -> Tensor:
        """Normalised per channel; while training by the batch, else by the running statistics."""
        self._check_input_dim(input)
        running = self.running_mean is not None and self.running_var is not None
        if not running or not self.training:
            return F.batch_norm(
                input,
                self.running_mean,
                self.running_var,
                self.weight,
                self.bias,
                self.training or not running,
                0.0,
                self.eps,
            )
        count = self.num_batches_tracked if self.track_running_stats else None
        if count is not None:
            count.add_(1)
        momentum, cumulative = self.momentum, self.momentum is None
        return _batch_norm(
            input,
            self.running_mean if self.track_running_stats else None,
            self.running_var if self.track_running_stats else None,
            self.weight,
            self.bias,
            True,
            0.0 if momentum is None else momentum,
            self.eps,
            count if cumulative else None,
        )


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of (N, C) or (N, C, L) per channel, as torch.nn.BatchNorm1d.

    While training, y = (x - mean) / sqrt(var + eps) * weight + bias with mean and
    (biased) variance of the batch, and running_mean and running_var (unbiased)
    move towards them by momentum (None: they become the plain average over all
    batches); in eval mode the running ones are used.  Ioffe and Szegedy 2015.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim not in (2, 3):
            raise ValueError(f"expected 2D or 3D input (got {input.ndim}D input)")


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of (N, C, H, W) per channel, as torch.nn.BatchNorm2d; see BatchNorm1d."""

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim != 4:
            raise ValueError(f"expected 4D input (got {input.ndim}D input)")


class BatchNorm3d(_BatchNorm):
    """Batch normalisation of (N, C, D, H, W) per channel; see BatchNorm1d."""

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim != 5:
            raise ValueError(f"expected 5D input (got {input.ndim}D input)")

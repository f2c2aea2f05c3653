"""Normalisation."""

from __future__ import annotations

from pynn import _core
from pynn._core import Tensor

__all__ = ["batch_norm"]


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(input - mean) / sqrt(var + eps) * weight + bias per channel, dimension 1.

    While training, mean and (biased) variance are the batch's, and the running
    ones move towards them (the variance unbiased) by momentum; else the
    running ones are used.  Ioffe and Szegedy 2015.
    """
    if input.ndim < 2:
        raise ValueError(f"batch_norm() needs (N, C, ...), not shape {input.shape}")
    dims = (0, *range(2, input.ndim))
    count = input.numel() // input.shape[1] if input.shape[1] else 0
    if training or running_mean is None or running_var is None:
        if training and count <= 1:
            raise ValueError(
                f"Expected more than 1 value per channel when training, got input size "
                f"{input.shape}"
            )
        mean = input.mean(dims)
        var = input.var(dims, correction=0)
        if training and running_mean is not None and running_var is not None:
            _move(running_mean, mean, momentum)
            _move(running_var, var * (count / (count - 1)), momentum)
    else:
        mean, var = running_mean, running_var
    shape = (1, -1) + (1,) * (input.ndim - 2)
    normed = (input - mean.reshape(shape)) / (var.reshape(shape) + eps).sqrt()
    if weight is not None:
        normed = normed * weight.reshape(shape)
    return normed if bias is None else normed + bias.reshape(shape)


def _move(running: Tensor, batch: Tensor, momentum: float) -> None:
    with _core.no_grad():
        running.mul_(1.0 - momentum).add_(batch.detach() * momentum)

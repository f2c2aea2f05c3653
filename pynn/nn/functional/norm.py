"""Normalisation."""

from __future__ import annotations

from collections.abc import Sequence

from pynn import _core
from pynn._core import Tensor

__all__ = [
    "batch_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "local_response_norm",
    "rms_norm",
]


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
    return _batch_norm(
        input, running_mean, running_var, weight, bias, training, momentum, eps, None
    )


def _batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    count: Tensor | None,
) -> Tensor:
    """batch_norm(); with a count of batches the momentum is 1 / count."""
    if input.ndim < 2:
        if input.shape == (0,):
            return input.clone()
        raise ValueError(f"batch_norm() needs (N, C, ...), not shape {input.shape}")
    channels = input.shape[1]
    if training:
        elements = input.numel() // channels if channels else 0
        if elements == 1:
            raise ValueError(
                f"Expected more than 1 value per channel when training, got input size "
                f"{input.shape}"
            )
    for name, values in (("running_mean", running_mean), ("running_var", running_var)):
        if values is None and not training:
            raise RuntimeError(f"{name} must be defined in evaluation mode")
        _check_channels(name, values, channels)
    _check_channels("weight", weight, channels)
    _check_channels("bias", bias, channels)
    result: Tensor = _core.ops.batch_norm(
        input,
        running_mean,
        running_var,
        weight,
        bias,
        count,
        bool(training),
        float(momentum),
        float(eps),
    )
    return result


def _check_channels(name: str, values: Tensor | None, channels: int) -> None:
    if values is not None and values.numel() != channels:
        raise RuntimeError(f"{name} should contain {channels} elements not {values.numel()}")


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """batch_norm() with the statistics of every sample's channel of (N, C, ...).

    Running statistics, where given, move towards the mean over the samples by
    momentum; without use_input_stats they are used.  Ulyanov et al. 2016.
    """
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise RuntimeError(
                "Expected running_mean and running_var to be defined when use_input_stats is false"
            )
        return batch_norm(input, running_mean, running_var, weight, bias, False, 0.0, eps)
    if input.ndim < 3 or input[0, 0].numel() == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {input.shape}"
        )
    channels = input.shape[1]
    for name, values in (("running_mean", running_mean), ("running_var", running_var)):
        _check_channels(name, values, channels)
    with _core.no_grad():
        rows = input.detach().reshape(*input.shape[:2], -1)
        if running_mean is not None:
            _move(running_mean, rows.mean(-1).mean(0), momentum)
        if running_var is not None:
            _move(running_var, rows.var(-1).mean(0), momentum)
    return group_norm(input, channels, weight, bias, eps)


def _move(running: Tensor, batch: Tensor, momentum: float) -> None:
    running.mul_(1.0 - momentum).add_(batch * momentum)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(input - mean) / sqrt(var + eps) * weight + bias over the last dimensions.

    normalized_shape are their sizes, and the shape of weight and bias; the
    variance is the biased one.  Ba, Kiros and Hinton 2016.
    """
    shape = _check_normalized(input, normalized_shape, weight, bias)
    result: Tensor = _core.ops.layer_norm(input, weight, bias, len(shape), float(eps))
    return result


def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """input / sqrt(mean(input * input) + eps) * weight over the last dimensions.

    eps None is the epsilon of the dtype.  Zhang and Sennrich 2019.
    """
    shape = _check_normalized(input, normalized_shape, weight, None)
    if eps is None:
        eps = 2.0**-23 if input.dtype is _core.float32 else 2.0**-52
    result: Tensor = _core.ops.rms_norm(input, weight, len(shape), float(eps))
    return result


def _check_normalized(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None, bias: Tensor | None
) -> tuple[int, ...]:
    if not isinstance(normalized_shape, (tuple, list)):
        raise TypeError(
            f"normalized_shape is a tuple of sizes, not {type(normalized_shape).__name__}"
        )
    shape = tuple(normalized_shape)
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least "
            f"one element, but got normalized_shape = {shape}"
        )
    if input.ndim < len(shape) or input.shape[input.ndim - len(shape) :] != shape:
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape "
            f"[*, {', '.join(map(str, shape))}], but got input of size {list(input.shape)}"
        )
    for name, values in (("weight", weight), ("bias", bias)):
        if values is not None and values.shape != shape:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of "
                f"shape {list(values.shape)} and normalized_shape = {list(shape)}"
            )
    return shape


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(input - mean) / sqrt(var + eps) * weight + bias over groups of channels.

    The C channels of (N, C, ...) form num_groups groups, each with its mean
    and (biased) variance; weight and bias are per channel.  Wu and He 2018.
    """
    if input.ndim < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {input.ndim}"
        )
    channels = input.shape[1]
    if num_groups <= 0 or channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input "
            f"of shape {list(input.shape)} and num_groups={num_groups}"
        )
    for name, values in (("weight", weight), ("bias", bias)):
        if values is not None and values.shape != (channels,):
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in "
                f"input, but got {name} of shape {list(values.shape)} and input of shape "
                f"{list(input.shape)}"
            )
    if input.shape[0] == 1 and input.numel() == channels == num_groups:
        raise ValueError(
            "Expected more than 1 value per channel when training, got input size "
            f"{list(input.shape)}"
        )
    result: Tensor = _core.ops.group_norm(input, weight, bias, num_groups, float(eps))
    return result


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """input / (k + alpha * m)**beta, m the mean of squares over size neighbouring channels.

    Channels are dimension 1; those past the ends count as 0.  Krizhevsky,
    Sutskever and Hinton 2012.
    """
    if input.ndim < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality input (got {input.ndim} dimensions)"
        )
    if input.numel() == 0:
        return input
    squares = input * input
    channels = input.shape[1]
    before, after = min(size // 2, channels), min((size - 1) // 2, channels)
    total = squares
    for shift in range(1, before + 1):
        total = total + _shifted(squares, shift)
    for shift in range(1, after + 1):
        total = total + _shifted(squares, -shift)
    mean = total * (1.0 / size) if input.is_floating_point() else total // size
    return input / (mean * alpha + k) ** beta


def _shifted(x: Tensor, by: int) -> Tensor:
    """Channel c is x's channel c - by, or 0."""
    channels, size = x.shape[1], abs(by)
    kept = channels - size
    zeros = _core.zeros((x.shape[0], size, *x.shape[2:]), dtype=x.dtype)
    parts = [zeros, x.narrow(1, 0, kept)] if by > 0 else [x.narrow(1, size, kept), zeros]
    result: Tensor = _core.ops.cat(parts, 1)
    return result

"""Functions of networks, with the names and arguments of torch.nn.functional."""

from __future__ import annotations

from pynn import _core
from pynn._core import (
    Tensor,
    leaky_relu as leaky_relu,
    linear as linear,
    mse_loss as mse_loss,
    relu as relu,
    sigmoid as sigmoid,
    tanh as tanh,
)
from pynn.nn._losses import (
    binary_cross_entropy as binary_cross_entropy,
    binary_cross_entropy_with_logits as binary_cross_entropy_with_logits,
    cross_entropy as cross_entropy,
    nll_loss as nll_loss,
)


def softmax(input: Tensor, dim: int, *, dtype: _core.dtype | None = None) -> Tensor:
    """exp(x) / sum(exp(x)) along dim."""
    return input.softmax(dim, dtype=dtype)


def log_softmax(input: Tensor, dim: int, *, dtype: _core.dtype | None = None) -> Tensor:
    """The logarithm of softmax, computed without overflow."""
    return input.log_softmax(dim, dtype=dtype)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """int64 rows of 0 with a 1 at each class index: (..., num_classes).

    -1 takes the greatest index plus 1, which reads the values.
    """
    if num_classes == -1:
        if tensor.numel() == 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        num_classes = int(tensor.max().item()) + 1
    classes = _core.arange(num_classes)
    return tensor.unsqueeze(-1).eq(classes).long()


def dropout(input: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    """While training each element is 0 with probability p, else divided by 1 - p."""
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0.0:
        return input
    if p == 1.0:
        return input * 0.0
    kept = _core.rand_like(input).ge(p).to(input.dtype)
    return input * (kept * (1.0 / (1.0 - p)))


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

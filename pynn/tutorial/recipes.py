"""The tutorial's snippets as functions, their names and formulas kept.

What the snippets leave out is in the library: `pynn.nn.init`, `pynn.nn.functional.batch_norm` with
running statistics, `pynn.nn.functional.dropout` with the probability to drop and a mode for
evaluation.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import pynn
from pynn.tutorial._stream import stream


def xavier_init(n_in: int, n_out: int, *, seed: int | None = None) -> np.ndarray:
    """Weights (n_in, n_out) of Xavier/Glorot: standard deviation sqrt(2 / (n_in + n_out))."""
    return _scaled_normal(n_in, n_out, 2.0 / (n_in + n_out), seed)


def he_init(n_in: int, n_out: int, *, seed: int | None = None) -> np.ndarray:
    """Weights (n_in, n_out) of He, for ReLU: standard deviation sqrt(2 / n_in)."""
    return _scaled_normal(n_in, n_out, 2.0 / n_in, seed)


def batch_norm(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """gamma * (x - mean) / sqrt(var + eps) + beta, with mean and biased variance over axis 0.

    Takes and returns arrays, or tensors through which gradients flow.  As in the tutorial there
    are no running statistics, and axis 0 alone is reduced: right for (n, features), not for images.
    """
    given = isinstance(x, pynn.Tensor)
    x, gamma, beta = (_floating_tensor(a) for a in (x, gamma, beta))
    centred = x - x.mean(0, keepdim=True)
    variance = (centred * centred).mean(0, keepdim=True)
    result = gamma * (centred / (variance + eps).sqrt()) + beta
    return result if given else result.numpy()


def dropout(x: Any, keep_prob: float, *, seed: int | None = None) -> Any:
    """Keep every element with probability `keep_prob` (not: drop it), divided by `keep_prob`.

    The mask is drawn with `np.random.rand(*x.shape)` as in the tutorial, so `keep_prob` 0 gives
    0 / 0 = NaN as it does there.
    """
    if not 0 <= keep_prob <= 1:
        raise ValueError(f"keep_prob must be between 0 and 1, got {keep_prob}")
    tensor = isinstance(x, pynn.Tensor)
    values = x if tensor else np.asarray(x)
    mask = np.asarray(stream(seed).rand(*values.shape) < keep_prob)
    if tensor:
        return x * pynn.as_tensor(mask).to(x.dtype) / keep_prob
    with np.errstate(invalid="ignore"):
        return np.divide(values * mask, keep_prob)


def l2_penalty(W: Any, lambda_reg: float) -> Any:
    """lambda_reg * sum(W ** 2), to be added to a loss; its gradient is 2 * lambda_reg * W.

    That factor 2 is what tells it from the `weight_decay` of an optimiser.
    """
    if np.ndim(lambda_reg) != 0:
        raise ValueError(f"lambda_reg must be a number, got shape {np.shape(lambda_reg)}")
    W = W if isinstance(W, pynn.Tensor) else np.asarray(W)
    return lambda_reg * (W**2).sum()


def exponential_decay(
    initial_lr: float, decay_rate: float, epoch: float, decay_steps: float
) -> float:
    """initial_lr * decay_rate ** (epoch / decay_steps): continuous, no staircase."""
    return float(initial_lr * decay_rate ** (epoch / decay_steps))


def cosine_annealing(min_lr: float, max_lr: float, epoch: float, max_epochs: float) -> float:
    """From max_lr at epoch 0 along half a cosine to min_lr at `max_epochs`, after the last one."""
    return min_lr + (max_lr - min_lr) * 0.5 * (1 + math.cos(epoch / max_epochs * math.pi))


def _scaled_normal(n_in: int, n_out: int, variance: float, seed: int | None) -> np.ndarray:
    weights: np.ndarray = stream(seed).randn(n_in, n_out) * np.sqrt(variance)
    return weights


def _floating_tensor(values: Any) -> Any:
    """A tensor of the dtype NumPy would compute in: float32 and float64 as they are."""
    if isinstance(values, pynn.Tensor):
        return values
    array = np.asarray(values)
    floating = array.dtype in (np.float32, np.float64)
    return pynn.as_tensor(array if floating else array.astype(np.float64))

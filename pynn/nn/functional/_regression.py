"""Losses of numbers: distances between input and target, and likelihoods."""

from __future__ import annotations

import math

from pynn import _core
from pynn._core import Tensor
from pynn.nn.functional._reduction import code, reduced, warn_if_broadcast


def _weighted(loss: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """loss * weight, or its sum, or its sum over that of the weights."""
    if weight.shape != loss.shape:
        raise ValueError(
            f"Weights and input must have the same size, not {weight.shape} and {loss.shape}."
        )
    weighted = loss * weight
    return weighted.sum() / weight.sum() if code(reduction) == 1 else reduced(weighted, reduction)


def l1_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", weight: Tensor | None = None
) -> Tensor:
    """|input - target|; with weight the mean divides by the sum of the weights."""
    warn_if_broadcast(input, target)
    if weight is not None:
        return _weighted(_core.ops.l1_loss(input, target, 0), weight, reduction)
    return _core.ops.l1_loss(input, target, code(reduction))


def smooth_l1_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", beta: float = 1.0
) -> Tensor:
    """d**2 / (2 beta) where d = |input - target| is less than beta, else d - beta / 2.

    Girshick 2015.  beta 0 is l1_loss.
    """
    warn_if_broadcast(input, target)
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss does not support negative values for beta, got {beta}")
    return _core.ops.smooth_l1_loss(input, target, code(reduction), float(beta))


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """d**2 / 2 where d = |input - target| is at most delta, else delta (d - delta / 2).

    Huber 1964.
    """
    warn_if_broadcast(input, target)
    if delta <= 0:
        raise RuntimeError(f"huber_loss does not support non-positive values for delta: {delta}")
    if weight is None:
        return _core.ops.huber_loss(input, target, code(reduction), float(delta))
    if weight.shape != input.shape:
        raise ValueError("Weights and input must have the same size.")
    loss = _core.ops.huber_loss(input, target, 0, float(delta))
    return _weighted(loss, weight, reduction)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-08,
    reduction: str = "mean",
) -> Tensor:
    """exp(input) - target input, or, not log_input, input - target log(input + eps).

    full adds Stirling's approximation of log(target!) for targets above 1.
    """
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        large = target.gt(1)
        safe = _core.where(large, target, 1.0)
        stirling = safe * safe.log() - safe + 0.5 * (2 * math.pi * safe).log()
        loss = loss + _core.where(large, stirling, 0.0)
    return reduced(loss, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """(log(var) + (input - target)**2 / var) / 2, with var at least eps.

    The clamp of var is left out of the gradient.  full adds log(2 pi) / 2.  Nix and Weigend 1994.
    """
    if not isinstance(var, Tensor):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = var * _core.ones_like(input)
    elif var.shape != input.shape:
        if input.shape[:-1] == var.shape:
            var = var.unsqueeze(-1)
        elif not _is_one_short(var.shape, input.shape):
            raise ValueError(
                f"var is of incorrect size: {var.shape} for an input of shape {input.shape}"
            )
    code(reduction)
    if var.detach().lt(0).any():
        raise ValueError("var has negative entry/entries")
    var = var.clone()
    with _core.no_grad():
        var.copy_(var.clamp(min=eps))
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reduced(loss, reduction)


def _is_one_short(shape: tuple[int, ...], full: tuple[int, ...]) -> bool:
    """Whether shape is full but for one dimension of size 1."""
    if len(shape) != len(full):
        return False
    return [have for have, want in zip(shape, full, strict=True) if have != want] == [1]

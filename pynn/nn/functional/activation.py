"""Activations."""

from __future__ import annotations

from pynn import _core
from pynn._core import (
    Tensor,
    leaky_relu as leaky_relu,
    relu as relu,
    sigmoid as sigmoid,
    tanh as tanh,
)

__all__ = ["leaky_relu", "log_softmax", "relu", "sigmoid", "softmax", "tanh"]


def softmax(input: Tensor, dim: int, *, dtype: _core.dtype | None = None) -> Tensor:
    """exp(x) / sum(exp(x)) along dim."""
    return input.softmax(dim, dtype=dtype)


def log_softmax(input: Tensor, dim: int, *, dtype: _core.dtype | None = None) -> Tensor:
    """The logarithm of softmax, computed without overflow."""
    return input.log_softmax(dim, dtype=dtype)

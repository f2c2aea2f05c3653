"""Dropout."""

from __future__ import annotations

from pynn import _core
from pynn._core import Tensor

__all__ = ["dropout"]


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

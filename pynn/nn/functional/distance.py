"""Distances and similarities."""

from __future__ import annotations

from pynn._core import Tensor
from pynn._functions.norms import (
    cosine_similarity as cosine_similarity,
    norm,
    pairwise_distance as pairwise_distance,
)

__all__ = ["cosine_similarity", "normalize", "pairwise_distance"]


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """input divided by its p-norm over dim, which counts as eps at least."""
    return input / norm(input, p, dim, True).clamp(min=eps)

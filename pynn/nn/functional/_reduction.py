"""How losses are reduced."""

from __future__ import annotations

import warnings

from pynn._core import Tensor

CODES = {"none": 0, "mean": 1, "sum": 2}
"""The numbers that operators know reductions by."""


def code(reduction: str) -> int:
    """The number of a reduction."""
    try:
        return CODES[reduction]
    except (KeyError, TypeError):
        raise ValueError(f"{reduction} is not a valid value for reduction") from None


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """loss as it is, its mean or its sum."""
    kind = code(reduction)
    return loss if kind == 0 else loss.mean() if kind == 1 else loss.sum()


def warn_if_broadcast(input: Tensor, target: Tensor) -> None:
    """What PyTorch warns about: a loss of a matrix of differences is seldom meant."""
    if input.shape != target.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=3,
        )

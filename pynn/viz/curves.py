"""Functions of one variable, and of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def activation_functions(
    figure: Any, x: np.ndarray, curves: Sequence[tuple[str, np.ndarray]]
) -> None:
    """Draw four activation functions, (title, values at x), in a square of axes."""
    limits = ((-0.1, 1.1), (-1.1, 1.1), None, None)
    axes = figure.subplots(2, 2).ravel()
    for ax, colour, limit, (title, values) in zip(axes, "brgm", limits, curves, strict=True):
        ax.plot(x, values, f"{colour}-", linewidth=2)
        ax.set_title(title)
        ax.grid(True, alpha=0.3)
        if limit is not None:
            ax.set_ylim(*limit)


def training_loss(
    ax: Any, losses: Sequence[float], title: str = "Training Loss Over Time", **style: Any
) -> None:
    """Draw the loss of every epoch on a logarithmic axis."""
    ax.plot(losses, **style)
    ax.set(xlabel="Epoch", ylabel="Loss", title=title, yscale="log")
    ax.grid(True, alpha=0.3)

"""How a classifier divides the plane."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

_STEP = 0.01
_MOST_STEPS = 1000


def decision_line(
    ax: Any,
    weights: np.ndarray,
    bias: float,
    X: np.ndarray,
    y: np.ndarray,
    title: str = "Perceptron Decision Boundary",
) -> None:
    """Draw the samples X (m, 2) with the classes y (m,), and the line w . x + b = 0."""
    X, y = np.asarray(X), np.asarray(y).reshape(-1)
    for label, colour in ((0, "red"), (1, "blue")):
        ax.scatter(*X[y == label, :2].T, c=colour, label=f"Class {label}", s=50, zorder=3)
    x_limits, y_limits = _limits(X[:, 0], 1), _limits(X[:, 1], 1)
    line = _line(np.asarray(weights, dtype=float), float(bias), x_limits, y_limits)
    if line is not None:
        ax.plot(*line, "k-", linewidth=2, label="Decision boundary")
    ax.set(xlim=x_limits, ylim=y_limits, xlabel="Feature 1", ylabel="Feature 2", title=title)
    ax.legend()
    ax.grid(True, alpha=0.3)


def decision_regions(
    ax: Any,
    function: Callable[[np.ndarray], np.ndarray],
    X: np.ndarray,
    y: np.ndarray,
    title: str,
    axis_name: str = "Feature",
    size: float = 50,
) -> None:
    """Colour the plane by `function` of (k, 2) points, and draw X (m, 2) in the colours of y."""
    X, y = np.asarray(X), np.asarray(y).reshape(-1)
    grid = np.meshgrid(*(_ticks(X[:, axis]) for axis in (0, 1)))
    values = np.asarray(function(np.column_stack([g.ravel() for g in grid])), dtype=float)
    ax.contourf(*grid, values.reshape(grid[0].shape), alpha=0.8, cmap="RdYlBu")
    ax.scatter(X[:, 0], X[:, 1], c=y, cmap="RdYlBu", edgecolors="black", s=size)
    ax.set(xlabel=f"{axis_name} 1", ylabel=f"{axis_name} 2", title=title)


def _limits(values: np.ndarray, margin: float) -> tuple[float, float]:
    return float(values.min()) - margin, float(values.max()) + margin


def _ticks(values: np.ndarray) -> np.ndarray:
    """From half a unit below the data to half above in steps of 0.01, coarser if that is long."""
    low, high = _limits(values, 0.5)
    return np.arange(low, high, max(_STEP, (high - low) / _MOST_STEPS))


def _line(
    weights: np.ndarray,
    bias: float,
    x_limits: tuple[float, float],
    y_limits: tuple[float, float],
) -> tuple[np.ndarray, np.ndarray] | None:
    """Two ends of the line; vertical where weights[1] = 0, none if both weights are 0."""
    if weights[1] != 0:
        x = np.array(x_limits)
        return x, -(weights[0] * x + bias) / weights[1]
    if weights[0] != 0:
        return np.full(2, -bias / weights[0]), np.array(y_limits)
    return None

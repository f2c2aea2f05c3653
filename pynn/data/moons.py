"""Two interleaving half circles, the tutorial's "more complex data"."""

from __future__ import annotations

import numbers

import numpy as np


def make_moons(
    n_samples: int | tuple[int, int] = 100,
    *,
    shuffle: bool = True,
    noise: float | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Make two interleaving half circles: X (n, 2) float64 and y (n,) with the labels 0 and 1.

    Draws what `sklearn.datasets.make_moons` draws, in its order, so the arrays are equal bit for
    bit for equal arguments.  `n_samples` is the total, or a pair (outer moon, inner moon);
    `noise` is the standard deviation of the Gaussian noise added to X.
    """
    n_outer, n_inner = _counts(n_samples)
    generator = _generator(random_state)
    outer = np.linspace(0, np.pi, n_outer)
    inner = np.linspace(0, np.pi, n_inner)
    X = np.empty((n_outer + n_inner, 2))
    X[:, 0] = np.append(np.cos(outer), 1 - np.cos(inner))
    X[:, 1] = np.append(np.sin(outer), 1 - np.sin(inner) - 0.5)
    y = np.repeat(np.array([0, 1], np.intp), [n_outer, n_inner])
    if shuffle:
        order = np.arange(len(y))
        generator.shuffle(order)
        X, y = X[order], y[order]
    if noise is not None:
        X += generator.normal(scale=noise, size=X.shape)
    return X, y


def _counts(n_samples: int | tuple[int, int]) -> tuple[int, int]:
    if isinstance(n_samples, numbers.Integral):
        counts = (int(n_samples) // 2, int(n_samples) - int(n_samples) // 2)
    else:
        try:
            outer, inner = n_samples  # type: ignore[misc]
        except (TypeError, ValueError):
            raise ValueError(
                f"n_samples is a whole number or a pair of them, got {n_samples!r}"
            ) from None
        counts = (int(outer), int(inner))
    if min(counts) < 0:
        raise ValueError(f"n_samples must not be negative, got {n_samples!r}")
    return counts


def _generator(random_state: int | np.random.RandomState | None) -> np.random.RandomState:
    """What scikit-learn's check_random_state makes of the argument; None is the global stream."""
    if random_state is None:
        return np.random.mtrand._rand
    if isinstance(random_state, np.random.RandomState):
        return random_state
    return np.random.RandomState(random_state)

"""Losses, averaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import pynn.nn.functional as F
from pynn.bench.case import Array, Case, Pair, rounded, tensors, uniform, whole

_SIZES = (1_000, 100_000)
_CLASSES = ((64, 10), (1_000, 100), (32, 5_000))


def _mse(x: Array, y: Array) -> Any:
    return np.mean((x - y) ** 2)


def _bce(x: Array, y: Array) -> Any:
    return -np.mean(y * np.log(x) + (1 - y) * np.log(1 - x))


def _bce_logits(x: Array, y: Array) -> Any:
    return np.mean(np.maximum(x, 0) - x * y + np.log1p(np.exp(-np.abs(x))))


def _cross_entropy(x: Array, classes: Array) -> Any:
    z = x - x.max(axis=1, keepdims=True)
    chosen = z[np.arange(len(z)), classes]
    return np.mean(np.log(np.exp(z).sum(axis=1)) - chosen)


_LOSSES: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[float, float]]] = {
    "mse_loss": (F.mse_loss, _mse, (-4, 4)),
    "binary_cross_entropy": (F.binary_cross_entropy, _bce, (0.02, 0.98)),
    "binary_cross_entropy_with_logits": (
        F.binary_cross_entropy_with_logits,
        _bce_logits,
        (-4, 4),
    ),
}


def cases() -> Iterator[Case]:
    """Losses of numbers, then of classes."""
    for name, (ours, theirs, limits) in _LOSSES.items():
        for n in _SIZES:
            build = partial(_pair, ours, theirs, limits)
            yield Case("losses", f"{name} float32 {n}", build, n, operator=name)
    for rows, columns in _CLASSES:
        title = f"cross_entropy float32 {rows}x{columns}"
        build = partial(_cross_entropy_pair, columns)
        yield Case("losses", title, build, rows, operator="cross_entropy")


def _pair(
    ours: Callable[..., Any], theirs: Callable[..., Any], limits: tuple[float, float], n: int
) -> Pair:
    """A term has a few roundings, of numbers up to 10 here; then come those of the sum."""
    x, y = uniform(*limits, n), uniform(0, 1, n, seed=1)
    bound = rounded(32 + 160 + n // 4096, lambda: 1 + np.abs(theirs(x, y)))
    return Pair((ours, *tensors(x, y)), (theirs, x, y), bound)


def _cross_entropy_pair(columns: int, rows: int) -> Pair:
    x, classes = uniform(-6, 6, rows, columns), whole(0, columns, rows, seed=1)
    bound = rounded(64 + 160 + columns // 4096, lambda: 1 + np.abs(_cross_entropy(x, classes)))
    return Pair((F.cross_entropy, *tensors(x, classes)), (_cross_entropy, x, classes), bound)

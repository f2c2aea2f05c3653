"""Tensors joined and reversed, and what is copied out of a view."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

import pynn
from pynn.bench.case import Array, Case, Pair, tensors, uniform

_SIZES = (32, 1_000)


def cases() -> Iterator[Case]:
    """Matrices of n x n."""
    for name, pair in _PAIRS.items():
        for n in _SIZES:
            title = f"{name} float32 {n}x{n}"
            yield Case("movement", title, pair, n, operator=name.split(",")[0])


def _joined(ours: Callable[..., Any], theirs: Callable[..., Any], dim: int, n: int) -> Pair:
    parts = [uniform(-4, 4, n, n, seed=k) for k in range(3)]
    return Pair((ours, tensors(*parts), dim), (theirs, parts, dim))


def _one(ours: Callable[..., Any], theirs: Callable[..., Any], n: int) -> Pair:
    x = uniform(-4, 4, n, n)
    return Pair((ours, *tensors(x)), (theirs, x))


def _windows(x: Array) -> Array:
    return np.array(sliding_window_view(x, 4, 1)[:, ::4])


def _strided(x: Array) -> Array:
    n = len(x)
    return np.array(as_strided(x, (n // 2, n // 2), (8 * n, 8)))


_PAIRS: dict[str, Callable[[int], Pair]] = {
    "cat, rows": partial(_joined, pynn.cat, np.concatenate, 0),
    "cat, columns": partial(_joined, pynn.cat, np.concatenate, 1),
    "stack, rows": partial(_joined, pynn.stack, np.stack, 0),
    "flip, columns": partial(_one, lambda t: pynn.flip(t, 1), lambda x: np.flip(x, 1).copy()),
    "diagonal, copied": partial(
        _one, lambda t: t.diagonal().clone(), lambda x: np.diagonal(x).copy()
    ),
    "unfold, copied": partial(_one, lambda t: t.unfold(1, 4, 4).clone(), _windows),
    "as_strided, copied": partial(
        _one,
        lambda t: t.as_strided((len(t) // 2, len(t) // 2), (2 * len(t), 2)).clone(),
        _strided,
    ),
}

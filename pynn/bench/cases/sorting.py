"""Orders of elements along the rows of a matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import pynn
from pynn.bench.case import Array, Case, Pair, tensors, uniform, whole

_SHAPES = ((1, 30), (500, 1_000))


def cases() -> Iterator[Case]:
    """Rows without ties."""
    for name, pair in _PAIRS.items():
        for rows, columns in _SHAPES:
            title = f"{name} float32 {rows}x{columns}"
            yield Case("sorting", title, partial(pair, rows), columns, operator=name.split(",")[0])


def _rows(rows: int, columns: int) -> Array:
    order = np.random.RandomState(0).rand(rows, columns).argsort(1)
    return np.asarray(order - columns / 2, np.float32)


def _pair(ours: Callable[..., Any], theirs: Callable[..., Any], rows: int, columns: int) -> Pair:
    x = _rows(rows, columns)
    return Pair((ours, *tensors(x)), (theirs, x))


def _top(x: Array) -> Array:
    return -np.sort(np.partition(-x, 9, 1)[:, :10], 1)


def _searched(rows: int, columns: int) -> Pair:
    sequence = np.sort(uniform(-4, 4, columns))
    x = uniform(-4, 4, rows, columns, seed=1)
    return Pair((pynn.searchsorted, *tensors(sequence, x)), (np.searchsorted, sequence, x))


def _modes(rows: int, columns: int) -> Pair:
    x = whole(0, 5, rows, columns)
    return Pair((lambda t: pynn.mode(t).values, *tensors(x)), (_mode, x))


def _mode(x: Array) -> Array:
    return np.array([np.bincount(row).argmax() for row in x])


_PAIRS: dict[str, Callable[[int, int], Pair]] = {
    "sort, values and order": partial(_pair, lambda t: pynn.sort(t)[0], lambda x: np.sort(x, 1)),
    "topk, 10": partial(_pair, lambda t: pynn.topk(t, 10)[0], _top),
    "searchsorted, many": _searched,
    "mode, 5 values": _modes,
}

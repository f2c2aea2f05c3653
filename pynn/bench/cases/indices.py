"""Reading and adding at indices."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import pynn
from pynn.bench.case import Array, Case, Pair, rounded, tensors, uniform, whole

_COLUMNS = 64
_SIZES = (64, 2_000)


def cases() -> Iterator[Case]:
    """Rows and elements of (n, 64), as many as there are, some of them several times."""
    for name, pair in _PAIRS.items():
        for rows in _SIZES:
            title = f"{name} float32 {rows}x{_COLUMNS}"
            yield Case("indices", title, pair, rows, operator=name.split(",")[0])


def _table(rows: int, seed: int = 0) -> Array:
    return uniform(-4, 4, rows, _COLUMNS, seed=seed)


def _select_pair(axis: int, rows: int) -> Pair:
    x = _table(rows)
    where = whole(0, x.shape[axis], x.shape[axis], seed=1)
    t, i = tensors(x, where)
    return Pair((pynn.index_select, t, axis, i), (np.take, x, where, axis))


def _gather_pair(axis: int, rows: int) -> Pair:
    x = _table(rows)
    where = whole(0, x.shape[axis], *x.shape, seed=1)
    t, i = tensors(x, where)
    return Pair((pynn.gather, t, axis, i), (np.take_along_axis, x, where, axis))


def _index_add(x: Array, where: Array, source: Array) -> Array:
    y = x.copy()
    np.add.at(y, where, source)
    return y


def _scatter_add(axis: int, x: Array, where: Array, source: Array) -> Array:
    y = x.copy()
    at: list[Any] = list(np.indices(where.shape, sparse=True))
    at[axis] = where
    np.add.at(y, tuple(at), source)
    return y


def _add_pair(
    ours: Callable[..., Any], theirs: Callable[..., Any], axis: int, full: bool, rows: int
) -> Pair:
    """Both add in the order of the indices; the bound leaves room for another one."""
    x, source = _table(rows), _table(rows, seed=1)
    shape = x.shape if full else x.shape[:1]
    where = whole(0, x.shape[axis], *shape, seed=2)
    t, i, s = tensors(x, where, source)
    bound = rounded(16, lambda: theirs(np.abs(x), where, np.abs(source)))
    return Pair((ours, t, axis, i, s), (theirs, x, where, source), bound)


def _pick_pair(rows: int) -> Pair:
    x, where = _table(rows), whole(0, rows, rows, seed=1)
    t, i = tensors(x, where)
    return Pair((operator.getitem, t, i), (operator.getitem, x, where))


_PAIRS: dict[str, Callable[[int], Pair]] = {
    "index_select, rows": partial(_select_pair, 0),
    "index_select, columns": partial(_select_pair, 1),
    "gather, down": partial(_gather_pair, 0),
    "gather, along": partial(_gather_pair, 1),
    "index_add, rows": partial(_add_pair, pynn.index_add, _index_add, 0, False),
    "scatter_add, down": partial(_add_pair, pynn.scatter_add, partial(_scatter_add, 0), 0, True),
    "scatter_add, along": partial(_add_pair, pynn.scatter_add, partial(_scatter_add, 1), 1, True),
    "getitem, rows": _pick_pair,
}

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


def _put(add: bool, x: Array, where: Array, source: Array) -> Array:
    y = x.copy()
    if add:
        np.add.at(y, where, source)
    else:
        y[where] = source
    return y


def _put_pair(add: bool, rows: int) -> Pair:
    x, source = _table(rows), _table(rows, seed=1)
    where = np.random.RandomState(2).permutation(rows)
    t, i, s = tensors(x, where, source)
    ours = (pynn.index_put, t, [i], s, add)
    return Pair(ours, (partial(_put, add), x, where, source))


def _reduced(function: Any, x: Array, where: Array, source: Array) -> Array:
    y = x.copy()
    at = (where, np.arange(x.shape[1]))
    if function is None:
        y[at] = source
    else:
        function.at(y, at, source)
    return y


def _reduce_pair(mode: str | None, function: Any, rows: int) -> Pair:
    x, source = _table(rows), _table(rows, seed=1)
    where = np.random.RandomState(2).rand(*x.shape).argsort(0)
    t, i, s = tensors(x, where, source)
    ours = (pynn.scatter, t, 0, i, s) if mode is None else (pynn.scatter_reduce, t, 0, i, s, mode)
    return Pair(ours, (partial(_reduced, function), x, where, source))


def _nonzero_pair(rows: int) -> Pair:
    x = whole(0, 2, rows, _COLUMNS)
    return Pair((pynn.nonzero, *tensors(x)), (np.argwhere, x))


_PAIRS: dict[str, Callable[[int], Pair]] = {
    "index_select, rows": partial(_select_pair, 0),
    "index_select, columns": partial(_select_pair, 1),
    "gather, down": partial(_gather_pair, 0),
    "gather, along": partial(_gather_pair, 1),
    "index_add, rows": partial(_add_pair, pynn.index_add, _index_add, 0, False),
    "scatter_add, down": partial(_add_pair, pynn.scatter_add, partial(_scatter_add, 0), 0, True),
    "scatter_add, along": partial(_add_pair, pynn.scatter_add, partial(_scatter_add, 1), 1, True),
    "getitem, rows": _pick_pair,
    "index_put, rows": partial(_put_pair, False),
    "index_put_add, rows": partial(_put_pair, True),
    "scatter, down": partial(_reduce_pair, None, None),
    "scatter_prod, down": partial(_reduce_pair, "prod", np.multiply),
    "scatter_amax, down": partial(_reduce_pair, "amax", np.maximum),
    "scatter_amin, down": partial(_reduce_pair, "amin", np.minimum),
    "nonzero, half": _nonzero_pair,
}

"""Orders of elements and what is found in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from optable import INTEGER, REAL, Op, Sample, distinct, integers

import pynn
from operators.movement import EVERY

SIZES = [((), 0), ((1,), 0), ((5,), 0), ((33,), 0), ((4, 7), 1), ((4, 7), 0), ((3, 0, 2), 0)]
SIZES += [((2, 600), 1), ((700, 2), 0), ((3, 5, 25), -1)]


def values(rng: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """With ties, both zeros, infinities and NaN."""
    x = integers(0, 1 if dtype.kind == "b" else 40)(rng, shape, dtype)
    if dtype.kind != "f":
        return x
    x = np.asarray((x - 20) * dtype.type(0.25), dtype)
    for k, special in enumerate((-0.0, 0.0, np.inf, -np.inf, np.nan)):
        x[np.asarray(rng.random_sample(shape)) < 0.04 + 0.001 * k] = special
    return x


def rows(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    cases = {"sizes": SIZES, "grad": [((3, 7), 1), ((6,), 0)], "hash": [((60, 900), 1)]}[purpose]
    for shape, dim in cases:
        draw = distinct if purpose == "grad" and dtype.kind == "f" else values
        yield Sample((draw(rng, shape, dtype),), {"dim": dim})


def ks(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    for i, sample in enumerate(rows(rng, dtype, purpose)):
        x, dim = sample.arrays[0], sample.kwargs["dim"]
        n = x.shape[dim] if x.ndim else 1
        yield Sample((x,), {"k": min(n, (n // 20, 3, n)[i % 3]), "dim": dim})


def order(x: np.ndarray, dim: int, descending: bool) -> np.ndarray:
    """By insertion into NumPy's stable order of ascending keys; NaN is the greatest."""
    if x.ndim == 0:
        return np.zeros((), np.int64)
    _, ranks = np.unique(x, return_inverse=True)  # equal for -0 and 0, and for every NaN
    ranks = ranks.reshape(x.shape).astype(np.int64)
    return np.argsort(-ranks if descending else ranks, axis=dim, kind="stable").astype(np.int64)


def sort(x: np.ndarray, dim: int, descending: bool = False) -> tuple[np.ndarray, np.ndarray]:
    at = order(x, dim, descending)
    return (np.take_along_axis(x, at, dim) if x.ndim else x), at


def topk(x: np.ndarray, k: int, dim: int) -> tuple[np.ndarray, ...]:
    first = (slice(None),) * (dim % max(x.ndim, 1)) + (slice(0, k),)
    return tuple(a[first] if a.ndim else a for a in sort(x, dim, True))


def mode(x: np.ndarray, dim: int) -> tuple[np.ndarray, np.ndarray]:
    if x.ndim == 0:
        return x, np.zeros((), np.int64)
    turned = np.moveaxis(x, dim, -1)
    found = np.zeros(turned.shape[:-1], np.int64)
    for at in np.ndindex(*found.shape):
        _kinds, which, counts = np.unique(turned[at], return_inverse=True, return_counts=True)
        found[at] = np.flatnonzero(which == np.argmax(counts))[-1]
    return np.take_along_axis(turned, found[..., None], -1)[..., 0], found


def nonempty(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    for sample in rows(rng, dtype, purpose):
        x, dim = sample.arrays[0], sample.kwargs["dim"]
        if x.ndim == 0 or x.shape[dim]:
            yield sample


def searches(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    shapes = {
        "sizes": [((0,), (5,)), ((1,), (4,)), ((9,), (3, 4)), ((40,), (300,))],
        "grad": [((9,), (5,))],
        "hash": [((500,), (40, 900))],
    }[purpose]
    for i, (m, n) in enumerate(shapes):
        sequence = np.sort(integers(0, 100)(rng, m, dtype))
        yield Sample((sequence, integers(0, 101)(rng, n, dtype)), {"right": bool(i % 2)})


def searchsorted(sequence: np.ndarray, x: np.ndarray, right: bool) -> np.ndarray:
    return np.searchsorted(sequence, x, "right" if right else "left").astype(np.int64)


OPS = [
    Op(
        "sort",
        lambda x, dim: tuple(pynn.sort(x, dim)),
        sort,
        rows,
        dtypes=EVERY,
        grad=(0,),
    ),
    Op(
        "topk",
        lambda x, k, dim: tuple(pynn.topk(x, k, dim)),
        topk,
        ks,
        dtypes=EVERY,
        grad=(0,),
    ),
    Op(
        "mode",
        lambda x, dim: tuple(pynn.mode(x, dim)),
        mode,
        nonempty,
        dtypes=EVERY,
        grad=(0,),
    ),
    Op(
        "searchsorted",
        lambda s, x, right: pynn.searchsorted(s, x, right=right),
        searchsorted,
        searches,
        dtypes=(*REAL, *INTEGER),
    ),
]

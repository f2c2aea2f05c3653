"""Reading and adding at indices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from optable import INTEGER, REAL, Op, Sample, integers, spread, uniform, whole

import pynn

# Shape, axis, number of indices.
CASES = [
    ((5,), 0, 3),
    ((1,), 0, 0),
    ((9,), 0, 4097),
    ((4, 7), 0, 6),
    ((4, 7), 1, 9),
    ((3, 4, 5), 1, 4),
    ((3, 17, 33), -1, 20),
    ((130, 65), 0, 140),
    ((6, 129), 0, 33),
    ((2, 3, 2, 2), 2, 5),
    ((0, 4), 1, 3),
]
GRAD = [((5,), 0, 3), ((3, 4), 1, 5), ((4, 3), 0, 2), ((2, 3, 2), 1, 4)]
HASH = [((70, 130), 0, 300), ((50, 60), 1, 130), ((5, 40, 33), 1, 200), ((4000,), 0, 9000)]


def of(purpose: str) -> list[tuple[tuple[int, ...], int, int]]:
    return {"sizes": CASES, "grad": GRAD, "hash": HASH}[purpose]


def index(rng: Any, n: int, shape: Any, wide: bool = True) -> np.ndarray:
    return np.asarray(whole(rng, 0, n, shape), np.int64 if wide else np.int32)


def select_samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    draw = spread if dtype.kind == "f" else integers(0, 1 if dtype.kind == "b" else 100)
    for i, (shape, dim, count) in enumerate(of(purpose)):
        where = index(rng, shape[dim], count, bool(i % 2))
        yield Sample((draw(rng, shape, dtype), where), {"dim": dim})


def gather_samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    draw = spread if dtype.kind == "f" else integers(0, 1 if dtype.kind == "b" else 100)
    for i, (shape, dim, count) in enumerate(of(purpose)):
        picked = list(shape)
        picked[dim] = count
        if i % 3 == 2:  # the other axes of the index may be shorter
            picked[0 if dim else -1] = max(picked[0 if dim else -1] - 1, 0)
        where = index(rng, shape[dim], picked)
        yield Sample((draw(rng, shape, dtype), where), {"dim": dim})


def add_samples(full: bool) -> Callable[..., Iterator[Sample]]:
    """Values are multiples of 1/8, so sums are exact in any order: lost additions show."""

    def samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        for shape, dim, count in of(purpose):
            added = list(shape)
            added[dim] = count
            where = index(rng, shape[dim], added if full else count)
            draw = uniform(-2, 2) if purpose == "hash" else integers(-40, 40)
            scale = dtype.type(1 if dtype.kind in "iu" or purpose == "hash" else 0.125)
            yield Sample(
                (
                    np.asarray(draw(rng, shape, dtype) * scale, dtype),
                    where,
                    np.asarray(draw(rng, tuple(added), dtype) * scale, dtype),
                ),
                {"dim": dim},
            )

    return samples


def index_add(x: np.ndarray, where: np.ndarray, source: np.ndarray, dim: int) -> np.ndarray:
    y = x.copy()
    np.add.at(np.moveaxis(y, dim, 0), where, np.moveaxis(source, dim, 0))
    return y


def scatter_add(x: np.ndarray, where: np.ndarray, source: np.ndarray, dim: int) -> np.ndarray:
    y = x.copy()
    at = list(np.indices(where.shape, sparse=True))
    at[dim] = where
    np.add.at(y, tuple(at), source)
    return y


def gather(x: np.ndarray, where: np.ndarray, dim: int) -> np.ndarray:
    at = list(np.indices(where.shape, sparse=True))
    at[dim] = where
    return x[tuple(at)]


def pick_samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    """x[index] with negative indices, and pairs of index arrays."""
    shape = (60, 70, 5) if purpose == "hash" else (4, 5, 3)
    rows, columns = whole(rng, -shape[0], shape[0], 200), whole(rng, 0, shape[1], 200)
    yield Sample((spread(rng, shape, dtype),), {"key": (rows,)})
    yield Sample((spread(rng, shape, dtype),), {"key": (rows, columns)})
    yield Sample((spread(rng, shape, dtype),), {"key": (slice(None), columns)})
    yield Sample((spread(rng, shape, dtype),), {"key": (rows[:7, None], columns[:6], 1)})


def _key(key: tuple[Any, ...]) -> Any:
    found = [pynn.from_numpy(k) if isinstance(k, np.ndarray) else k for k in key]
    return tuple(found) if len(found) > 1 else found[0]


several = (*REAL, *INTEGER, "bool", "float16")
OPS = [
    Op(
        "index_select",
        lambda x, i, dim: pynn.index_select(x, dim, i),
        lambda x, i, dim: np.take(x, i, axis=dim),
        select_samples,
        dtypes=several,
        grad=(0,),
    ),
    Op(
        "gather",
        lambda x, i, dim: pynn.gather(x, dim, i),
        gather,
        gather_samples,
        dtypes=several,
        grad=(0,),
    ),
    Op(
        "index_add",
        lambda x, i, s, dim: pynn.index_add(x, dim, i, s),
        index_add,
        add_samples(False),
        dtypes=REAL + INTEGER,
        grad=(0, 2),
    ),
    Op(
        "scatter_add",
        lambda x, i, s, dim: pynn.scatter_add(x, dim, i, s),
        scatter_add,
        add_samples(True),
        dtypes=REAL + INTEGER,
        grad=(0, 2),
    ),
    Op(
        "getitem",
        lambda x, key: pynn.Tensor.__getitem__(x, _key(key)),
        lambda x, key: x[key],
        pick_samples,
        grad=(0,),
        stub=("Tensor.__getitem__",),
    ),
]

"""Writing at indices: index tensors, scatter with every reduction, what is not zero."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from optable import INTEGER, REAL, Op, Sample, distinct, integers, whole

import pynn
from operators.indices import index, of
from operators.movement import EVERY, draw


def put_samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    """Two index arrays into three dimensions, one, and one between two whole dimensions."""
    shape = (60, 70, 5) if purpose == "hash" else (4, 5, 3)
    rows, columns = whole(rng, -shape[0], shape[0], 40), whole(rng, 0, shape[1], 40)
    if purpose == "grad":  # of equal places every one has a gradient
        rows, columns = np.arange(-1, 3), np.arange(1, 5)
    for keys in ((rows, columns), (rows,), (None, columns), (rows, None, columns % shape[2])):
        at = tuple(slice(None) if k is None else k for k in keys)
        x = draw(rng, shape, dtype)
        yield Sample((x, draw(rng, x[at].shape, dtype)), {"keys": keys})


def _items(keys: tuple[Any, ...]) -> list[Any]:
    return [None if k is None else pynn.from_numpy(k) for k in keys]


def put(x: np.ndarray, y: np.ndarray, keys: tuple[Any, ...]) -> np.ndarray:
    """Assigned one by one: the last of equal places stays."""
    out = x.copy()
    at = tuple(slice(None) if k is None else k for k in keys)
    apart = len(keys) == 3
    between = keys[0] is None
    for i in range(len(keys[-1])):
        one = tuple(a if isinstance(a, slice) else a[i] for a in at)
        out[one] = y[i] if apart or not between else y[:, i]
    return out


def put_add(x: np.ndarray, y: np.ndarray, keys: tuple[Any, ...]) -> np.ndarray:
    out = x.copy()
    np.add.at(out, tuple(slice(None) if k is None else k for k in keys), y)
    return out


def whole_put(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    """Values whose sums are exact in any order."""
    for sample in put_samples(rng, dtype, purpose):
        scale = dtype.type(1 if dtype.kind in "iu" else 0.125)
        made = [integers(-40, 40)(rng, a.shape, dtype) * scale for a in sample.arrays]
        yield Sample(tuple(np.asarray(a, dtype) for a in made), sample.kwargs)


def scatter_samples(kind: str) -> Any:
    def samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        for shape, dim, count in of(purpose):
            added = list(shape)
            added[dim] = min(count, 40)
            where = index(rng, max(shape[dim], 1), added)
            if kind == "write" and purpose == "grad":  # of equal places every one has a gradient
                added[dim] = min(count, shape[dim])
                order = np.argsort(np.asarray(rng.random_sample(shape)), axis=dim)
                where = np.take(order, range(added[dim]), axis=dim).astype(np.int64)
            if kind == "prod":  # products of such numbers are exact
                values = [np.asarray(2.0 ** whole(rng, -1, 2, s), dtype) for s in (shape, added)]
            else:
                n = int(np.prod(shape)) + int(np.prod(added))
                both = distinct(rng, (n,), dtype) if purpose == "grad" else draw(rng, (n,), dtype)
                cut = int(np.prod(shape))
                values = [both[:cut].reshape(shape), both[cut:].reshape(added)]
            yield Sample((values[0], where, values[1]), {"dim": dim})

    return samples


def scatter(function: Any) -> Any:
    """In NumPy, one by one in ascending order."""

    def oracle(x: np.ndarray, where: np.ndarray, source: np.ndarray, dim: int) -> np.ndarray:
        y = x.copy()
        at = list(np.indices(where.shape, sparse=True))
        at[dim] = where
        if function is not None:
            function.at(y, tuple(at), source)
            return y
        for i in range(where.shape[dim]):
            one = list(np.indices(where.shape, sparse=True))
            part = [slice(None)] * where.ndim
            part[dim] = slice(i, i + 1)
            one = [np.broadcast_to(a, where.shape)[tuple(part)] for a in one]
            one[dim] = where[tuple(part)]
            y[tuple(one)] = source[tuple(part)]
        return y

    return oracle


def zeros_between(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    shapes = {
        "sizes": [(0,), (1,), (33,), (4, 5), (4097,), (2, 3, 4)],
        "grad": [(4, 5)],
        "hash": [(90, 130), (20000,)],
    }[purpose]
    for shape in shapes:
        yield Sample((np.asarray(whole(rng, 0, 2, shape), dtype),))


def reduction(name: str, function: Any, dtypes: tuple[str, ...]) -> Op:
    return Op(
        f"scatter_{name}",
        lambda x, i, s, dim: pynn.scatter_reduce(x, dim, i, s, name),
        scatter(function),
        scatter_samples(name),
        dtypes=dtypes,
        grad=(0, 2),
        grad_ulps=64,
        stub=("pynn.scatter_reduce",),
    )


OPS = [
    Op(
        "index_put",
        lambda x, y, keys: pynn.index_put(x, _items(keys), y),
        put,
        put_samples,
        dtypes=EVERY,
        grad=(0, 1),
    ),
    Op(
        "index_put_add",
        lambda x, y, keys: pynn.index_put(x, _items(keys), y, accumulate=True),
        put_add,
        whole_put,
        dtypes=(*REAL, *INTEGER),
        grad=(0, 1),
        stub=("pynn.index_put",),
    ),
    Op(
        "scatter",
        lambda x, i, s, dim: pynn.scatter(x, dim, i, s),
        scatter(None),
        scatter_samples("write"),
        dtypes=EVERY,
        grad=(0, 2),
    ),
    reduction("prod", np.multiply, REAL),
    reduction("amax", np.maximum, (*REAL, *INTEGER)),
    reduction("amin", np.minimum, (*REAL, *INTEGER)),
    Op(
        "nonzero",
        lambda x: pynn.nonzero(x),
        lambda x: np.argwhere(x).astype(np.int64),
        zeros_between,
        dtypes=EVERY,
        captured=False,
    ),
]

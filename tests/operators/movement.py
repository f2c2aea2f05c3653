"""Tensors joined and reversed; views beyond slices and permutations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from optable import INTEGER, REAL, Op, Sample, integers, spread

import pynn

EVERY = (*REAL, *INTEGER, "bool", "float16")


def draw(rng: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Any values of the dtype."""
    made = spread if dtype.kind == "f" else integers(0, 1 if dtype.kind == "b" else 100)
    return made(rng, shape, dtype)


def joined(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    """Three tensors that differ along one dimension."""
    shapes = {
        "sizes": [((3, 4), 0), ((3, 4), 1), ((5,), 0), ((2, 0, 3), 1), ((7, 3, 17), -1)],
        "grad": [((2, 3), 0), ((2, 3), 1)],
        "hash": [((70, 130), 0), ((70, 130), 1)],
    }[purpose]
    for shape, dim in shapes:
        parts = []
        for size in (shape[dim], 1, shape[dim] + 3):
            part = list(shape)
            part[dim] = size
            parts.append(draw(rng, tuple(part), dtype))
        yield Sample(tuple(parts), {"dim": dim})


def alike(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    shapes = {
        "sizes": [((), 0), ((5,), 1), ((3, 4), 0), ((3, 4), -1), ((0, 2), 1), ((6, 9, 2), 2)],
        "grad": [((2, 3), 0), ((2, 3), 2)],
        "hash": [((70, 130), 1), ((70, 130), 0)],
    }[purpose]
    for shape, dim in shapes:
        yield Sample(tuple(draw(rng, shape, dtype) for _ in range(3)), {"dim": dim})


def matrices(*kwargs: dict[str, Any]) -> Any:
    """Samples of at least two dimensions with these keywords."""

    def samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        shapes = {
            "sizes": [(2, 3, 4), (7, 5), (17, 33), (4, 6, 3)],
            "grad": [(3, 4)],
            "hash": [(150, 130), (20, 30, 40)],
        }[purpose]
        for i, shape in enumerate(shapes):
            for k in range(len(kwargs) if purpose != "sizes" else 1):
                yield Sample((draw(rng, shape, dtype),), kwargs[(i + k) % len(kwargs)])

    return samples


def flip(x: np.ndarray, dims: tuple[int, ...]) -> np.ndarray:
    return np.flip(x, dims)


def unfold(x: np.ndarray, dimension: int, size: int, step: int) -> np.ndarray:
    windows = sliding_window_view(x, size, dimension)
    return windows[(slice(None),) * dimension + (slice(None, None, step),)]


def strided(x: np.ndarray, size: tuple[int, ...], stride: tuple[int, ...]) -> np.ndarray:
    flat = np.ascontiguousarray(x).reshape(-1)
    where = sum(i * s for i, s in zip(np.indices(size), stride, strict=True))
    return flat[where]


OPS = [
    Op(
        "cat",
        lambda *t, dim: pynn.cat(t, dim),
        lambda *t, dim: np.concatenate(t, dim),
        joined,
        dtypes=EVERY,
        grad=(0, 1, 2),
    ),
    Op(
        "stack",
        lambda *t, dim: pynn.stack(t, dim),
        lambda *t, dim: np.stack(t, dim),
        alike,
        dtypes=EVERY,
        grad=(0, 1, 2),
    ),
    Op(
        "flip",
        lambda x, dims: pynn.flip(x, dims),
        flip,
        matrices({"dims": (0,)}, {"dims": (0, -1)}, {"dims": (1,)}),
        dtypes=EVERY,
        grad=(0,),
    ),
    Op(
        "diagonal",
        lambda x, offset: pynn.diagonal(x, offset).clone(),
        lambda x, offset: np.diagonal(x, offset),
        matrices({"offset": 0}, {"offset": 1}, {"offset": -1}),
        dtypes=EVERY,
        grad=(0,),
    ),
    Op(
        "unfold",
        lambda x, **kwargs: x.unfold(**kwargs).clone(),
        unfold,
        matrices({"dimension": 0, "size": 2, "step": 1}, {"dimension": 1, "size": 3, "step": 2}),
        dtypes=EVERY,
        grad=(0,),
        stub=("Tensor.unfold",),
    ),
    Op(
        "as_strided",
        lambda x, size, stride: pynn.as_strided(x.contiguous(), size, stride, 0).clone(),
        strided,
        matrices({"size": (3, 2), "stride": (2, 1)}, {"size": (2, 3, 2), "stride": (1, 2, 0)}),
        dtypes=EVERY,
        grad=(0,),
    ),
]

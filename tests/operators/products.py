"""Products: matmul in all its shapes, mm, addmm, linear."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from optable import INTEGER, KBLOCK, Op, Sample, integers, product_length, spread, ulps

import pynn
import pynn.nn.functional as F

# M, N, K: nothing, one, around vectors and tiles, around K blocks, packed.
SHAPES = [
    (0, 3, 4),
    (3, 0, 4),
    (3, 4, 0),
    (1, 1, 1),
    (1, 1, 5),
    (2, 3, 4),
    *((m, 17, 9) for m in (1, 3, 5, 6, 7, 8, 13, 14, 15, 29)),
    *((5, n, 9) for n in (1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 49, 64, 65)),
    *((3, 18, k) for k in (KBLOCK - 1, KBLOCK, KBLOCK + 1, 2 * KBLOCK + 1)),
    *((1, 1, k) for k in (KBLOCK - 1, KBLOCK, KBLOCK + 1, 5000)),
    (1, 70, 100),
    (70, 1, 100),
    (4, 4, 9 * KBLOCK + 5),
    (130, 140, 150),
]
PACKED = [(300, 270, 800), (33, 800, 400)]
GRAD = [(2, 3, 4), (1, 1, 3), (3, 1, 2), (2, 2, 0), (1, 4, 2)]
HASH = [
    (67, 70, 2 * KBLOCK + 1),
    (310, 272, 800),
    (5, 6, 9 * KBLOCK + 5),
    (1, 1, 20000),
    (1, 200, 500),
]

BATCHES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((7,), (7,)),
    ((3, 4), (4,)),
    ((4,), (4, 3)),
    ((2, 3, 4), (4, 5)),
    ((2, 3, 4), (2, 4, 5)),
    ((2, 1, 3, 4), (5, 4, 2)),
    ((3, 4), (2, 4, 5)),
    ((4,), (2, 4, 5)),
    ((2, 3, 4), (4,)),
    ((0, 3, 4), (4, 5)),
    ((2, 2, 33, 17), (2, 2, 17, 20)),
]
GRAD_BATCHES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 2, 3), (3, 2)),
    ((2, 1, 2, 3), (2, 3, 2)),
]
HASH_BATCHES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((9, 33, 40), (9, 40, 70)),
    ((4, 20, 33), (33, 50)),
]


def mnk(purpose: str) -> list[tuple[int, int, int]]:
    return {"sizes": SHAPES + PACKED, "grad": GRAD, "hash": HASH}[purpose]


def matrices(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    for m, n, k in mnk(purpose):
        yield Sample((spread(rng, (m, k), dtype), spread(rng, (k, n), dtype)))


def batches(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    shapes = {"sizes": BATCHES, "grad": GRAD_BATCHES, "hash": HASH_BATCHES}[purpose]
    for a, b in shapes:
        yield Sample((spread(rng, a, dtype), spread(rng, b, dtype)))


def product_bound(want: Any, a: np.ndarray, b: np.ndarray, dtype: np.dtype) -> np.ndarray:
    eps = np.finfo(dtype).eps / 2
    return eps * (product_length(a.shape[-1]) + 1) * matmul(np.abs(a), np.abs(b))


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """In extended precision NumPy multiplies without a library: slowly, but right."""
    return np.matmul(a, b)


def addmm_samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    scales: list[dict[str, float]] = [{}, {"alpha": 0.5}, {"beta": -2}, {"alpha": 3, "beta": 0.25}]
    for i, (m, n, k) in enumerate(mnk(purpose)):
        shape = [(n,), (m, n), (1, n), (m, 1)][i % 4]
        added = spread(rng, shape, dtype)
        yield Sample((added, spread(rng, (m, k), dtype), spread(rng, (k, n), dtype)), scales[i % 3])


def addmm(c: np.ndarray, a: np.ndarray, b: np.ndarray, alpha: float = 1, beta: float = 1) -> Any:
    return beta * c + alpha * matmul(a, b)


def addmm_bound(want: Any, c: Any, a: Any, b: Any, dtype: np.dtype, **kwargs: float) -> np.ndarray:
    eps = np.finfo(dtype).eps / 2
    scale = {key: abs(value) for key, value in kwargs.items()}
    return eps * (product_length(a.shape[1]) + 4) * addmm(*map(np.abs, (c, a, b)), **scale)


def linear_samples(bias: bool) -> Callable[..., Iterator[Sample]]:
    def samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        for i, (m, n, k) in enumerate(mnk(purpose)):
            if m == 0 and i % 2:
                continue
            lead = (m,) if i % 3 else (1, m)
            x, weight = spread(rng, (*lead, k), dtype), spread(rng, (n, k), dtype)
            yield Sample((x, weight, spread(rng, (n,), dtype)) if bias else (x, weight))
        weight = spread(rng, (3, 4), dtype)
        x = spread(rng, (4,), dtype)
        yield Sample((x, weight, spread(rng, (3,), dtype)) if bias else (x, weight))

    return samples


def linear(x: np.ndarray, weight: np.ndarray, bias: Any = 0) -> np.ndarray:
    return matmul(x, weight.T) + bias


def linear_bound(want: Any, x: Any, w: Any, bias: Any = 0, *, dtype: np.dtype) -> np.ndarray:
    eps = np.finfo(dtype).eps / 2
    return eps * (product_length(w.shape[1]) + 2) * linear(np.abs(x), np.abs(w), np.abs(bias))


BMM: dict[str, list[tuple[tuple[int, ...], tuple[int, ...]]]] = {
    "sizes": [
        ((2, 3, 4), (2, 4, 5)),
        ((1, 1, 1), (1, 1, 1)),
        ((0, 3, 4), (0, 4, 5)),
        ((3, 0, 4), (3, 4, 2)),
        ((3, 2, 0), (3, 0, 2)),
        ((7, 17, 33), (7, 33, 18)),
        ((40, 4, 4), (40, 4, 4)),
    ],
    "grad": [((2, 2, 3), (2, 3, 2)), ((1, 1, 2), (1, 2, 3))],
    "hash": [((9, 33, 40), (9, 40, 70)), ((200, 8, 8), (200, 8, 8))],
}
MV: dict[str, list[tuple[tuple[int, ...], tuple[int, ...]]]] = {
    "sizes": [((m, k), (k,)) for m, k in ((1, 1), (3, 4), (0, 3), (3, 0), (70, 100), (5, 1030))],
    "grad": [((2, 3), (3,)), ((1, 2), (2,))],
    "hash": [((1300, 1000), (1000,)), ((3, 9000), (9000,))],
}
DOT: dict[str, list[tuple[tuple[int, ...], tuple[int, ...]]]] = {
    "sizes": [((k,), (k,)) for k in (0, 1, 2, 7, 16, 33, KBLOCK, KBLOCK + 1, 5000)],
    "grad": [((3,), (3,)), ((1,), (1,))],
    "hash": [((150000,), (150000,)), ((700,), (700,))],
}
OUTER: dict[str, list[tuple[tuple[int, ...], tuple[int, ...]]]] = {
    "sizes": [((m,), (n,)) for m, n in ((0, 3), (1, 1), (3, 4), (17, 33), (70, 130))],
    "grad": [((2,), (3,)), ((1,), (2,))],
    "hash": [((90,), (130,)), ((1000,), (20,))],
}


def shaped(shapes: Any, draw: Any = spread) -> Callable[..., Iterator[Sample]]:
    def samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        for a, b in shapes[purpose]:
            yield Sample((draw(rng, a, dtype), draw(rng, b, dtype)))

    return samples


def wrapping(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A product of integers in their own type."""
    return np.asarray(np.matmul(a.astype(np.int64), b.astype(np.int64)).astype(a.dtype))


def fused(activation: Callable[..., Any]) -> Callable[..., Any]:
    """linear and an activation: one record after capture, the same bits."""
    return lambda x, weight, bias: activation(F.linear(x, weight, bias))


OPS = [
    Op("matmul", pynn.matmul, matmul, matrices, product_bound, grad=(0, 1), grad_ulps=64),
    Op(
        "matmul_batch",
        pynn.matmul,
        matmul,
        batches,
        product_bound,
        grad=(0, 1),
        grad_ulps=64,
        stub=("pynn.matmul", "Tensor.__matmul__"),
    ),
    Op("mm", pynn.mm, matmul, matrices, product_bound, grad=(0, 1), grad_ulps=64),
    Op("addmm", pynn.addmm, addmm, addmm_samples, addmm_bound, grad=(0, 1, 2), grad_ulps=64),
    Op(
        "linear",
        F.linear,
        linear,
        linear_samples(True),
        linear_bound,
        grad=(0, 1, 2),
        grad_ulps=64,
        stub=("nn.functional.linear",),
    ),
    Op(
        "linear_no_bias",
        F.linear,
        linear,
        linear_samples(False),
        linear_bound,
        grad=(0, 1),
        grad_ulps=64,
        stub=("nn.functional.linear",),
    ),
    *(
        Op(
            name,
            getattr(pynn, name),
            matmul,
            shaped(shapes),
            product_bound,
            grad=(0, 1),
            grad_ulps=64,
        )
        for name, shapes in (("bmm", BMM), ("mv", MV), ("dot", DOT))
    ),
    Op("outer", pynn.outer, np.multiply.outer, shaped(OUTER), ulps(0.5), grad=(0, 1), grad_ulps=64),
    Op(
        "bmm_int",
        pynn.bmm,
        wrapping,
        shaped(BMM, integers(0, 11)),
        dtypes=INTEGER,
        stub=("pynn.bmm",),
    ),
]

"""Scans along a dimension."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from optable import INTEGER, SMALL_SIZES, Op, Sample, integers, signed, spread, uniform

import pynn

# Lines of one element and of many, alone, side by side and one after the other.
CASES: list[tuple[tuple[int, ...], int]] = [
    *(((n,), 0) for n in SMALL_SIZES),
    *(((3, n), 1) for n in SMALL_SIZES[::3]),
    *(((5, n), 0) for n in SMALL_SIZES[::2]),
    ((19, 40), 1),
    ((4, 7, 70), 1),
    ((2, 5, 3, 2), -3),
    ((), 0),
]
GRAD: list[tuple[tuple[int, ...], int]] = [((5,), 0), ((3, 4), 0), ((2, 4, 2), 1), ((2, 1), 1)]
HASH: list[tuple[tuple[int, ...], int]] = [((1300,), 0), ((40, 90), 1), ((5, 60, 33), 1)]


def lines(draw: Any, smooth: Any = None) -> Callable[..., Iterator[Sample]]:
    def samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        cases = {"sizes": CASES, "grad": GRAD, "hash": HASH}[purpose]
        pick = smooth if smooth and purpose == "grad" else draw
        for shape, dim in cases:
            yield Sample((pick(rng, shape, dtype),), {"dim": dim})

    return samples


def length(x: np.ndarray, dim: int) -> int:
    return x.shape[dim] if x.ndim else 1


def cumsum(x: np.ndarray, dim: int) -> np.ndarray:
    return np.cumsum(x, axis=dim if x.ndim else None).reshape(x.shape)


def cumprod(x: np.ndarray, dim: int) -> np.ndarray:
    return np.cumprod(x, axis=dim if x.ndim else None).reshape(x.shape)


def cumsum_bound(want: Any, x: np.ndarray, *, dtype: np.dtype, dim: int) -> np.ndarray:
    return np.finfo(dtype).eps / 2 * length(x, dim) * cumsum(np.abs(x), dim)


def cumprod_bound(want: np.ndarray, x: np.ndarray, *, dtype: np.dtype, dim: int) -> np.ndarray:
    limits = np.finfo(dtype)
    return limits.eps * length(x, dim) * np.abs(want) + limits.smallest_subnormal * length(x, dim)


def logcumsumexp(x: np.ndarray, dim: int) -> np.ndarray:
    return np.logaddexp.accumulate(x, axis=dim) if x.ndim else x


def logcumsumexp_bound(want: Any, x: np.ndarray, *, dtype: np.dtype, dim: int) -> np.ndarray:
    """Each step rounds its logarithm and exponential, and the running value."""
    return np.finfo(dtype).eps * 6 * length(x, dim) * (1 + np.abs(want))


def whole(function: Any) -> Callable[..., np.ndarray]:
    """As integers do it: in int64, wrapping."""
    return lambda x, dim: function(x.astype(np.int64), dim)


OPS = [
    Op("cumsum", pynn.cumsum, cumsum, lines(spread), cumsum_bound, grad=(0,), grad_ulps=256),
    Op(
        "cumprod",
        pynn.cumprod,
        cumprod,
        lines(signed(0.8, 1.2), signed(0.5, 1.5)),
        cumprod_bound,
        grad=(0,),
        grad_ulps=4096,
    ),
    Op(
        "logcumsumexp",
        pynn.logcumsumexp,
        logcumsumexp,
        lines(uniform(-6, 6)),
        logcumsumexp_bound,
        grad=(0,),
        grad_ulps=1024,
    ),
    Op(
        "cumsum_int",
        pynn.cumsum,
        whole(cumsum),
        lines(integers(0, 100)),
        dtypes=INTEGER,
        stub=("pynn.cumsum",),
    ),
    Op(
        "cumprod_int",
        pynn.cumprod,
        whole(cumprod),
        lines(integers(1, 7)),
        dtypes=INTEGER,
        stub=("pynn.cumprod",),
    ),
]

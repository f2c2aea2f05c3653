"""Sums, means, variances, extremes, the softmax family."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from optable import (
    CHUNK,
    INTEGER,
    ROWCHUNK,
    SIZES,
    SMALL_SIZES,
    Op,
    Sample,
    distinct,
    integers,
    spread,
    sum_length,
    ulp,
    uniform,
)

import pynn

# Shape and axes: last axis reduced, last axis kept, both, several.
CASES: list[tuple[tuple[int, ...], Any]] = [
    *(((n,), None) for n in SIZES if n),
    *(((3, n), 1) for n in SMALL_SIZES if n),
    *(((n, 5), 0) for n in (1, 2, 17, ROWCHUNK - 1, ROWCHUNK, ROWCHUNK + 1, 2 * ROWCHUNK + 3)),
    *(((3, n), 0) for n in SMALL_SIZES),
    ((2, 3, 4), (0, 2)),
    ((2, 3, 4), (-1, 0)),
    ((4, 300, 3), 1),
    ((2, 3, 2, 3, 2), (1, 3)),
    ((1, 1), None),
    ((), None),
    ((3, 2 * CHUNK + 5), 1),
    ((2, 40, 130), (1, 2)),
    ((2,) * 8, (1, 4, 7)),
]
EMPTY: list[tuple[tuple[int, ...], Any]] = [((0,), None), ((0, 3), 0), ((3, 0), 1), ((0, 3), 1)]
GRAD: list[tuple[tuple[int, ...], Any]] = [
    ((5,), None),
    ((3, 4), 0),
    ((2, 3, 2), (0, 2)),
    ((), None),
]
HASH: list[tuple[tuple[int, ...], Any]] = [
    ((3 * CHUNK + 37,), None),
    ((700, 65), 0),
    ((19, 300), 1),
    ((5, 70, 33), (0, 2)),
    ((3, CHUNK + 9), 1),
]


def cases(
    draw: Any = spread, empty: bool = True, one_axis: bool = False, grad_draw: Any = None
) -> Callable[..., Iterator[Sample]]:
    def samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        every = {"sizes": CASES + (EMPTY if empty else []), "grad": GRAD, "hash": HASH}[purpose]
        pick = grad_draw if purpose == "grad" and grad_draw else draw
        for i, (shape, dim) in enumerate(every):
            if one_axis and isinstance(dim, tuple):
                continue
            kwargs: dict[str, Any] = {} if dim is None else {"dim": dim, "keepdim": i % 2 == 0}
            yield Sample((pick(rng, shape, dtype),), kwargs)

    return samples


def axes(dim: Any) -> Any:
    return tuple(dim) if isinstance(dim, (tuple, list)) else dim


def term_length(x: np.ndarray, dim: Any, dtype: np.dtype) -> int:
    """How many roundings a term of the reduction goes through, at most."""
    shape, dim = x.shape, dim if x.ndim else None
    reduced = set(range(x.ndim)) if dim is None else {d % x.ndim for d in np.atleast_1d(dim)}
    count = int(np.prod([shape[d] for d in reduced], dtype=np.int64))
    sized = [d for d in range(x.ndim) if shape[d] > 1]
    last = not sized or sized[-1] in reduced
    return sum_length(count, last, dtype.itemsize)


def _sum(x: np.ndarray, dim: Any = None, keepdim: bool = False) -> np.ndarray:
    return np.sum(x, axis=axes(dim), keepdims=keepdim)


def sum_bound(
    want: Any, x: np.ndarray, dtype: np.dtype, dim: Any = None, keepdim: bool = False
) -> np.ndarray:
    eps = np.finfo(dtype).eps / 2
    return eps * term_length(x, dim, dtype) * _sum(np.abs(x), dim, keepdim)


def _mean(x: np.ndarray, dim: Any = None, keepdim: bool = False) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the mean of nothing
        return np.mean(x, axis=axes(dim), keepdims=keepdim)


def mean_bound(
    want: Any, x: np.ndarray, dtype: np.dtype, dim: Any = None, keepdim: bool = False
) -> np.ndarray:
    eps = np.finfo(dtype).eps / 2
    return eps * (term_length(x, dim, dtype) + 1) * _mean(np.abs(x), dim, keepdim)


def _var(x: np.ndarray, dim: Any = None, correction: int = 1, keepdim: bool = False) -> np.ndarray:
    count = x.size if dim is None else int(np.prod([x.shape[d] for d in np.atleast_1d(dim)]))
    centred = x - np.mean(x, axis=axes(dim), keepdims=True)
    total = np.sum(centred * centred, axis=axes(dim), keepdims=keepdim)
    return total / np.asarray(max(count - correction, 0), x.dtype)


def var_bound(
    want: np.ndarray,
    x: np.ndarray,
    dtype: np.dtype,
    dim: Any = None,
    correction: int = 1,
    keepdim: bool = False,
) -> np.ndarray:
    """Of the sum of squares, and of the mean, whose error enters squared."""
    eps, length = np.finfo(dtype).eps / 2, term_length(x, dim, dtype)
    mean_error = eps * (length + 2) * _mean(np.abs(x), dim, keepdim)
    return eps * (length + 6) * np.abs(want) + 4 * mean_error**2 + 2 * eps * mean_error


def _std(x: np.ndarray, **kwargs: Any) -> np.ndarray:
    return np.sqrt(_var(x, **kwargs))


def std_bound(want: np.ndarray, x: np.ndarray, dtype: np.dtype, **kwargs: Any) -> np.ndarray:
    """The derivative of a root is 1 / (2 root); at 0 the root of the error."""
    error = var_bound(want**2, x, dtype, **kwargs)
    return error / np.maximum(want, np.sqrt(error)) + ulp(want, dtype)


def corrected(samples: Callable[..., Iterator[Sample]]) -> Callable[..., Iterator[Sample]]:
    def with_correction(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        for i, sample in enumerate(samples(rng, dtype, purpose)):
            if purpose != "grad" or sample.arrays[0].ndim:
                yield Sample(sample.arrays, sample.kwargs | {"correction": (i + 1) % 3 % 2})

    return with_correction


def _extreme(ufunc: Any) -> Callable[..., np.ndarray]:
    def oracle(x: np.ndarray, dim: Any = None, keepdim: bool = False) -> np.ndarray:
        return ufunc(x, axis=axes(dim), keepdims=keepdim)

    return oracle


def _extreme_dim(ufunc: Any, where: Any) -> Callable[..., Any]:
    def oracle(x: np.ndarray, dim: Any = None, keepdim: bool = False) -> Any:
        if dim is None:
            return ufunc(x)
        return ufunc(x, axis=dim, keepdims=keepdim), where(x, axis=dim, keepdims=keepdim)

    return oracle


def _where_extreme(where: Any) -> Callable[..., np.ndarray]:
    def oracle(x: np.ndarray, dim: Any = None, keepdim: bool = False) -> np.ndarray:
        return np.asarray(where(x, axis=dim, keepdims=keepdim if dim is not None else False))

    return oracle


def softmax_samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    shapes: dict[str, list[tuple[tuple[int, ...], int]]] = {
        "sizes": [((n,), 0) for n in SIZES]
        + [((3, n), 1) for n in SMALL_SIZES]
        + [((n, 3), 0) for n in (1, 2, 17, 257)]
        + [((3, n), 0) for n in SMALL_SIZES]
        + [((2, 5, 7), 1), ((2, 5, 70), -2), ((), 0), ((0, 4), 1), ((4, 0), 1)],
        "grad": [((5,), 0), ((2, 4), 1), ((4, 3), 0), ((2, 3, 2), 1)],
        "hash": [((37, 130), 1), ((300, 70), 0), ((5, 33, 70), 1), ((3, CHUNK + 9), 1)],
    }
    for shape, dim in shapes[purpose]:
        yield Sample((uniform(-6, 6)(rng, shape, dtype),), {"dim": dim})


def _shifted(x: np.ndarray, dim: int) -> np.ndarray:
    return x - np.max(x, axis=dim if x.ndim else None, keepdims=True, initial=-np.inf)


def _softmax(x: np.ndarray, dim: int) -> np.ndarray:
    e = np.exp(_shifted(x, dim))
    return e / np.sum(e, axis=dim if x.ndim else None, keepdims=True)


def _log_softmax(x: np.ndarray, dim: int) -> np.ndarray:
    z = _shifted(x, dim)
    return z - np.log(np.sum(np.exp(z), axis=dim if x.ndim else None, keepdims=True))


def _softmax_relative(x: np.ndarray, dim: int, dtype: np.dtype) -> np.ndarray:
    """Relative error of a term and of the sum: the subtraction's rounding, exp, additions."""
    eps = np.finfo(dtype).eps / 2
    return eps * (np.abs(_shifted(x, dim)) + 12 + 4 + term_length(x, dim, dtype) + 6)


def softmax_bound(want: np.ndarray, x: np.ndarray, dtype: np.dtype, dim: int) -> np.ndarray:
    return _softmax_relative(x, dim, dtype) * want + float(np.finfo(dtype).smallest_subnormal)


def log_softmax_bound(want: np.ndarray, x: np.ndarray, dtype: np.dtype, dim: int) -> np.ndarray:
    eps = np.finfo(dtype).eps / 2
    return _softmax_relative(x, dim, dtype) + 4 * eps * (np.abs(want) + np.abs(_shifted(x, dim)))


def _dim(function: Callable[..., Any]) -> Callable[..., Any]:
    """Functions that take dim by position when it is given."""

    def call(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        return function(x) if dim is None else function(x, dim, keepdim)

    return call


few = integers(-20, 20)
one = (0,)
OPS = [
    Op("sum", pynn.sum, _sum, cases(), sum_bound, grad=one),
    Op("mean", pynn.mean, _mean, cases(), mean_bound, grad=one),
    Op("var", pynn.var, _var, corrected(cases(empty=False)), var_bound, grad=one),
    Op("std", pynn.std, _std, corrected(cases(empty=False)), std_bound, grad=one),
    Op("amax", _dim(pynn.amax), _extreme(np.amax), cases(few, False, False, distinct), grad=one),
    Op("amin", _dim(pynn.amin), _extreme(np.amin), cases(few, False, False, distinct), grad=one),
    Op(
        "max",
        _dim(pynn.max),
        _extreme_dim(np.max, np.argmax),
        cases(few, False, True, distinct),
        grad=one,
    ),
    Op(
        "min",
        _dim(pynn.min),
        _extreme_dim(np.min, np.argmin),
        cases(few, False, True, distinct),
        grad=one,
    ),
    Op("argmax", _dim(pynn.argmax), _where_extreme(np.argmax), cases(few, False, True)),
    Op("argmin", _dim(pynn.argmin), _where_extreme(np.argmin), cases(few, False, True)),
    Op("softmax", pynn.softmax, _softmax, softmax_samples, softmax_bound, grad=one),
    Op("log_softmax", pynn.log_softmax, _log_softmax, softmax_samples, log_softmax_bound, grad=one),
    Op(
        "sum_int",
        pynn.sum,
        lambda x, **k: _sum(x.astype(np.int64), **k),
        cases(integers(-100, 100)),
        dtypes=(*INTEGER, "bool"),
        stub=("pynn.sum",),
    ),
    *(
        Op(
            f"{name}_int",
            _dim(getattr(pynn, name)),
            _extreme_dim(ufunc, where),
            cases(integers(1, 100), False, True),
            dtypes=INTEGER,
            stub=(f"pynn.{name}",),
        )
        for name, ufunc, where in (("max", np.max, np.argmax), ("min", np.min, np.argmin))
    ),
]

"""Sums, means, variances, extremes, softmax."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import pynn
from pynn.bench.case import Array, Bound, Case, Pair, exact, rounded, tensors, uniform, whole

_SIDE = 316  # about 100,000 elements
_SIDES = (16, _SIDE, 1_000)

Axis = int | None
_Function = Callable[..., Any]

_EXTREMES: dict[str, tuple[_Function, _Function]] = {
    "amax": (pynn.amax, np.amax),
    "amin": (pynn.amin, np.amin),
    "argmax": (pynn.argmax, np.argmax),
    "argmin": (pynn.argmin, np.argmin),
}
_WITH_INDICES: dict[str, tuple[_Function, _Function, _Function]] = {
    "max": (pynn.max, np.amax, np.argmax),
    "min": (pynn.min, np.amin, np.argmin),
}
_AXES: dict[Axis, str] = {None: "all", 0: "axis 0", 1: "axis 1"}
_SOFTMAX_SHAPES = ((64, 10), (1_000, 100), (64, 5_000))


def cases() -> Iterator[Case]:
    """Squares over all elements, columns and rows; softmax along rows."""
    for side in _SIDES:
        for axis in _AXES:
            yield _case("sum", side, axis, partial(_sum_pair, "float32", axis))
    for axis in _AXES:
        yield _case("sum", _SIDE, axis, partial(_sum_pair, "float64", axis), "float64")
        yield _case("sum", _SIDE, axis, partial(_int_sum_pair, axis), "int32", "_int")
        yield _case("mean", _SIDE, axis, partial(_mean_pair, axis))
        yield _case("var", _SIDE, axis, partial(_var_pair, pynn.var, np.var, axis))
        yield _case("std", _SIDE, axis, partial(_var_pair, pynn.std, np.std, axis))
        for name, (ours, theirs) in _EXTREMES.items():
            yield _case(name, _SIDE, axis, partial(_extreme_pair, ours, theirs, axis))
    for name, functions in _WITH_INDICES.items():
        for axis in (0, 1):
            for dtype, suffix in (("float32", ""), ("int32", "_int")):
                build = partial(_indexed_pair, *functions, dtype, axis)
                yield _case(name, _SIDE, axis, build, dtype, suffix)
    for name, pair in (("softmax", _softmax_pair), ("log_softmax", _log_softmax_pair)):
        for rows, columns in _SOFTMAX_SHAPES:
            title = f"{name} float32 {rows}x{columns}"
            build = partial(pair, columns)
            yield Case("reductions", title, build, rows, operator=name)


def _case(
    name: str,
    side: int,
    axis: Axis,
    build: Callable[[int], Pair],
    dtype: str = "float32",
    suffix: str = "",
) -> Case:
    title = f"{name} {dtype} {side}x{side} {_AXES[axis]}"
    return Case("reductions", title, build, side, operator=name + suffix)


def _square(side: int, dtype: str = "float32") -> Array:
    return uniform(-4, 4, side, side, dtype=dtype)


def _given(axis: Axis) -> tuple[int, ...]:
    return () if axis is None else (axis,)


def _roundings(side: int, axis: Axis) -> int:
    """The additions a term goes through, at most, on the longer of both ways.

    pynn adds chunks of 4,096 of a row in 64 lanes and rows in blocks of 256; NumPy adds rows
    pairwise in blocks of 128 and rows below each other one by one.
    """
    return side + 16 if axis == 0 else 160 + side * side // 4096


def _sum_bound(x: Array, axis: Axis) -> Bound:
    return rounded(_roundings(len(x), axis), lambda: np.sum(np.abs(x), axis))


def _sum_pair(dtype: str, axis: Axis, side: int) -> Pair:
    x = _square(side, dtype)
    return Pair((pynn.sum, *tensors(x), *_given(axis)), (np.sum, x, axis), _sum_bound(x, axis))


def _int_sum_pair(axis: Axis, side: int) -> Pair:
    x = whole(-100, 100, side, side, dtype="int32")
    return Pair((pynn.sum, *tensors(x), *_given(axis)), (np.sum, x, axis, np.int64))


def _mean_pair(axis: Axis, side: int) -> Pair:
    x = _square(side)
    bound = rounded(_roundings(side, axis), lambda: np.mean(np.abs(x), axis))
    return Pair((pynn.mean, *tensors(x), *_given(axis)), (np.mean, x, axis), bound)


def _var_pair(ours: Callable[..., Any], theirs: Callable[..., Any], axis: Axis, side: int) -> Pair:
    """With n - 1, as pynn has it; the mean's error enters squared, so the sum's is what counts."""
    x = _square(side)
    bound = rounded(2 * _roundings(side, axis), lambda: np.var(x, axis))
    theirs_of = partial(theirs, ddof=1)
    return Pair((ours, *tensors(x), *_given(axis)), (theirs_of, x, axis), bound)


def _extreme_pair(
    ours: Callable[..., Any], theirs: Callable[..., Any], axis: Axis, side: int
) -> Pair:
    x = _square(side)
    return Pair((ours, *tensors(x), *_given(axis)), (theirs, x, axis), exact)


def _indexed_pair(
    ours: Callable[..., Any],
    value: Callable[..., Any],
    index: Callable[..., Any],
    dtype: str,
    axis: int,
    side: int,
) -> Pair:
    """Values and indices in one call; NumPy needs two."""
    x = _square(side) if dtype == "float32" else whole(-1000, 1000, side, side, dtype=dtype)

    def both(x: Array, axis: int) -> tuple[Any, Any]:
        return value(x, axis), index(x, axis)

    return Pair((ours, *tensors(x), axis), (both, x, axis))


def _softmax(x: Array) -> Any:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _log_softmax(x: Array) -> Any:
    z = x - x.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def _softmax_pair(columns: int, rows: int) -> Pair:
    """The differences to the row's maximum, up to 12, are rounded before exp."""
    x = uniform(-6, 6, rows, columns)
    bound = rounded(48 + _roundings(columns, 1), lambda: _softmax(x))
    return Pair((pynn.softmax, *tensors(x), 1), (_softmax, x), bound)


def _log_softmax_pair(columns: int, rows: int) -> Pair:
    x = uniform(-6, 6, rows, columns)
    bound = rounded(48 + _roundings(columns, 1), lambda: 1.0)
    return Pair((pynn.log_softmax, *tensors(x), 1), (_log_softmax, x), bound)

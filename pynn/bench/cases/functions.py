"""Elementary functions, division with an integer quotient, activations: one size each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import pynn
import pynn.nn.functional as F
from pynn.bench.case import Array, Case, Pair, tensors, uniform, whole, within

_SIZE = 100_000

_python_erf = np.frompyfunc(math.erf, 1, 1)
_python_erfc = np.frompyfunc(math.erfc, 1, 1)


def _erf(x: Array) -> Any:
    return np.asarray(_python_erf(x)).astype(x.dtype)


def _erfc(x: Array) -> Any:
    return np.asarray(_python_erfc(x)).astype(x.dtype)


def _erfinv(x: Array) -> Any:
    """Newton's method on erf, from Winitzki's formula."""
    w = np.log1p(-x * x)
    t = 2 / (np.pi * 0.147) + w / 2
    y = np.copysign(np.sqrt(np.sqrt(t * t - w / 0.147) - t), x)
    for _ in range(2):
        y = y - (_erf(y) - x) * np.exp(y * y) * (math.sqrt(math.pi) / 2)
    return y.astype(x.dtype)


def _logistic(x: Array) -> Any:
    return 1 / (1 + np.exp(-x))


def _ramp(x: Array) -> Any:
    return np.clip(x + 3, 0, 6)


def _elu(x: Array, alpha: float = 1.0, scale: float = 1.0) -> Any:
    return np.where(x > 0, x, alpha * np.expm1(scale * np.minimum(x, 0)))


# Operator: pynn's function, NumPy's, and the range of the argument.
_ONE: dict[str, tuple[Callable[..., Any], Callable[..., Any], float, float]] = {
    "sin": (pynn.sin, np.sin, -9, 9),
    "cos": (pynn.cos, np.cos, -9, 9),
    "tan": (pynn.tan, np.tan, -1.4, 1.4),
    "asin": (pynn.asin, np.arcsin, -1, 1),
    "acos": (pynn.acos, np.arccos, -1, 1),
    "atan": (pynn.atan, np.arctan, -4, 4),
    "sinh": (pynn.sinh, np.sinh, -4, 4),
    "cosh": (pynn.cosh, np.cosh, -4, 4),
    "asinh": (pynn.asinh, np.arcsinh, -4, 4),
    "acosh": (pynn.acosh, np.arccosh, 1, 9),
    "atanh": (pynn.atanh, np.arctanh, -0.9, 0.9),
    "expm1": (pynn.expm1, np.expm1, -4, 4),
    "exp2": (pynn.exp2, np.exp2, -4, 4),
    "log1p": (pynn.log1p, np.log1p, 0, 9),
    "log2": (pynn.log2, np.log2, 0.1, 9),
    "log10": (pynn.log10, np.log10, 0.1, 9),
    "erf": (pynn.erf, _erf, -4, 4),
    "erfc": (pynn.erfc, _erfc, -4, 4),
    "erfinv": (pynn.erfinv, _erfinv, -0.9, 0.9),
    "rsqrt": (pynn.rsqrt, lambda x: 1 / np.sqrt(x), 0.1, 9),
    "reciprocal": (pynn.reciprocal, np.reciprocal, 0.1, 9),
    "floor": (pynn.floor, np.floor, -9, 9),
    "ceil": (pynn.ceil, np.ceil, -9, 9),
    "trunc": (pynn.trunc, np.trunc, -9, 9),
    "round": (pynn.round, np.rint, -9, 9),
    "silu": (F.silu, lambda x: x * _logistic(x), -4, 4),
    "gelu": (F.gelu, lambda x: x * _erfc(-x * math.sqrt(0.5)) / 2, -4, 4),
    "gelu_tanh": (
        partial(F.gelu, approximate="tanh"),
        lambda x: x * _logistic(1.5957691 * (x + 0.044715 * x * x * x)),
        -4,
        4,
    ),
    "mish": (F.mish, lambda x: x * np.tanh(np.log1p(np.exp(x))), -4, 4),
    "softplus": (F.softplus, lambda x: np.log1p(np.exp(x)), -4, 4),
    "logsigmoid": (F.logsigmoid, lambda x: -np.log1p(np.exp(-x)), -4, 4),
    "elu": (F.elu, _elu, -4, 4),
    "celu": (partial(F.celu, alpha=0.5), lambda x: _elu(x, 0.5, 2.0), -4, 4),
    "selu": (F.selu, lambda x: 1.0507010 * _elu(x, 1.6732632), -4, 4),
    "hardswish": (F.hardswish, lambda x: x * _ramp(x) / 6, -4, 4),
    "hardsigmoid": (F.hardsigmoid, lambda x: _ramp(x) / 6, -4, 4),
    "hardtanh": (F.hardtanh, lambda x: np.clip(x, -1, 1), -4, 4),
    "relu6": (F.relu6, lambda x: np.clip(x, 0, 6), -4, 9),
    "hardshrink": (F.hardshrink, lambda x: np.where(np.abs(x) > 0.5, x, 0), -4, 4),
    "softshrink": (
        F.softshrink,
        lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0),
        -4,
        4,
    ),
    "threshold": (
        lambda x: F.threshold(x, 0.5, -2.0),
        lambda x: np.where(x > 0.5, x, x.dtype.type(-2)),
        -4,
        4,
    ),
}


def _xlogy(x: Array, y: Array) -> Any:
    return x * np.log(y)


_TWO: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "atan2": (pynn.atan2, np.arctan2),
    "hypot": (pynn.hypot, np.hypot),
    "copysign": (pynn.copysign, np.copysign),
    "logaddexp": (pynn.logaddexp, np.logaddexp),
    "logaddexp2": (pynn.logaddexp2, np.logaddexp2),
    "xlogy": (pynn.xlogy, _xlogy),
    "fmod": (pynn.fmod, np.fmod),
    "remainder": (pynn.remainder, np.remainder),
    "floor_divide": (pynn.floor_divide, np.floor_divide),
    "trunc_divide": (
        partial(pynn.div, rounding_mode="trunc"),
        lambda x, y: np.trunc(x / y),
    ),
    "clamp_min": (pynn.clamp_min, np.maximum),
    "clamp_max": (pynn.clamp_max, np.minimum),
}

_INTEGER: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "fmod_int": (pynn.fmod, np.fmod),
    "remainder_int": (pynn.remainder, np.remainder),
    "floor_divide_int": (pynn.floor_divide, np.floor_divide),
    "trunc_divide_int": (partial(pynn.div, rounding_mode="trunc"), np.floor_divide),
    "bitwise_left_shift": (pynn.bitwise_left_shift, np.left_shift),
    "bitwise_right_shift": (pynn.bitwise_right_shift, np.right_shift),
    "pow_int": (pynn.pow, np.power),
}


def cases() -> Iterator[Case]:
    """float32, whole numbers int32."""
    for name, (ours, theirs, low, high) in _ONE.items():
        yield _case(name, partial(_one, ours, theirs, low, high))
    for name, (ours, theirs) in _TWO.items():
        yield _case(name, partial(_two, ours, theirs))
    for name, (ours, theirs) in _INTEGER.items():
        yield _case(name, partial(_whole, ours, theirs), "int32")


def _case(name: str, build: Callable[[int], Pair], dtype: str = "float32") -> Case:
    return Case("functions", f"{name} {dtype} {_SIZE}", build, _SIZE, operator=name)


def _one(
    ours: Callable[..., Any], theirs: Callable[..., Any], low: float, high: float, n: int
) -> Pair:
    x = uniform(low, high, n, dtype="float32", seed=1)
    return Pair((ours, *tensors(x)), (theirs, x), within(1e-4))


def _two(ours: Callable[..., Any], theirs: Callable[..., Any], n: int) -> Pair:
    x = uniform(-4, 4, n, dtype="float32", seed=1)
    y = uniform(0.25, 4, n, dtype="float32", seed=2)
    return Pair((ours, *tensors(x, y)), (theirs, x, y), within(1e-4))


def _whole(ours: Callable[..., Any], theirs: Callable[..., Any], n: int) -> Pair:
    x = whole(0, 7, n, dtype="int32", seed=1)
    y = whole(1, 5, n, dtype="int32", seed=2)
    return Pair((ours, *tensors(x, y)), (theirs, x, y))

"""Arithmetic, functions of one element, comparison, whole numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import pynn
import pynn.nn.functional as F
from pynn.bench.case import Array, Bound, Case, Pair, exact, tensors, ulps, uniform, whole

_SIZES = (16, 1_000, 100_000, 1_000_000)
_ONE_SIZE = 100_000

# Both sides may be a few units in the last place away from the true value.
_NEAR = ulps(8)

Draw = Callable[[str, int, int], Array]


def _draw(low: float, high: float) -> Draw:
    return lambda dtype, seed, n: uniform(low, high, n, dtype=dtype, seed=seed)


def _whole(low: int, high: int) -> Draw:
    return lambda dtype, seed, n: whole(low, high, n, dtype=dtype, seed=seed)


_spread, _positive, _coin = _draw(-4, 4), _draw(0.25, 4), _whole(0, 2)


def _sigmoid(x: Array) -> Any:
    return 1 / (1 + np.exp(-x))


def _relu(x: Array) -> Any:
    return np.maximum(x, 0)


def _leaky_relu(x: Array) -> Any:
    return np.where(x > 0, x, x * 0.01)


def _power(x: Any, exponent: float) -> Any:
    return x**exponent


# Operator: pynn's function, NumPy's, what the arguments are drawn from, and the bound.
_REAL: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[Draw, ...], Bound]] = {
    "add": (pynn.add, np.add, (_spread, _spread), exact),
    "sub": (pynn.sub, np.subtract, (_spread, _spread), exact),
    "mul": (pynn.mul, np.multiply, (_spread, _spread), exact),
    "div": (pynn.div, np.divide, (_spread, _positive), exact),
    "maximum": (pynn.maximum, np.maximum, (_spread, _spread), exact),
    "minimum": (pynn.minimum, np.minimum, (_spread, _spread), exact),
    "neg": (pynn.neg, np.negative, (_spread,), exact),
    "abs": (pynn.abs, np.abs, (_spread,), exact),
    "sign": (pynn.sign, np.sign, (_spread,), exact),
    "sqrt": (pynn.sqrt, np.sqrt, (_positive,), exact),
    "exp": (pynn.exp, np.exp, (_spread,), _NEAR),
    "log": (pynn.log, np.log, (_positive,), _NEAR),
    "pow": (pynn.pow, np.power, (_positive, _spread), _NEAR),
    "tanh": (pynn.tanh, np.tanh, (_spread,), _NEAR),
    "sigmoid": (pynn.sigmoid, _sigmoid, (_spread,), _NEAR),
    "relu": (pynn.relu, _relu, (_spread,), exact),
    "leaky_relu": (F.leaky_relu, _leaky_relu, (_spread,), exact),
    "where": (pynn.where, np.where, (_coin, _spread, _spread), exact),
}

_COMPARE = {
    "eq": (pynn.eq, np.equal),
    "ne": (pynn.ne, np.not_equal),
    "lt": (pynn.lt, np.less),
    "le": (pynn.le, np.less_equal),
    "gt": (pynn.gt, np.greater),
    "ge": (pynn.ge, np.greater_equal),
}

_INTEGER: dict[str, tuple[Callable[..., Any], Callable[..., Any], int]] = {
    "add": (pynn.add, np.add, 2),
    "sub": (pynn.sub, np.subtract, 2),
    "mul": (pynn.mul, np.multiply, 2),
    "maximum": (pynn.maximum, np.maximum, 2),
    "minimum": (pynn.minimum, np.minimum, 2),
    "neg": (pynn.neg, np.negative, 1),
    "abs": (pynn.abs, np.abs, 1),
    "sign": (pynn.sign, np.sign, 1),
    "bitwise_and": (pynn.bitwise_and, np.bitwise_and, 2),
    "bitwise_or": (pynn.bitwise_or, np.bitwise_or, 2),
    "bitwise_xor": (pynn.bitwise_xor, np.bitwise_xor, 2),
    "bitwise_not": (pynn.bitwise_not, np.bitwise_not, 1),
}


def cases() -> Iterator[Case]:
    """Real functions in all sizes, the others in one."""
    for name, (ours, theirs, draws, bound) in _REAL.items():
        yield from _sized(name, partial(_pair, ours, theirs, draws, bound=bound))
    for exponent in (0.5, 2, 3, -1):
        yield from _sized(f"pow_{exponent}", partial(_power_pair, exponent))
    yield from _sized("clamp", partial(_clamp_pair, _spread, -1, 1.5))

    few = _whole(0, 4)
    for name, (ours, theirs) in _COMPARE.items():
        yield _case("comparison", name, "float32", partial(_pair, ours, theirs, (few, few)))

    some = _whole(-100, 100)
    for name, (ours, theirs, count) in _INTEGER.items():
        build = partial(_pair, ours, theirs, (some,) * count)
        yield _case("whole numbers", name, "int32", build, "_int")
        if name.startswith("bitwise"):
            build = partial(_pair, ours, theirs, (_coin,) * count)
            yield _case("whole numbers", name, "bool", build, "_bool")
    build = partial(_clamp_pair, some, -10, 50)
    yield _case("whole numbers", "clamp", "int32", build, "_int")


def _sized(operator: str, build: Callable[[str, int], Pair]) -> Iterator[Case]:
    for size in _SIZES:
        yield _case("elementwise", operator, "float32", build, size=size)
    yield _case("elementwise", operator, "float64", build)


def _case(
    group: str,
    operator: str,
    dtype: str,
    build: Callable[[str, int], Pair],
    suffix: str = "",
    size: int = _ONE_SIZE,
) -> Case:
    name = f"{operator} {dtype} {size}"
    return Case(group, name, partial(build, dtype), size, operator=operator + suffix)


def _pair(
    ours: Callable[..., Any],
    theirs: Callable[..., Any],
    draws: tuple[Draw, ...],
    dtype: str,
    n: int,
    bound: Bound = exact,
) -> Pair:
    arrays = [draw("bool" if draw is _coin else dtype, seed, n) for seed, draw in enumerate(draws)]
    return Pair((ours, *tensors(*arrays)), (theirs, *arrays), bound)


def _power_pair(exponent: float, dtype: str, n: int) -> Pair:
    x = _positive(dtype, 0, n)
    return Pair((_power, *tensors(x), exponent), (_power, x, exponent), _NEAR)


def _clamp_pair(draw: Draw, low: float, high: float, dtype: str, n: int) -> Pair:
    x = draw(dtype, 0, n)
    return Pair((pynn.clamp, *tensors(x), low, high), (np.clip, x, low, high))

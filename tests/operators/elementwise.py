"""Arithmetic, comparison, elementwise functions, where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from optable import (
    INTEGER,
    REAL,
    SIZES,
    Op,
    Sample,
    away,
    integers,
    positive,
    signed,
    spread,
    ulps,
    uniform,
    whole,
)

import pynn
import pynn.nn.functional as F

Draw = Callable[..., np.ndarray]

SHAPES = [(n,) for n in SIZES] + [(), (0, 3), (1, 1), (3, 5, 7), (17, 33), (2, 1, 4097), (2,) * 8]
GRAD_SHAPES = [(), (1,), (7,), (3, 4), (0, 2)]
HASH_SHAPES = [(3 * 4096 + 37,), (37, 113), (5, 7, 130)]

# Pairs that broadcast; the result's size crosses vectors and chunks too.
PAIRS = [
    ((3, 1), (1, 4)),
    ((5,), ()),
    ((), (19,)),
    ((2, 3, 4), (3, 1)),
    ((7, 130), (130,)),
    ((7, 130), (7, 1)),
    ((4097,), (1,)),
    ((2, 1, 5, 1), (3, 1, 6)),
    ((0, 3), (1, 3)),
]
GRAD_PAIRS = [((3,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (4,)), ((0,), (1,))]
HASH_PAIRS = [((9001,), (9001,)), ((37, 113), (113,)), ((37, 113), (37, 1)), ((64, 300), ())]


def unary(draw: Draw, smooth: Draw | None = None, **kwargs: Any) -> Callable[..., Any]:
    def samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        shapes = {"sizes": SHAPES, "grad": GRAD_SHAPES, "hash": HASH_SHAPES}[purpose]
        domain = smooth if purpose == "grad" and smooth else draw
        for shape in shapes:
            yield Sample((domain(rng, shape, dtype),), dict(kwargs))

    return samples


def binary(
    first: Draw, second: Draw, smooth: tuple[Draw, Draw] | None = None
) -> Callable[..., Any]:
    def samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        pairs = {"sizes": [(s, s) for s in SHAPES] + PAIRS, "grad": GRAD_PAIRS, "hash": HASH_PAIRS}
        a, b = smooth if purpose == "grad" and smooth else (first, second)
        for left, right in pairs[purpose]:
            yield Sample((a(rng, left, dtype), b(rng, right, dtype)))

    return samples


def apart(shift: float) -> Draw:
    """Values no two of which, drawn with different shifts, are equal or near."""

    def draw(rng: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        return np.asarray(whole(rng, -20, 20, shape) * 0.2 + shift, dtype)

    return draw


def maximum(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """NaN wins, +0 > -0 (NumPy leaves the sign of a zero open)."""
    tie = np.where(np.signbit(a), b, a)
    return np.where(a == b, tie, np.maximum(a, b))


def minimum(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    tie = np.where(np.signbit(a), a, b)
    return np.where(a == b, tie, np.minimum(a, b))


def sigmoid(x: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(x))
    return np.where(np.signbit(x), e, 1) / (1 + e)


def clamp(x: np.ndarray, min: Any = None, max: Any = None) -> np.ndarray:
    y = x if min is None else maximum(x, x.dtype.type(min))
    return np.asarray(y if max is None else minimum(y, x.dtype.type(max)), x.dtype)


def sign(x: np.ndarray) -> np.ndarray:
    """0 for both zeros; a NaN stays one."""
    return np.where(x == 0, x.dtype.type(0), np.sign(x))


def leaky_relu(x: np.ndarray, negative_slope: float = 0.01) -> np.ndarray:
    return np.asarray(np.where(x > 0, x, x * x.dtype.type(negative_slope)), x.dtype)


def relu(x: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(x), x, np.maximum(x, x.dtype.type(0)) + x.dtype.type(0))


def where_samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    triples = {
        "sizes": [(s, s, s) for s in SHAPES] + [((4, 1), (5,), (4, 5)), ((3,), (), (2, 3))],
        "grad": [((5,), (5,), (5,)), ((2, 1), (3,), ()), ((0,), (0,), (0,))],
        "hash": [((9001,),) * 3, ((37, 1), (113,), (37, 113))],
    }
    for c, a, b in triples[purpose]:
        yield Sample(
            (np.asarray(whole(rng, 0, 2, c) > 0), spread(rng, a, dtype), spread(rng, b, dtype))
        )


def clamp_samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    for i, sample in enumerate(unary(spread, away(-1, 1.5))(rng, dtype, purpose)):
        limits = [{"min": -1, "max": 1.5}, {"min": -1}, {"max": 1.5}][i % 3]
        yield Sample(sample.arrays, limits)


def integer_clamp_samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    for sample in unary(integers(0, 100))(rng, dtype, purpose):
        yield Sample(sample.arrays, {"min": 10, "max": 50})


def _real() -> Iterator[Op]:
    two = (0, 1)
    add, sub, mul, div = (
        (np.add, pynn.add),
        (np.subtract, pynn.sub),
        (np.multiply, pynn.mul),
        (np.divide, pynn.div),
    )
    for name, (ufunc, call) in {"add": add, "sub": sub, "mul": mul}.items():
        yield Op(name, call, ufunc, binary(spread, spread), grad=two, special=True)
    yield Op("div", div[1], div[0], binary(spread, positive), grad=two, special=True)
    yield Op(
        "pow",
        pynn.pow,
        np.power,
        binary(uniform(0.1, 6), uniform(-5, 5), (positive, away(0, 1, 2))),
        bound=ulps(2),
        grad=two,
        special=True,
    )
    for exponent in (0.5, 2, 3, -1):
        yield Op(
            f"pow_{exponent}",
            lambda x, e=exponent: x**e,
            lambda x, e=exponent: x**e,
            unary(positive if exponent == 0.5 else signed(0.5, 3)),
            bound=ulps(2),
            grad=(0,),
            stub=("Tensor.__pow__",),
        )
    ties = binary(spread, spread, (apart(0), apart(0.1)))
    yield Op("maximum", pynn.maximum, maximum, ties, grad=two, special=True)
    yield Op("minimum", pynn.minimum, minimum, ties, grad=two, special=True)
    yield Op("neg", pynn.neg, np.negative, unary(spread), grad=(0,), special=True)
    yield Op("abs", pynn.abs, np.abs, unary(spread, away(0)), grad=(0,), special=True)
    yield Op("sign", pynn.sign, sign, unary(spread, away(0)), grad=(0,), special=True)
    yield Op("clamp", pynn.clamp, clamp, clamp_samples, grad=(0,), special=True)
    yield Op("exp", pynn.exp, np.exp, unary(spread), bound=ulps(1), grad=(0,), special=True)
    yield Op("log", pynn.log, np.log, unary(positive), bound=ulps(1), grad=(0,), special=True)
    yield Op("sqrt", pynn.sqrt, np.sqrt, unary(positive), grad=(0,), special=True)
    yield Op(
        "sigmoid", pynn.sigmoid, sigmoid, unary(spread), bound=ulps(2), grad=(0,), special=True
    )
    yield Op("tanh", pynn.tanh, np.tanh, unary(spread), bound=ulps(2), grad=(0,), special=True)
    yield Op("relu", pynn.relu, relu, unary(spread, away(0)), grad=(0,), special=True)
    yield Op(
        "leaky_relu",
        F.leaky_relu,
        leaky_relu,
        unary(spread, away(0), negative_slope=0.2),
        grad=(0,),
        special=True,
        stub=("nn.functional.leaky_relu",),
    )
    yield Op("where", pynn.where, np.where, where_samples, grad=(1, 2))


def _compare() -> Iterator[Op]:
    ufuncs = {
        "eq": np.equal,
        "ne": np.not_equal,
        "lt": np.less,
        "le": np.less_equal,
        "gt": np.greater,
        "ge": np.greater_equal,
    }
    few = integers(0, 3)
    for name, ufunc in ufuncs.items():
        yield Op(
            name, getattr(pynn, name), ufunc, binary(few, few), dtypes=REAL + INTEGER, special=True
        )


def _integer() -> Iterator[Op]:
    wrap = integers(-(2**31), 2**31 - 1)
    some = integers(-100, 100)
    table: dict[str, tuple[Any, Any, Any]] = {
        "add": (pynn.add, np.add, binary(wrap, wrap)),
        "sub": (pynn.sub, np.subtract, binary(wrap, wrap)),
        "mul": (pynn.mul, np.multiply, binary(wrap, wrap)),
        "maximum": (pynn.maximum, np.maximum, binary(wrap, wrap)),
        "minimum": (pynn.minimum, np.minimum, binary(wrap, wrap)),
        "neg": (pynn.neg, np.negative, unary(wrap)),
        "abs": (pynn.abs, np.abs, unary(some)),
        "sign": (pynn.sign, np.sign, unary(some)),
        "clamp": (pynn.clamp, clamp, integer_clamp_samples),
        "bitwise_and": (pynn.bitwise_and, np.bitwise_and, binary(wrap, wrap)),
        "bitwise_or": (pynn.bitwise_or, np.bitwise_or, binary(wrap, wrap)),
        "bitwise_xor": (pynn.bitwise_xor, np.bitwise_xor, binary(wrap, wrap)),
        "bitwise_not": (pynn.bitwise_not, np.bitwise_not, unary(wrap)),
    }
    for name, (call, ufunc, samples) in table.items():
        yield Op(f"{name}_int", call, ufunc, samples, dtypes=INTEGER, stub=(f"pynn.{name}",))
        if name.startswith("bitwise"):
            coin = integers(0, 1)
            logic = unary(coin) if name.endswith("not") else binary(coin, coin)
            yield Op(f"{name}_bool", call, ufunc, logic, dtypes=("bool",), stub=(f"pynn.{name}",))


OPS = [*_real(), *_compare(), *_integer()]

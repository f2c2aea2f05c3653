"""Elementary functions, rounding, division with an integer quotient, shifts, powers of integers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from optable import INTEGER, Op, away, integers, positive, signed, spread, ulps, uniform

import pynn
from operators.elementwise import apart, binary, unary

wide_angles = uniform(-300, 300)
inside = uniform(-0.95, 0.95)
middle = uniform(-0.6, 0.6)  # where differences of derivatives are precise
above = uniform(1.05, 6)


def erf(x: np.ndarray) -> np.ndarray:
    """2/sqrt(pi) e**(-x^2) (x + 2 x^3 / 3 + 4 x^5 / 15 + ...): no term is negative."""
    z = np.minimum(x * x, 40)
    term = total = np.clip(x, -6.5, 6.5)
    for n in range(1, 140):
        term = term * 2 * z / (2 * n + 1)
        total = total + term
    y = total * np.exp(-z) * 2 / np.sqrt(np.arctan(x.dtype.type(1)) * 4)
    return np.where(np.abs(x) > 6.4, np.sign(x), y)


def erfc(x: np.ndarray) -> np.ndarray:
    """Above 1.5 the continued fraction x + (1/2) / (x + 1 / (x + (3/2) / (x + ...)))."""
    a = np.maximum(x, 1.5)
    f = a
    for n in range(160, 0, -1):
        f = a + (n / x.dtype.type(2)) / f
    tail = np.exp(-a * a) / (f * np.sqrt(np.arctan(x.dtype.type(1)) * 4))
    return np.where(x > 1.5, tail, 1 - erf(x))


def erfinv(x: np.ndarray) -> np.ndarray:
    """Newton on erf, from Winitzki's formula (2008)."""
    w = np.log1p(-x * x)
    t = 2 / (np.pi * 0.147) + w / 2
    y = np.copysign(np.sqrt(np.sqrt(t * t - w / 0.147) - t), x)
    for _ in range(6):
        y = y - (erf(y) - x) * np.exp(y * y) * np.sqrt(np.arctan(x.dtype.type(1)) * 4) / 2
    return y


def xlogy(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    p = np.where(x == 0, x.dtype.type(0), x * np.log(y))
    return np.where(np.isnan(y), y, p)


def trunc_divide(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if x.dtype.kind == "f":
        return np.trunc(x / y)
    return np.asarray(np.sign(x) * np.sign(y) * (np.abs(x) // np.abs(y)), x.dtype)


def rounding(mode: str) -> Callable[..., Any]:
    return lambda x, y: pynn.div(x, y, rounding_mode=mode)


# Name: the oracle, what is drawn, where it is smooth, units of the last place.
ONE: dict[str, tuple[Any, Any, Any, float]] = {
    "sin": (np.sin, wide_angles, spread, 1),
    "cos": (np.cos, wide_angles, spread, 1),
    "tan": (np.tan, wide_angles, uniform(-1.2, 1.2), 2),
    "asin": (np.arcsin, inside, middle, 1),
    "acos": (np.arccos, inside, middle, 1),
    "atan": (np.arctan, spread, spread, 1),
    "sinh": (np.sinh, spread, spread, 1),
    "cosh": (np.cosh, spread, spread, 1),
    "asinh": (np.arcsinh, spread, spread, 1),
    "acosh": (np.arccosh, above, above, 1),
    "atanh": (np.arctanh, inside, middle, 1),
    "expm1": (np.expm1, spread, spread, 2),
    "exp2": (np.exp2, spread, spread, 1),
    "log1p": (np.log1p, positive, positive, 2),
    "log2": (np.log2, positive, positive, 1),
    "log10": (np.log10, positive, positive, 1),
    "erf": (erf, spread, spread, 1),
    "erfc": (erfc, spread, spread, 2),
    "erfinv": (erfinv, inside, middle, 2),
    "rsqrt": (lambda x: 1 / np.sqrt(x), positive, positive, 1.5),
}
SPECIAL = {"sin", "cos", "tan", "asin", "acos", "atan", "asinh", "acosh", "atanh", "expm1"}
SPECIAL |= {"exp2", "log1p", "log2", "log10", "sinh", "cosh"}


def _one() -> Iterator[Op]:
    for name, (oracle, draw, smooth, bound) in ONE.items():
        yield Op(
            name,
            getattr(pynn, name),
            oracle,
            unary(draw, smooth),
            bound=ulps(bound + 0.01),
            grad=(0,),
            grad_ulps=64,
            special=name in SPECIAL,
        )
    yield Op("reciprocal", pynn.reciprocal, np.reciprocal, unary(signed(0.5, 3)), grad=(0,))
    kinks = away(*range(-3, 4))
    whole = {"floor": np.floor, "ceil": np.ceil, "trunc": np.trunc}
    for name, ufunc in whole.items():
        yield Op(name, getattr(pynn, name), ufunc, unary(spread, kinks), grad=(0,), special=True)
    halves = away(*(k + 0.5 for k in range(-3, 3)))
    yield Op("round", pynn.round, np.rint, unary(spread, halves), grad=(0,), special=True)


def _two() -> Iterator[Op]:
    two = (0, 1)
    table: dict[str, tuple[Any, Any, float]] = {
        "atan2": (np.arctan2, signed(0.5, 3), 1),
        "hypot": (np.hypot, signed(0.5, 3), 1.5),
        "logaddexp": (np.logaddexp, spread, 4),
        "logaddexp2": (np.logaddexp2, spread, 4),
        "xlogy": (xlogy, positive, 3),
    }
    for name, (oracle, draw, bound) in table.items():
        yield Op(
            name,
            getattr(pynn, name),
            oracle,
            binary(draw, draw),
            bound=_beside_cancellation(bound),
            grad=two,
            grad_ulps=64,
            special=name in ("atan2", "hypot"),
        )
    yield Op(
        "copysign",
        pynn.copysign,
        np.copysign,
        binary(spread, signed(0.5, 3), (away(0), signed(0.5, 3))),
        grad=(0,),
        special=True,
    )
    quotients: dict[str, tuple[Any, Any]] = {
        "fmod": (pynn.fmod, np.fmod),
        "remainder": (pynn.remainder, np.remainder),
        "floor_divide": (pynn.floor_divide, np.floor_divide),
        "trunc_divide": (rounding("trunc"), trunc_divide),
    }
    # the quotient 3 a / b stays away from whole numbers
    smooth = (uniform(2.2, 2.8), uniform(0.9, 1.05))
    for name, (call, oracle) in quotients.items():
        stub = ("pynn.div",) if name == "trunc_divide" else (f"pynn.{name}",)
        yield Op(
            name,
            call,
            oracle,
            binary(spread, signed(0.5, 3), smooth),
            grad=two if name in ("fmod", "remainder") else (),
            stub=stub,
        )
        some, divisor = integers(-100, 100), integers(1, 7)
        yield Op(f"{name}_int", call, oracle, binary(some, divisor), dtypes=INTEGER, stub=stub)
    bounds = binary(spread, spread, (apart(0), apart(0.1)))
    yield Op("clamp_min", pynn.clamp_min, np.maximum, bounds, grad=two)
    yield Op("clamp_max", pynn.clamp_max, np.minimum, bounds, grad=two)


def _beside_cancellation(count: float) -> Callable[..., Any]:
    """Units of the last place, of 1 where the result is smaller than its terms."""

    def bound(want: np.ndarray, *arrays: np.ndarray, dtype: np.dtype, **_: Any) -> np.ndarray:
        size = np.abs(np.nan_to_num(want))
        if count > 2:
            size = np.maximum(size, 1)
        return np.asarray(ulps(count + 0.01)(size, dtype=dtype))

    return bound


def _integers() -> Iterator[Op]:
    some, shift = integers(-100, 100), integers(0, 6)
    shifts = {
        "bitwise_left_shift": (pynn.bitwise_left_shift, np.left_shift),
        "bitwise_right_shift": (pynn.bitwise_right_shift, np.right_shift),
    }
    for name, (call, ufunc) in shifts.items():
        yield Op(name, call, ufunc, binary(some, shift), dtypes=INTEGER)
    few = integers(0, 5)
    yield Op("pow_int", pynn.pow, np.power, binary(few, few), dtypes=INTEGER, stub=("pynn.pow",))


OPS = [*_one(), *_two(), *_integers()]

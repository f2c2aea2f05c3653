"""Elementary functions of one tensor: elementwise, integers taken as the default floating dtype."""

from __future__ import annotations

import math as _math

from pynn import _core
from pynn._core import (
    Tensor,
    abs as abs,
    clamp as clamp,
    clip as clip,
    exp as exp,
    log as log,
    neg as neg,
    relu as relu,
    sigmoid as sigmoid,
    sign as sign,
    sqrt as sqrt,
    tanh as tanh,
)

__all__ = [
    "absolute",
    "acos",
    "acosh",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cos",
    "cosh",
    "deg2rad",
    "erf",
    "erfc",
    "erfinv",
    "exp2",
    "expm1",
    "log1p",
    "log2",
    "log10",
    "logit",
    "negative",
    "positive",
    "rad2deg",
    "reciprocal",
    "rsqrt",
    "sgn",
    "sin",
    "sinc",
    "sinh",
    "square",
    "tan",
]
METHODS: tuple[str, ...] = tuple(__all__)
INPLACE: tuple[str, ...] = (
    *(name for name in __all__ if name != "positive"),
    *("abs", "clamp", "clip", "exp", "log", "neg", "relu", "sigmoid", "sign", "sqrt", "tanh"),
)


def sin(input: Tensor) -> Tensor:
    """The sine; huge angles are reduced exactly, infinity gives NaN."""
    return _core.ops.sin(input)


def cos(input: Tensor) -> Tensor:
    """The cosine; huge angles are reduced exactly, infinity gives NaN."""
    return _core.ops.cos(input)


def tan(input: Tensor) -> Tensor:
    """The tangent."""
    return _core.ops.tan(input)


def asin(input: Tensor) -> Tensor:
    """The arc sine in [-pi/2, pi/2]; NaN outside [-1, 1]."""
    return _core.ops.asin(input)


def arcsin(input: Tensor) -> Tensor:
    """asin()."""
    return asin(input)


def acos(input: Tensor) -> Tensor:
    """The arc cosine in [0, pi]; NaN outside [-1, 1]."""
    return _core.ops.acos(input)


def arccos(input: Tensor) -> Tensor:
    """acos()."""
    return acos(input)


def atan(input: Tensor) -> Tensor:
    """The arc tangent in [-pi/2, pi/2]."""
    return _core.ops.atan(input)


def arctan(input: Tensor) -> Tensor:
    """atan()."""
    return atan(input)


def sinh(input: Tensor) -> Tensor:
    """(e**x - e**-x) / 2."""
    return _core.ops.sinh(input)


def cosh(input: Tensor) -> Tensor:
    """(e**x + e**-x) / 2."""
    return _core.ops.cosh(input)


def asinh(input: Tensor) -> Tensor:
    """log(x + sqrt(x**2 + 1))."""
    return _core.ops.asinh(input)


def arcsinh(input: Tensor) -> Tensor:
    """asinh()."""
    return asinh(input)


def acosh(input: Tensor) -> Tensor:
    """log(x + sqrt(x**2 - 1)); NaN below 1."""
    return _core.ops.acosh(input)


def arccosh(input: Tensor) -> Tensor:
    """acosh()."""
    return acosh(input)


def atanh(input: Tensor) -> Tensor:
    """log((1 + x) / (1 - x)) / 2; NaN outside [-1, 1]."""
    return _core.ops.atanh(input)


def arctanh(input: Tensor) -> Tensor:
    """atanh()."""
    return atanh(input)


def expm1(input: Tensor) -> Tensor:
    """e**x - 1, precise for small x."""
    return _core.ops.expm1(input)


def exp2(input: Tensor) -> Tensor:
    """2**x."""
    return _core.ops.exp2(input)


def log1p(input: Tensor) -> Tensor:
    """log(1 + x), precise for small x."""
    return _core.ops.log1p(input)


def log2(input: Tensor) -> Tensor:
    """The logarithm with base 2, exact for powers of 2."""
    return _core.ops.log2(input)


def log10(input: Tensor) -> Tensor:
    """The logarithm with base 10."""
    return _core.ops.log10(input)


def erf(input: Tensor) -> Tensor:
    """The error function 2/sqrt(pi) times the integral of e**(-t**2) from 0 to x."""
    return _core.ops.erf(input)


def erfc(input: Tensor) -> Tensor:
    """1 - erf(x), precise in the tail."""
    return _core.ops.erfc(input)


def erfinv(input: Tensor) -> Tensor:
    """The inverse of erf; NaN outside [-1, 1]."""
    return _core.ops.erfinv(input)


def rsqrt(input: Tensor) -> Tensor:
    """1 / sqrt(x)."""
    return _core.ops.rsqrt(input)


def reciprocal(input: Tensor) -> Tensor:
    """1 / x."""
    return _core.ops.reciprocal(input)


def square(input: Tensor) -> Tensor:
    """x * x; of bool in int64."""
    x = input.to(_core.int64) if input.dtype == _core.bool else input
    return x * x


def absolute(input: Tensor) -> Tensor:
    """abs()."""
    return abs(input)


def negative(input: Tensor) -> Tensor:
    """neg()."""
    return neg(input)


def positive(input: Tensor) -> Tensor:
    """input itself; bool has no sign and is a RuntimeError."""
    if input.dtype == _core.bool:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


def sgn(input: Tensor) -> Tensor:
    """sign(): there are no complex tensors."""
    return sign(input)


def deg2rad(input: Tensor) -> Tensor:
    """x pi / 180."""
    return _floating(input) * (_math.pi / 180)


def rad2deg(input: Tensor) -> Tensor:
    """x 180 / pi."""
    return _floating(input) * (180 / _math.pi)


def sinc(input: Tensor) -> Tensor:
    """sin(pi x) / (pi x), 1 at 0."""
    zero = input == 0
    angle = _core.where(zero, 1.0, _floating(input)) * _math.pi
    return _core.where(zero, 1.0, sin(angle) / angle)


def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(x / (1 - x)), x first moved into [eps, 1 - eps]; NaN outside [0, 1]."""
    x = _floating(input)
    if eps is not None:
        x = clamp(x, eps, 1 - eps)
    return log(x / (1 - x))


def _floating(input: Tensor) -> Tensor:
    return input if input.is_floating_point() else input.to(_core.get_default_dtype())

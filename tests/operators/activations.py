"""Activations: forward against formulas in wide arithmetic, the fused derivatives against these."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from optable import Op, away, spread, ulp

import pynn.nn.functional as F
from operators.elementwise import sigmoid, unary
from operators.math import erfc


def gelu(x: np.ndarray) -> np.ndarray:
    return x * erfc(-x / np.sqrt(x.dtype.type(2))) / 2


def gelu_tanh(x: np.ndarray) -> np.ndarray:
    root = np.sqrt(2 / (np.arctan(x.dtype.type(1)) * 4))
    return x * sigmoid(2 * root * (x + x**3 * x.dtype.type("0.044715")))


def softplus(x: np.ndarray, beta: float = 1, threshold: float = 20) -> np.ndarray:
    z = np.minimum(x * beta, threshold)
    return np.where(x * beta > threshold, x, np.log1p(np.exp(z)) / beta)


def elu(x: np.ndarray, alpha: float = 1) -> np.ndarray:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def celu(x: np.ndarray, alpha: float = 1) -> np.ndarray:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


def selu(x: np.ndarray) -> np.ndarray:
    scale, alpha = (x.dtype.type(v) for v in ("1.0507009873554804934", "1.6732632423543772848"))
    return scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def ramp(x: np.ndarray) -> np.ndarray:
    return np.clip(x + 3, 0, 6)


def near(count: float) -> Callable[..., Any]:
    """Units of the last place of the result, at least of 2**-4: where it is small its terms
    are not."""

    def bound(want: np.ndarray, *arrays: np.ndarray, dtype: np.dtype, **_: Any) -> np.ndarray:
        return count * ulp(np.maximum(np.abs(want), 2**-4), dtype)

    return bound


# Name: call, oracle, keywords, kinks, bound in units of the last place.
ALL: dict[str, tuple[Any, Any, dict[str, Any], tuple[float, ...], float]] = {
    "silu": (F.silu, lambda x: x * sigmoid(x), {}, (), 4),
    "gelu": (F.gelu, gelu, {}, (), 4),
    "gelu_tanh": (lambda x: F.gelu(x, "tanh"), gelu_tanh, {}, (), 8),
    "mish": (F.mish, lambda x: x * np.tanh(np.log1p(np.exp(x))), {}, (), 6),
    "softplus": (F.softplus, softplus, {"beta": 2.0, "threshold": 5.0}, (2.5,), 4),
    "logsigmoid": (F.logsigmoid, lambda x: -softplus(-x), {}, (), 4),
    "elu": (F.elu, elu, {"alpha": 1.5}, (0,), 4),
    "celu": (F.celu, celu, {"alpha": 0.5}, (0,), 4),
    "selu": (F.selu, selu, {}, (0,), 4),
    "hardswish": (F.hardswish, lambda x: x * ramp(x) / 6, {}, (-3, 3), 4),
    "hardsigmoid": (F.hardsigmoid, lambda x: ramp(x) / 6, {}, (-3, 3), 2),
    "hardtanh": (
        F.hardtanh,
        lambda x, min_val, max_val: np.clip(x, min_val, max_val),
        {"min_val": -1.0, "max_val": 1.5},
        (-1, 1.5),
        0,
    ),
    "relu6": (F.relu6, lambda x: np.clip(x, 0, 6), {}, (0,), 0),
    "hardshrink": (
        F.hardshrink,
        lambda x, lambd: np.where(np.abs(x) > lambd, x, 0),
        {"lambd": 0.5},
        (-0.5, 0.5),
        0,
    ),
    "softshrink": (
        F.softshrink,
        lambda x, lambd: np.sign(x) * np.maximum(np.abs(x) - lambd, 0),
        {"lambd": 0.5},
        (-0.5, 0.5),
        1,
    ),
    "threshold": (
        F.threshold,
        lambda x, threshold, value: np.where(x > threshold, x, value),
        {"threshold": 0.5, "value": -2.0},
        (0.5,),
        0,
    ),
}


def _all() -> Iterator[Op]:
    for name, (call, oracle, kwargs, kinks, bound) in ALL.items():
        yield Op(
            name,
            call,
            oracle,
            unary(spread, away(*kinks) if kinks else spread, **kwargs),
            bound=near(bound),
            grad=(0,),
            grad_ulps=64,
            stub=("nn.functional.gelu" if name == "gelu_tanh" else f"nn.functional.{name}",),
        )


OPS = [*_all()]

"""Derivatives beside central differences, in float64.

The differences are of fourth order, (8 f(x+h) - 8 f(x-h) - f(x+2h) + f(x-2h)) / 12h with
h = 1e-3: they err by h**4 / 30 times the fifth derivative and by some eps / h, about 1e-12 for
functions of size 1, so derivatives are held to 1e-8 instead of the usual 1e-3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import pynn

STEP = 1e-3
TOLERANCE = 1e-8
FULL_JACOBIAN = 64

Function = Callable[[list[Any]], list[Any]]


def check(
    function: Function, arrays: Sequence[np.ndarray], wanted: Sequence[int], what: str
) -> None:
    """The gradients of function's outputs (a list of tensors) with respect to arguments `wanted`.

    The whole Jacobian where the arguments are few, else one random direction."""
    values = [np.asarray(a) for a in arrays]
    results = _values(function, values)
    rng = np.random.RandomState(3)
    for k, result in enumerate(results):
        if result.dtype.kind != "f":
            continue
        small = result.size <= FULL_JACOBIAN
        for upstream in _units(result.shape) if small else [rng.standard_normal(result.shape)]:
            got = _analytic(function, values, wanted, k, upstream)
            for i, gradient in zip(wanted, got, strict=True):
                want = _numeric(function, values, i, k, upstream, rng)
                _compare(gradient, want, values[i], f"{what}: output {k}, argument {i}")


def _units(shape: tuple[int, ...]) -> list[np.ndarray]:
    size = int(np.prod(shape, dtype=np.int64))
    return [row.reshape(shape) for row in np.eye(size)]


def _values(function: Function, values: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [np.array(t.detach().numpy()) for t in function([pynn.tensor(v) for v in values])]


def _analytic(
    function: Function, values: Sequence[np.ndarray], wanted: Sequence[int], k: int, up: np.ndarray
) -> list[np.ndarray]:
    tensors = [pynn.tensor(v) for v in values]
    leaves = [tensors[i].requires_grad_() for i in wanted]
    output = function(tensors)[k]
    if not output.requires_grad:
        return [np.zeros(values[i].shape) for i in wanted]
    found = pynn.autograd.grad(output, leaves, pynn.tensor(up), allow_unused=True)
    pairs = zip(found, wanted, strict=True)
    return [np.zeros(values[i].shape) if g is None else np.array(g.numpy()) for g, i in pairs]


def _numeric(
    function: Function,
    values: Sequence[np.ndarray],
    i: int,
    k: int,
    upstream: np.ndarray,
    rng: np.random.RandomState,
) -> tuple[list[np.ndarray], list[float]]:
    """Directions in the argument, and the derivative along each."""
    few = values[i].size <= FULL_JACOBIAN
    directions = _units(values[i].shape) if few else [rng.standard_normal(values[i].shape)]
    slopes = []
    for direction in directions:
        total = 0.0
        for steps, factor in ((1, 8), (-1, -8), (2, -1), (-2, 1)):
            moved = list(values)
            moved[i] = np.asarray(values[i] + steps * STEP * direction)
            with pynn.no_grad():
                total += factor * float(np.sum(_values(function, moved)[k] * upstream))
        slopes.append(total / (12 * STEP))
    return directions, slopes


def _compare(
    gradient: np.ndarray, numeric: tuple[list[np.ndarray], list[float]], x: np.ndarray, what: str
) -> None:
    assert gradient.shape == x.shape, f"{what}: gradient of shape {gradient.shape}, not {x.shape}"
    got = np.array([np.sum(gradient * d) for d in numeric[0]])
    want = np.array(numeric[1])
    scale = 1 + max(np.max(np.abs(want), initial=0), np.max(np.abs(got), initial=0))
    error = np.max(np.abs(got - want), initial=0)
    assert error <= TOLERANCE * scale, f"{what}: {got}\nexpected\n{want}"

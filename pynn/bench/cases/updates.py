"""In-place operators, and the optimiser's step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import pynn
from pynn.bench.case import Array, Bound, Case, Pair, exact, rounded, tensors, ulps, uniform

_SIZE = 100_000
_RATE, _MOMENTUM, _DECAY = 0.01, 0.9, 1e-4

_FUNCTIONS: dict[str, tuple[Any, Any, Bound]] = {
    "add_": (pynn.Tensor.add_, np.add, exact),
    "sub_": (pynn.Tensor.sub_, np.subtract, exact),
    "mul_": (pynn.Tensor.mul_, np.multiply, exact),
    "div_": (pynn.Tensor.div_, np.divide, exact),
    "pow_": (pynn.Tensor.pow_, np.power, ulps(8)),
}


def cases() -> Iterator[Case]:
    """In place on a copy, so that the numbers stay what they are; then SGD."""
    for name, (ours, theirs, bound) in _FUNCTIONS.items():
        yield _case(name, f"copy_ and {name}", partial(_pair, ours, theirs, bound))
    yield _case("copy_", "copy_", partial(_filled_pair, pynn.Tensor.copy_, np.copyto))
    yield _case("fill_", "fill_", partial(_filled_pair, pynn.Tensor.fill_, np.ndarray.fill, 1.5))
    yield _case("zero_", "zero_", _zero_pair)
    yield _case("setitem_mask", "z[mask] = 0.5", _mask_pair)
    yield _case("update_through_view", "z.view(-1)[1:].mul_(2)", _view_pair)
    for title, shapes in _PARAMETERS.items():
        for width in (4, 64):
            name = f"SGD with momentum, {title}, width {width}"
            yield Case("updates", name, partial(_sgd_pair, shapes), width, small=3)


def _case(operator: str, title: str, build: Callable[[int], Pair]) -> Case:
    return Case("updates", f"{title} float32 {_SIZE}", build, _SIZE, operator=operator)


def _pair(ours: Any, theirs: Any, bound: Bound, n: int) -> Pair:
    x, y, z = uniform(0.25, 4, n), uniform(0.25, 4, n, seed=1), np.empty(n, np.float32)

    def update(t: Any, x: Any, y: Any) -> Any:
        return ours(t.copy_(x), y)

    def numpy_update(z: Array, x: Array, y: Array) -> Array:
        np.copyto(z, x)
        theirs(z, y, out=z)
        return z

    return Pair((update, *tensors(z, x, y)), (numpy_update, z, x, y), bound)


def _filled_pair(ours: Any, theirs: Any, *rest: Any) -> Pair:
    """Writing an array, or a number."""
    *value, n = rest
    z = np.empty(n, np.float32)
    given, ours_given = (value, value) if value else ([uniform(-4, 4, n)], [])
    ours_given = ours_given or tensors(*given)

    def numpy_fill(z: Array, value: Any) -> Array:
        theirs(z, value)
        return z

    return Pair((ours, *tensors(z), *ours_given), (numpy_fill, z, *given))


def _zero_pair(n: int) -> Pair:
    z = np.empty(n, np.float32)

    def numpy_zero(z: Array) -> Array:
        z.fill(0)
        return z

    return Pair((pynn.Tensor.zero_, *tensors(z)), (numpy_zero, z))


def _mask_pair(n: int) -> Pair:
    x = uniform(-4, 4, n)
    z, mask = x.copy(), uniform(-1, 1, n, seed=1) > 0

    def update(z: Any, mask: Any) -> Any:
        z[mask] = 0.5
        return z

    return Pair((update, *tensors(z, mask)), (update, z, mask))


def _view_pair(n: int) -> Pair:
    x, z = uniform(-4, 4, n), np.empty(n, np.float32)

    def update(t: Any, x: Any) -> Any:
        t.copy_(x).view(-1)[1:].mul_(2)
        return t

    def numpy_update(z: Array, x: Array) -> Array:
        np.copyto(z, x)
        z.reshape(-1)[1:] *= 2
        return z

    return Pair((update, *tensors(z, x)), (numpy_update, z, x))


# ---- SGD -----------------------------------------------------------------------------------------

Shapes = Callable[[int], list[tuple[int, ...]]]

_PARAMETERS: dict[str, Shapes] = {
    "4 parameters": lambda n: [(n, n), (n,), (n, n), (n,)],
    "150 parameters": lambda n: [(n, n), (n,)] * 75,
}


class _NumpySGD:
    """Momentum and L2, one parameter after another."""

    def __init__(self, parameters: list[Array], gradients: list[Array]) -> None:
        self.parameters, self.gradients = [p.copy() for p in parameters], gradients
        self.velocities = [np.zeros_like(p) for p in parameters]

    def step(self) -> list[Array]:
        """One update; returns the parameters."""
        for p, v, g in zip(self.parameters, self.velocities, self.gradients, strict=True):
            v *= np.float32(_MOMENTUM)
            v += g + np.float32(_DECAY) * p
            p -= np.float32(_RATE) * v
        return self.parameters


def _sgd_pair(shapes: Shapes, width: int) -> Pair:
    every = list(enumerate(shapes(width)))
    arrays = [uniform(-1, 1, *shape, seed=i) for i, shape in every]
    gradients = [uniform(-1, 1, *shape, seed=1000 + i) for i, shape in every]
    rival = _NumpySGD(arrays, gradients)
    parameters = tensors(*arrays)
    for p, g in zip(parameters, gradients, strict=True):
        p.requires_grad_().grad = pynn.tensor(g)
    optimiser = pynn.optim.SGD(parameters, lr=_RATE, momentum=_MOMENTUM, weight_decay=_DECAY)

    def step() -> list[pynn.Tensor]:
        optimiser.step()
        return parameters

    return Pair((step,), (rival.step,), rounded(8, lambda: 2.0))

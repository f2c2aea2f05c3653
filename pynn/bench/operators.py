"""Single operators: products at all sizes, elementwise functions, reductions, losses, updates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

import pynn
import pynn.nn.functional as F
from pynn.bench.measure import Case

Pair = tuple[Callable[..., object], Callable[..., object]]


def cases(quick: bool) -> Iterator[Case]:
    """The cases of this family."""
    for dtype in ("float32", "float64"):
        yield from products(dtype, quick)
    yield from small()
    for n in (1000, 100_000) if quick else (1000, 100_000, 4_000_000):
        yield from elementwise(n)
    yield from reductions()
    yield from losses()
    yield sgd()


def draw(*shape: int, dtype: str = "float32", low: float = -1) -> np.ndarray:
    """Evenly spread over [low, 1), always the same."""
    values = low + (1 - low) * np.random.RandomState(1).random_sample(shape)
    return np.asarray(values, dtype)


def case(name: str, pair: Pair, arrays: list[np.ndarray], tolerance: float) -> Case:
    """One call on tensors beside one call on arrays."""
    tensors = [pynn.from_numpy(a) for a in arrays]
    return Case(name, partial(pair[0], *tensors), partial(pair[1], *arrays), tolerance)


def products(dtype: str, quick: bool) -> Iterator[Case]:
    """Square products, and the shapes of a layer's forward and backward pass."""
    eps = float(np.finfo(dtype).eps)
    sizes = (16, 32, 64, 128, 256, 512) if quick else (16, 32, 64, 128, 256, 512, 1024, 2048)
    shapes = [(n, n, n) for n in sizes] + [(64, 256, 784), (4, 4, 2), (1, 512, 512)]
    for m, n, k in shapes:
        label = f"n = {n}" if m == n == k else f"{m} x {n} x {k}"
        pair = (pynn.matmul, np.matmul)
        arrays = [draw(m, k, dtype=dtype), draw(k, n, dtype=dtype)]
        yield case(f"matmul {dtype}, {label}", pair, arrays, k * eps)


def small() -> Iterator[Case]:
    """What one call costs besides its work."""
    a, b = draw(4), draw(4)
    yield case("overhead: add, 4 elements", (pynn.add, np.add), [a, b], 0)
    yield case("overhead: tanh, 4 elements", (pynn.tanh, np.tanh), [a], 1e-6)
    yield case("overhead: sum, 4 elements", (pynn.sum, np.sum), [a], 1e-6)
    W, x = draw(4, 4), draw(4, 4)
    yield case("overhead: matmul, 4 x 4 x 4", (pynn.matmul, np.matmul), [W, x], 1e-6)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    y: np.ndarray = 1 / (1 + np.exp(-x))
    return y


def elementwise(n: int) -> Iterator[Case]:
    """Memory-bound and compute-bound functions."""
    functions: dict[str, Pair] = {
        "add": (pynn.add, np.add),
        "mul": (pynn.mul, np.multiply),
        "div": (pynn.div, np.divide),
        "maximum": (pynn.maximum, np.maximum),
        "pow": (pynn.pow, np.power),
    }
    a, b = draw(n, low=0.5), draw(n, low=0.25)
    for name, pair in functions.items():
        yield case(f"{name} float32, {n:,}", pair, [a, b], 1e-6)
    x = draw(n)
    single: dict[str, Pair] = {
        "exp": (pynn.exp, np.exp),
        "tanh": (pynn.tanh, np.tanh),
        "sigmoid": (pynn.sigmoid, _sigmoid),
        "relu": (pynn.relu, lambda v: np.maximum(v, 0)),
    }
    for name, pair in single.items():
        yield case(f"{name} float32, {n:,}", pair, [x], 1e-6)
    yield case(f"log float32, {n:,}", (pynn.log, np.log), [a], 1e-6)


def _softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    probabilities: np.ndarray = e / e.sum(axis=1, keepdims=True)
    return probabilities


def reductions() -> Iterator[Case]:
    """Along rows, along columns, over everything."""
    x = draw(512, 1024, low=0)
    pairs: dict[str, Pair] = {
        "sum of all": (pynn.sum, np.sum),
        "sum of rows": (lambda t: t.sum(1), lambda a: a.sum(1)),
        "sum of columns": (lambda t: t.sum(0), lambda a: a.sum(0)),
        "mean of rows": (lambda t: t.mean(1), lambda a: a.mean(1)),
        "var of rows": (lambda t: t.var(1), lambda a: a.var(1, ddof=1)),
        "max of rows": (lambda t: t.amax(1), lambda a: a.max(1)),
        "argmax of rows": (lambda t: t.argmax(1), lambda a: a.argmax(1)),
        "softmax of rows": (lambda t: t.softmax(1), _softmax),
    }
    for name, pair in pairs.items():
        yield case(f"{name}, 512 x 1024 float32", pair, [x], 1e-5)


def _cross_entropy(x: np.ndarray, target: np.ndarray) -> float:
    z = x - x.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return float(-log_p[np.arange(len(x)), target].mean())


def losses() -> Iterator[Case]:
    """The loss alone, without its gradient."""
    x, target = draw(1000, 10), np.random.RandomState(2).randint(0, 10, 1000)
    yield case("cross_entropy, 1000 x 10", (F.cross_entropy, _cross_entropy), [x, target], 1e-5)
    a, b = draw(100_000), draw(100_000, low=0)

    def mse(x: np.ndarray, y: np.ndarray) -> float:
        return float(((x - y) ** 2).mean())

    yield case("mse_loss, 100,000", (F.mse_loss, mse), [a, b], 1e-5)


def sgd() -> Case:
    """Momentum and weight decay on 100,000 parameters; every call is one more step."""
    start, gradient = draw(100_000), draw(100_000, low=-0.5)
    p = pynn.tensor(start, requires_grad=True)
    p.grad = pynn.tensor(gradient)
    optimiser = pynn.optim.SGD([p], lr=1e-3, momentum=0.9, weight_decay=1e-4)
    q, velocity = start.copy(), np.zeros_like(start)
    rate, momentum, decay = np.float32(1e-3), np.float32(0.9), np.float32(1e-4)

    def theirs() -> np.ndarray:
        nonlocal q, velocity
        velocity *= momentum
        velocity += gradient + decay * q
        q -= rate * velocity
        return q

    def ours() -> object:
        optimiser.step()
        return p

    return Case("SGD step with momentum, 100,000", ours, theirs, 1e-6)

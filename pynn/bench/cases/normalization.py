"""Normalisation against its formula in NumPy, and Adam."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import pynn
import pynn.nn.functional as F
import pynn.optim
from pynn.bench.case import Array, Case, Pair, rounded, tensors, uniform

_EPS = np.float32(1e-5)
_CHANNELS, _SIDE = 32, 16
_bound = rounded(64, lambda: 4.0)


def cases() -> Iterator[Case]:
    """Rows of 256; images of 32 channels; a step of Adam."""
    for name in ("layer_norm", "rms_norm"):
        yield _case(name, "rows of 256", partial(_row_pair, name), 512)
    images: dict[str, Callable[[int], Pair]] = {
        "group_norm": _group_pair,
        "batch_norm": partial(_batch_pair, False),
        "batch_norm_running": partial(_batch_pair, True),
    }
    for name, build in images.items():
        yield _case(name, f"{_CHANNELS}x{_SIDE}x{_SIDE}", build, 8)
    for width in (4, 256):
        yield Case("updates", f"Adam, 4 parameters, width {width}", _adam_pair, width, small=3)


def _case(name: str, title: str, build: Callable[[int], Pair], size: int) -> Case:
    text = f"{name} float32 {size} {title}"
    return Case("normalisation", text, build, size, small=3, operator=name)


def _normalised(x: Array, axes: Any, centred: bool = True) -> Array:
    d = x - x.mean(axes, keepdims=True) if centred else x
    result: Array = d / np.sqrt((d * d).mean(axes, keepdims=True) + _EPS)
    return result


def _row_pair(name: str, rows: int) -> Pair:
    x, w, b = uniform(-4, 4, rows, 256), uniform(0.5, 2, 256), uniform(-1, 1, 256, seed=1)
    if name == "rms_norm":

        def rms(x: Any, w: Any) -> Any:
            return F.rms_norm(x, (256,), w, 1e-5)

        return Pair(
            (rms, *tensors(x, w)), (lambda x, w: _normalised(x, -1, False) * w, x, w), _bound
        )

    def layer(x: Any, w: Any, b: Any) -> Any:
        return F.layer_norm(x, (256,), w, b)

    rival = (lambda x, w, b: _normalised(x, -1) * w + b, x, w, b)
    return Pair((layer, *tensors(x, w, b)), rival, _bound)


def _images(samples: int) -> list[Array]:
    x = uniform(-4, 4, samples, _CHANNELS, _SIDE, _SIDE)
    return [x, uniform(0.5, 2, _CHANNELS), uniform(-1, 1, _CHANNELS, seed=1)]


def _channel(t: Array) -> Array:
    return t.reshape(-1, 1, 1)


def _group_pair(samples: int) -> Pair:
    def numpy_group(x: Array, w: Array, b: Array) -> Array:
        h = _normalised(x.reshape(len(x), 8, -1), 2).reshape(x.shape)
        return h * _channel(w) + _channel(b)

    def group(x: Any, w: Any, b: Any) -> Any:
        return F.group_norm(x, 8, w, b)

    arrays = _images(samples)
    return Pair((group, *tensors(*arrays)), (numpy_group, *arrays), _bound)


def _batch_pair(running: bool, samples: int) -> Pair:
    m, v = uniform(-1, 1, _CHANNELS, seed=2), uniform(0.5, 2, _CHANNELS, seed=3)

    def numpy_batch(x: Array, w: Array, b: Array) -> Array:
        h = _normalised(x, (0, 2, 3))
        if running:
            h = (x - _channel(m)) / np.sqrt(_channel(v) + _EPS)
        return h * _channel(w) + _channel(b)

    mean, var = tensors(m, v)

    def batch(x: Any, w: Any, b: Any) -> Any:
        if running:
            return F.batch_norm(x, mean, var, w, b)
        return F.batch_norm(x, None, None, w, b, True)

    arrays = _images(samples)
    return Pair((batch, *tensors(*arrays)), (numpy_batch, *arrays), _bound)


# ---- Adam ----------------------------------------------------------------------------------------


class _NumpyAdam:
    """The formula, one parameter after another."""

    def __init__(self, parameters: list[Array], gradients: list[Array]) -> None:
        self.parameters, self.gradients = [p.copy() for p in parameters], gradients
        self.means = [np.zeros_like(p) for p in parameters]
        self.squares = [np.zeros_like(p) for p in parameters]
        self.steps = 0

    def step(self) -> list[Array]:
        """One update; returns the parameters."""
        self.steps += 1
        rate = np.float32(1e-3 / (1 - 0.9**self.steps))
        root = np.float32(np.sqrt(1 - 0.999**self.steps))
        every = zip(self.parameters, self.gradients, self.means, self.squares, strict=True)
        for p, g, m, v in every:
            m += np.float32(0.1) * (g - m)
            v *= np.float32(0.999)
            v += np.float32(0.001) * g * g
            p -= rate * m / (np.sqrt(v) / root + np.float32(1e-8))
        return self.parameters


def _adam_pair(width: int) -> Pair:
    shapes: list[tuple[int, ...]] = [(width, width), (width,)] * 2
    arrays = [uniform(-1, 1, *shape, seed=i) for i, shape in enumerate(shapes)]
    gradients = [uniform(0.1, 1, *shape, seed=9 + i) for i, shape in enumerate(shapes)]
    rival = _NumpyAdam(arrays, gradients)
    parameters = tensors(*arrays)
    for p, g in zip(parameters, gradients, strict=True):
        p.requires_grad_().grad = pynn.tensor(g)
    optimiser = pynn.optim.Adam(parameters)

    def step() -> list[pynn.Tensor]:
        optimiser.step()
        return parameters

    return Pair((step,), (rival.step,), rounded(8, lambda: 2.0))

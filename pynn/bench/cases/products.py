"""Products of matrices: squares, the shapes of networks, batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import pynn
import pynn.nn.functional as F
from pynn.bench.case import Array, Bound, Case, Pair, rounded, tensors, uniform

_SIDES = (16, 17, 24, 32, 48, 64, 100, 128, 200, 256, 384, 512, 768, 1024, 1536, 2048)
_SMALL_SIDE = 32

# Rows of the batch, inputs, outputs: the layers of digit readers, and a batch of one.
_LAYERS = (
    (64, 784, 256),
    (64, 256, 128),
    (64, 128, 10),
    (32, 64, 64),
    (1, 784, 256),
    (1, 1024, 1024),
    (512, 1024, 1024),
)
_BATCHES = ((32, 64), (1_000, 4))


def cases() -> Iterator[Case]:
    """Squares in both precisions; layers forward and backward; the other ways to call them."""
    for dtype in ("float32", "float64"):
        for n in _SIDES:
            least = 0.0 if dtype == "float64" else 2.0 if n <= _SMALL_SIDE else 1.0
            build = partial(_square_pair, dtype)
            yield Case("matmul", f"matmul {dtype} {n}", build, n, operator="matmul", least=least)
    for shape in _LAYERS:
        for title, pair in _DIRECTIONS.items():
            name = f"matmul float32 {'x'.join(map(str, shape))} {title}"
            yield _layer("matmul", name, pair, shape)
    for count, n in _BATCHES:
        name = f"matmul float32 {count} times {n}x{n}"
        yield Case("layers", name, partial(_batch_pair, n), count, operator="matmul_batch")
    for shape in _LAYERS[:4]:
        for name, pair in _CALLS.items():
            yield _layer(name, f"{name} float32 {'x'.join(map(str, shape))}", pair, shape)


def _layer(operator: str, name: str, pair: Callable[..., Pair], shape: tuple[int, ...]) -> Case:
    rows, inputs, outputs = shape
    return Case("layers", name, partial(pair, inputs, outputs), rows, operator=operator)


def _bound(a: Array, b: Array, more: int = 0) -> Bound:
    """One rounding for each term of the sum, on both sides."""
    return rounded(a.shape[-1] + more, lambda: np.matmul(np.abs(a), np.abs(b)) + (more > 0))


def _product(a: Array, b: Array) -> Pair:
    """Two matrices as they lie in memory, transposed ones included."""
    return Pair((pynn.matmul, _view(a), _view(b)), (np.matmul, a, b), _bound(a, b))


def _view(a: Array) -> pynn.Tensor:
    transposed = not a.flags.c_contiguous
    return pynn.tensor(a.T).T if transposed else pynn.tensor(a)


def _square_pair(dtype: str, n: int) -> Pair:
    return _product(*(uniform(-1, 1, n, n, dtype=dtype, seed=seed) for seed in (0, 1)))


def _forward_pair(inputs: int, outputs: int, rows: int) -> Pair:
    """X W."""
    return _product(uniform(-1, 1, rows, inputs), uniform(-1, 1, inputs, outputs, seed=1))


def _input_pair(inputs: int, outputs: int, rows: int) -> Pair:
    """The gradient at the input: dY W^T."""
    return _product(uniform(-1, 1, rows, outputs), uniform(-1, 1, inputs, outputs, seed=1).T)


def _weight_pair(inputs: int, outputs: int, rows: int) -> Pair:
    """The gradient of the weights: X^T dY."""
    return _product(uniform(-1, 1, rows, inputs).T, uniform(-1, 1, rows, outputs, seed=1))


_DIRECTIONS = {
    "forward (NN)": _forward_pair,
    "input gradient (NT)": _input_pair,
    "weight gradient (TN)": _weight_pair,
}


def _batch_pair(n: int, count: int) -> Pair:
    return _product(uniform(-1, 1, count, n, n), uniform(-1, 1, count, n, n, seed=1))


def _mm_pair(inputs: int, outputs: int, rows: int) -> Pair:
    a, b = uniform(-1, 1, rows, inputs), uniform(-1, 1, inputs, outputs, seed=1)
    return Pair((pynn.mm, *tensors(a, b)), (np.dot, a, b), _bound(a, b))


def _affine(c: Array, a: Array, b: Array) -> Any:
    return np.dot(a, b) + c


def _addmm_pair(inputs: int, outputs: int, rows: int) -> Pair:
    a, b = uniform(-1, 1, rows, inputs), uniform(-1, 1, inputs, outputs, seed=1)
    c = uniform(-1, 1, outputs)
    return Pair((pynn.addmm, *tensors(c, a, b)), (_affine, c, a, b), _bound(a, b, 2))


def _linear(x: Array, weight: Array, bias: Array | None = None) -> Any:
    y = np.dot(x, weight.T)
    return y if bias is None else y + bias


def _linear_pair(inputs: int, outputs: int, rows: int) -> Pair:
    x, weight = uniform(-1, 1, rows, inputs), uniform(-1, 1, outputs, inputs, seed=1)
    bias = uniform(-1, 1, outputs)
    ours = (F.linear, *tensors(x, weight, bias))
    return Pair(ours, (_linear, x, weight, bias), _bound(x, weight.T, 2))


def _linear_no_bias_pair(inputs: int, outputs: int, rows: int) -> Pair:
    x, weight = uniform(-1, 1, rows, inputs), uniform(-1, 1, outputs, inputs, seed=1)
    return Pair((F.linear, *tensors(x, weight)), (_linear, x, weight), _bound(x, weight.T))


_CALLS = {
    "mm": _mm_pair,
    "addmm": _addmm_pair,
    "linear": _linear_pair,
    "linear_no_bias": _linear_no_bias_pair,
}

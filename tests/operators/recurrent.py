"""Recurrent layers: one direction of one layer over a sequence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from optable import Op, Sample

import pynn

RNN_TANH, RNN_RELU, LSTM, GRU = range(4)
GATES = {RNN_TANH: 1, RNN_RELU: 1, LSTM: 4, GRU: 3}

# Steps, batch, inputs, hidden: around vectors, rows that are taken together, K blocks.
SIZES = [
    (1, 1, 1, 1),
    (2, 3, 4, 5),
    (3, 2, 5, 8),
    (2, 17, 3, 16),
    (2, 33, 7, 17),
    (4, 5, 1, 33),
    (1, 0, 3, 4),
    (2, 2, 600, 3),
]
GRAD = [(2, 2, 3, 2), (3, 1, 1, 3), (1, 2, 2, 1)]
HASH = [(9, 37, 33, 70), (2, 5, 600, 150)]


def samples(mode: int) -> Callable[..., Iterator[Sample]]:
    def draw(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        sizes = {"sizes": SIZES, "grad": GRAD, "hash": HASH}[purpose]
        for i, (steps, batch, inputs, hidden) in enumerate(sizes):
            rows = [batch] * steps
            if i % 2 and batch > 1:
                rows = sorted((1 + (batch - 1) * k // steps for k in range(1, steps)), reverse=True)
                rows = [batch, *rows]
            gates = GATES[mode] * hidden

            def some(*shape: int, scale: float = 1.0) -> np.ndarray:
                return np.asarray(scale * (2 * rng.random_sample(shape) - 1), dtype)

            x, state = some(sum(rows), inputs), [some(batch, hidden)]
            if mode == LSTM:
                state.append(some(batch, hidden))
            scale = 1 / np.sqrt(hidden)
            weights = [some(gates, inputs, scale=scale), some(gates, hidden, scale=scale)]
            weights += [some(gates), some(gates)] if i % 3 != 2 else []
            options = {"steps": steps, "reverse": i % 2, "rows": rows}
            yield Sample((x, *state, *weights), options)

    return draw


def call(mode: int) -> Callable[..., Any]:
    def run(*tensors: Any, steps: int, reverse: int, rows: list[int]) -> Any:
        x, h = tensors[:2]
        c = tensors[2] if mode == LSTM else None
        weights = list(tensors[3 if mode == LSTM else 2 :])
        weights += [None] * (4 - len(weights))
        same = len(set(rows)) == 1
        sizes = () if same else rows
        return pynn._core.ops.recurrent(x, h, c, *weights, mode, reverse, steps, sizes)

    return run


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def cell(mode: int, x: np.ndarray, a: np.ndarray, h: np.ndarray, c: np.ndarray | None) -> Any:
    """x and a: what comes from the input and from h; the next h and c."""
    if mode in (RNN_TANH, RNN_RELU):
        return (np.tanh(x + a) if mode == RNN_TANH else np.maximum(x + a, 0)), c
    if mode == LSTM:
        i, f, g, o = np.split(x + a, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c
    xs, hs = np.split(x, 3, axis=1), np.split(a, 3, axis=1)
    r, z = sigmoid(xs[0] + hs[0]), sigmoid(xs[1] + hs[1])
    return (1 - z) * np.tanh(xs[2] + r * hs[2]) + z * h, c


def oracle(mode: int) -> Callable[..., Any]:
    def run(*arrays: np.ndarray, steps: int, reverse: int, rows: list[int]) -> Any:
        x, h = arrays[0], arrays[1].copy()
        c = arrays[2].copy() if mode == LSTM else None
        w_ih, w_hh, *biases = arrays[3 if mode == LSTM else 2 :]
        b_ih, b_hh = biases or (0, 0)
        y = np.zeros((len(x), h.shape[1]), x.dtype)
        starts = np.cumsum([0, *rows])
        for t in reversed(range(steps)) if reverse else range(steps):
            n, part = rows[t], slice(starts[t], starts[t + 1])
            before = None if c is None else c[:n]
            h[:n], after = cell(mode, x[part] @ w_ih.T + b_ih, h[:n] @ w_hh.T + b_hh, h[:n], before)
            if c is not None:
                c[:n] = after
            y[part] = h[:n]
        return (y, h) if c is None else (y, h, c)

    return run


def bound(want: Any, *arrays: Any, dtype: np.dtype, steps: int, **_: Any) -> np.ndarray:
    """Rounding of the products and of a few operations per step; each step passes the error of
    the one before it on, by a factor of about one."""
    inputs, hidden = arrays[0].shape[1], arrays[1].shape[1]
    size = max(1.0, float(np.abs(want).max(initial=0)))
    return np.finfo(dtype).eps * size * steps * (8 + np.sqrt(inputs + hidden)) * 8


def entry(name: str, mode: int, module: str) -> Op:
    count = 5 if mode == LSTM else 4
    return Op(
        f"recurrent_{name}",
        call(mode),
        oracle(mode),
        samples(mode),
        bound,
        grad=tuple(range(count)),
        grad_ulps=256,
        stub=(f"nn.{module}",),
    )


OPS = [
    entry("rnn_tanh", RNN_TANH, "RNN"),
    entry("rnn_relu", RNN_RELU, "RNN"),
    entry("lstm", LSTM, "LSTM"),
    entry("gru", GRU, "GRU"),
]

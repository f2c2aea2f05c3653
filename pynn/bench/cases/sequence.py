"""Sequences: recurrent layers, attention, embeddings."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import pynn.nn.functional as F
from pynn import _core
from pynn.bench.case import Array, Case, Pair, exact, tensors, uniform, whole, within

_STEPS, _BATCH = 20, 16
_MODES = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}


def cases() -> Iterator[Case]:
    """A layer of each kind by its size; attention by length; rows of a table."""
    for mode in _MODES:
        name = f"{mode}, {_STEPS} steps, batch {_BATCH}, of this size"
        yield Case("sequence", name, partial(_recurrent, mode), 64, 8, f"recurrent_{mode}")
    for kind in ("", "_causal", "_bool_mask", "_added_mask"):
        operator = f"scaled_dot_product_attention{kind}"
        name = f"attention{kind.replace('_', ' ')}, 8 heads of 32, of this length"
        yield Case("sequence", name, partial(_attention, kind), 128, 8, operator)
    yield Case(
        "sequence", "attention dropout, 8 heads of 32, of this length", _dropout, 128, 8,
        "scaled_dot_product_attention_dropout",
    )  # fmt: skip
    yield Case("sequence", "embedding, rows of 64", _embedding, 1_000, 10, "embedding")


def _sigmoid(x: Array) -> Any:
    return 1 / (1 + np.exp(-x))


def _step(mode: str, x: Array, a: Array, h: Array, c: Array) -> tuple[Any, Any]:
    if mode == "rnn_tanh":
        return np.tanh(x + a), c
    if mode == "rnn_relu":
        return np.maximum(x + a, 0), c
    if mode == "lstm":
        i, f, g, o = np.split(x + a, 4, 1)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        return _sigmoid(o) * np.tanh(c), c
    (xr, xz, xn), (ar, az, an) = np.split(x, 3, 1), np.split(a, 3, 1)
    n, z = np.tanh(xn + _sigmoid(xr + ar) * an), _sigmoid(xz + az)
    return (h - n) * z + n, c


def _layer(mode: str, x: Array, h: Array, w: Array, u: Array, b: Array) -> Any:
    gates, c, y = x @ w.T + b, h, []
    for t in range(_STEPS):
        h, c = _step(mode, gates[t * _BATCH : (t + 1) * _BATCH], h @ u.T + b, h, c)
        y.append(h)
    return (np.concatenate(y), h, c) if mode == "lstm" else (np.concatenate(y), h)


def _recurrent(mode: str, size: int) -> Pair:
    bound = 1 / np.sqrt(size)
    x, h = uniform(-1, 1, _STEPS * _BATCH, size), uniform(-1, 1, _BATCH, size)
    w, u, b = (
        uniform(-bound, bound, _MODES[mode] * size, *s, seed=k)
        for k, s in enumerate([[size]] * 2 + [[]])
    )
    tx, th, tw, tu, tb = tensors(x, h, w, u, b)
    c = th if mode == "lstm" else None
    kind = list(_MODES).index(mode)
    ours = (_core.ops.recurrent, tx, th, c, tw, tu, tb, tb, kind, False, _STEPS)
    return Pair(ours, (_layer, mode, x, h, w, u, b), within(1e-4))


def _weigh(q: Array, k: Array, v: Array, mask: Array | None) -> Any:
    scores = q @ k.swapaxes(-2, -1) / np.sqrt(np.float32(q.shape[-1]))
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True) @ v


def _attention(kind: str, length: int) -> Pair:
    q, k, v = (uniform(-1, 1, 8, length, 32, seed=s) for s in range(3))
    mask: Any = None
    if kind in ("_causal", "_bool_mask"):
        mask = np.tri(length, dtype=bool)
    if kind == "_added_mask":
        mask = uniform(-1, 1, length, length, seed=3)
    given = tensors(mask)[0] if kind in ("_bool_mask", "_added_mask") else None
    attention = F.scaled_dot_product_attention
    ours = (attention, *tensors(q, k, v), given, 0.0, kind == "_causal")
    return Pair(ours, (_weigh, q, k, v, mask), within(1e-5))


def _dropped(q: Array, k: Array, v: Array, keep: Array) -> Any:
    scores = q @ k.swapaxes(-2, -1) / np.sqrt(np.float32(q.shape[-1]))
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return np.where(keep, 2 * (e / e.sum(-1, keepdims=True)), 0) @ v


def _dropout(length: int) -> Pair:
    q, k, v = (uniform(-1, 1, 8, length, 32, seed=s) for s in range(3))
    keep = uniform(0, 1, 8, length, length, seed=3) > 0.5
    tq, tk, tv, tkeep = tensors(q, k, v, keep)
    ours = (_core.ops.attention, tq, tk, tv, None, tkeep, False, 32**-0.5, 2.0)
    return Pair(ours, (_dropped, q, k, v, keep), within(1e-5))


def _embedding(count: int) -> Pair:
    index, table = whole(0, 5_000, count), uniform(-1, 1, 5_000, 64)
    return Pair((F.embedding, *tensors(index, table)), (np.take, table, index, 0), exact)

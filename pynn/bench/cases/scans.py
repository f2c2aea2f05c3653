"""Scans, products of elements, truth, norms; products of vectors; losses of distances, CTC."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import pynn
import pynn.nn.functional as F
from pynn.bench.case import Array, Case, Pair, exact, rounded, tensors, uniform, whole

_SIDES = (100, 1_000)


def _along_rows(
    ours: Callable[..., Any], theirs: Callable[..., Any], limits: tuple[float, float], side: int
) -> Pair:
    """One result per row, or one per element."""
    x = uniform(*limits, side, side)
    bound = rounded(64 + 4 * side, lambda: 1 + np.abs(theirs(x, 1)))
    return Pair((ours, *tensors(x), 1), (theirs, x, 1), bound)


def _whole_rows(ours: Callable[..., Any], theirs: Callable[..., Any], high: int, side: int) -> Pair:
    x = whole(1, high, side, side)
    return Pair((ours, *tensors(x), 1), (theirs, x, 1), exact)


def _logsumexp(x: Array, axis: int) -> Any:
    top = x.max(axis=axis, keepdims=True)
    return np.log(np.exp(x - top).sum(axis=axis)) + top.squeeze(axis)


def _norm(x: Array, axis: int) -> Any:
    return np.sqrt(np.sum(x * x, axis=axis))


def _norm_of(x: pynn.Tensor, dim: int) -> pynn.Tensor:
    return pynn.norm(x, 2, dim)


_REAL: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[float, float]]] = {
    "cumsum": (pynn.cumsum, np.cumsum, (-4, 4)),
    "cumprod": (pynn.cumprod, np.cumprod, (0.99, 1.01)),
    "logcumsumexp": (pynn.logcumsumexp, np.logaddexp.accumulate, (-4, 4)),
    "prod": (pynn.prod, np.prod, (0.99, 1.01)),
    "logsumexp": (pynn.logsumexp, _logsumexp, (-6, 6)),
    "norm": (_norm_of, _norm, (-4, 4)),
}
_WHOLE: dict[str, tuple[Callable[..., Any], Callable[..., Any], int]] = {
    "cumsum_int": (pynn.cumsum, np.cumsum, 100),
    "cumprod_int": (pynn.cumprod, np.cumprod, 3),
    "prod_int": (pynn.prod, np.prod, 3),
    "any": (pynn.any, np.any, 3),
    "all": (pynn.all, np.all, 3),
}
_SHAPES: dict[str, tuple[Callable[..., Any], Callable[..., Any], list[tuple[int, ...]]]] = {
    "bmm": (pynn.bmm, np.matmul, [(64, 32, 32), (64, 32, 32)]),
    "mv": (pynn.mv, np.matmul, [(500, 500), (500,)]),
    "dot": (pynn.dot, np.dot, [(10_000,), (10_000,)]),
    "outer": (pynn.outer, np.outer, [(500,), (500,)]),
}


def _l1(x: Array, y: Array) -> Any:
    return np.mean(np.abs(x - y))


def _huber(x: Array, y: Array) -> Any:
    d = np.abs(x - y)
    return np.mean(np.where(d < 1, 0.5 * d * d, d - 0.5))


_LOSSES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "l1_loss": (F.l1_loss, _l1),
    "smooth_l1_loss": (F.smooth_l1_loss, _huber),
    "huber_loss": (F.huber_loss, _huber),
}


def _product_pair(name: str, size: int) -> Pair:
    ours, theirs, (left, right) = _SHAPES[name]
    x, y = uniform(-1, 1, *left), uniform(-1, 1, *right, seed=1)
    bound = rounded(64 + left[-1], lambda: np.max(np.abs(theirs(np.abs(x), np.abs(y)))))
    return Pair((ours, *tensors(x, y)), (theirs, x, y), bound)


def _integer_pair(side: int) -> Pair:
    x, y = whole(-9, 9, 16, side, side), whole(-9, 9, 16, side, side, seed=1)
    return Pair((pynn.bmm, *tensors(x, y)), (np.matmul, x, y), exact)


def _loss_pair(ours: Callable[..., Any], theirs: Callable[..., Any], n: int) -> Pair:
    x, y = uniform(-4, 4, n), uniform(-4, 4, n, seed=1)
    bound = rounded(200 + n // 4096, lambda: 1 + np.abs(theirs(x, y)))
    return Pair((ours, *tensors(x, y)), (theirs, x, y), bound)


def _ctc(p: Array, target: Array) -> Any:
    """In linear space, the states of all samples at once; float32 would underflow."""
    frames = len(p)
    count, length = target.shape
    label = np.zeros((count, 2 * length + 1), np.int64)
    label[:, 1::2] = target
    skip = np.zeros(label.shape)
    skip[:, 3::2] = label[:, 3::2] != label[:, 1:-2:2]
    seen = np.take_along_axis(p, np.broadcast_to(label, (frames, *label.shape)), 2)
    state = np.zeros(label.shape)
    state[:, :2] = seen[0, :, :2]
    for t in range(1, frames):
        more = state.copy()
        more[:, 1:] += state[:, :-1]
        more[:, 2:] += state[:, :-2] * skip[:, 2:]
        state = more * seen[t]
    return -np.log(state[:, -1] + state[:, -2]).astype(p.dtype)


def _ctc_pair(frames: int) -> Pair:
    x, target = uniform(-1, 1, frames, 8, 20), whole(1, 20, 8, 10, seed=1)
    p = np.exp(x) / np.exp(x).sum(axis=2, keepdims=True)
    logs, classes = tensors(np.log(p), target)
    lengths = ([frames] * 8, [10] * 8)
    bound = rounded(32 * frames, lambda: 1 + np.abs(_ctc(p, target)))
    ours = partial(F.ctc_loss, reduction="none")
    return Pair((ours, logs, classes, *lengths), (_ctc, p, target), bound)


def cases() -> Iterator[Case]:
    """Per operator a small and a large case."""
    for name, (ours, theirs, limits) in _REAL.items():
        for side in _SIDES:
            build: Callable[[int], Pair] = partial(_along_rows, ours, theirs, limits)
            yield Case("reductions", f"{name} float32 {side}x{side}", build, side, operator=name)
    for name, (ours, theirs, high) in _WHOLE.items():
        build = partial(_whole_rows, ours, theirs, high)
        yield Case("reductions", f"{name} int64 1000x1000", build, 1_000, operator=name)
    for name, (_, _, shapes) in _SHAPES.items():
        size = shapes[0][0]
        build = partial(_product_pair, name)
        yield Case("products", f"{name} float32 {shapes[0]}", build, size, operator=name)
    yield Case("products", "bmm int64 16x40x40", _integer_pair, 40, operator="bmm_int")
    for name, (ours, theirs) in _LOSSES.items():
        for n in (1_000, 100_000):
            build = partial(_loss_pair, ours, theirs)
            yield Case("losses", f"{name} float32 {n}", build, n, operator=name)
    yield Case("losses", "ctc_loss float32 50x8x20", _ctc_pair, 50, operator="ctc_loss")

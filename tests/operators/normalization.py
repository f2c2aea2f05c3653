"""Normalisation: layer, RMS, group and batch norm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from optable import CHUNK, ROWCHUNK, Op, Sample, spread, uniform

import pynn.nn.functional as F

weights = uniform(0.5, 2)

# Rows: short, around vectors, longer than a chunk; samples beyond a chunk of rows.
ROWS: dict[str, list[tuple[tuple[int, ...], tuple[int, ...]]]] = {
    "sizes": [((3, n), (n,)) for n in (2, 3, 4, 5, 8, 9, 16, 17, 33, 130)]
    + [((2, CHUNK + 3), (CHUNK + 3,)), ((2 * ROWCHUNK + 3, 5), (5,)), ((2, 3, 4, 5), (4, 5))]
    + [((6,), (6,)), ((0, 4), (4,)), ((130, 70), (70,))],
    "grad": [((3, 4), (4,)), ((2, 3, 2), (3, 2)), ((5,), (5,))],
    "hash": [((700, 65), (65,)), ((3, CHUNK + 9), (CHUNK + 9,)), ((5, 33, 70), (33, 70))],
}
# (N, C, ...) and groups.
GROUPS: dict[str, list[tuple[tuple[int, ...], int]]] = {
    "sizes": [((2, 6, n), 3) for n in (1, 2, 4, 5, 9, 17, 65)]
    + [((3, 4, 2, 3), 4), ((2, 4), 2), ((2 * ROWCHUNK + 3, 6), 2), ((2, 2, CHUNK + 3), 1)],
    "grad": [((2, 4, 3), 2), ((3, 4), 2), ((2, 3, 2, 1), 1)],
    "hash": [((5, 12, 333), 3), ((700, 66), 6), ((2, 4, CHUNK + 9), 2)],
}
BATCH: dict[str, list[tuple[int, ...]]] = {
    "sizes": [(3, n) for n in (1, 3, 8, 9, 17, 33, 70)]
    + [(2, 3, n) for n in (2, 5, 8, 17, 65)]
    + [(2 * ROWCHUNK + 3, 5), (2, 2, CHUNK + 3), (2, 3, 4, 5), (2, 1, 2, 3, 2)],
    "grad": [(4, 3), (2, 3, 2), (2, 2, 2, 1)],
    "hash": [(700, 65), (5, 12, 333), (3, 4, 40, 45)],
}


def rows(count: int) -> Callable[..., Iterator[Sample]]:
    """x, weight and (count 3) bias of the normalised shape."""

    def samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        for shape, normalized in ROWS[purpose]:
            more = [weights(rng, normalized, dtype), spread(rng, normalized, dtype)]
            arrays = (spread(rng, shape, dtype), *more[: count - 1])
            yield Sample(arrays, {"normalized_shape": normalized})

    return samples


def groups(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    for shape, num_groups in GROUPS[purpose]:
        more = weights(rng, shape[1:2], dtype), spread(rng, shape[1:2], dtype)
        yield Sample((spread(rng, shape, dtype), *more), {"num_groups": num_groups})


def batches(running: bool) -> Callable[..., Iterator[Sample]]:
    def samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        for shape in BATCH[purpose]:
            channels = shape[1:2]
            more = weights(rng, channels, dtype), spread(rng, channels, dtype)
            arrays = (spread(rng, shape, dtype), *more)
            if running:
                arrays += (spread(rng, channels, dtype), weights(rng, channels, dtype))
            yield Sample(arrays)

    return samples


def _normalised(x: np.ndarray, axes: tuple[int, ...], eps: float, centred: bool = True) -> Any:
    d = x - x.mean(axes, keepdims=True) if centred else x
    return d / np.sqrt((d * d).mean(axes, keepdims=True) + x.dtype.type(eps))


def _layer(x: np.ndarray, w: np.ndarray, b: np.ndarray, normalized_shape: Any) -> np.ndarray:
    if not x.size:
        return x
    axes = tuple(range(x.ndim - len(normalized_shape), x.ndim))
    return _normalised(x, axes, 1e-5) * w + b


def _rms(x: np.ndarray, w: np.ndarray, normalized_shape: Any) -> np.ndarray:
    if not x.size:
        return x
    axes = tuple(range(x.ndim - len(normalized_shape), x.ndim))
    return _normalised(x, axes, 0.25, centred=False) * w


def _channels(t: np.ndarray, ndim: int) -> np.ndarray:
    return t.reshape(-1, *(1,) * (ndim - 2))


def _group(x: np.ndarray, w: np.ndarray, b: np.ndarray, num_groups: int) -> np.ndarray:
    h = _normalised(x.reshape(x.shape[0], num_groups, -1), (2,), 1e-5).reshape(x.shape)
    return h * _channels(w, x.ndim) + _channels(b, x.ndim)


def _batch(x: np.ndarray, w: np.ndarray, b: np.ndarray, m: Any = None, v: Any = None) -> np.ndarray:
    if m is None:
        h = _normalised(x, (0, *range(2, x.ndim)), 1e-5)
    else:
        h = (x - _channels(m, x.ndim)) / np.sqrt(_channels(v, x.ndim) + x.dtype.type(1e-5))
    return h * _channels(w, x.ndim) + _channels(b, x.ndim)


def bound(want: np.ndarray, x: np.ndarray, w: np.ndarray, *more: Any, dtype: Any, **_: Any) -> Any:
    """The mean's error is eps times the roundings of its sum times the largest x; it is divided
    by the root of the variance, which has the same relative error.  Few, close elements make that
    root small: the greatest |y| then says how small at the least."""
    if not x.size:
        return want
    eps = np.finfo(dtype).eps / 2
    most = float(np.abs(x).max())
    spread_least = most / np.sqrt(1e-5) if min(x.shape) <= 3 else 4 * most
    shift = float(np.abs(more[0]).max()) if more else 0.0
    return eps * 64 * (float(np.abs(w).max()) * (1 + spread_least) + shift + np.abs(want))


OPS = [
    Op(
        "layer_norm",
        lambda x, w, b, normalized_shape: F.layer_norm(x, normalized_shape, w, b),
        _layer,
        rows(3),
        bound,
        grad=(0, 1, 2),
        grad_ulps=256,
        stub=("nn.functional.layer_norm",),
    ),
    Op(
        "rms_norm",
        lambda x, w, normalized_shape: F.rms_norm(x, normalized_shape, w, 0.25),
        _rms,
        rows(2),
        bound,
        grad=(0, 1),
        grad_ulps=64,
        stub=("nn.functional.rms_norm",),
    ),
    Op(
        "group_norm",
        lambda x, w, b, num_groups: F.group_norm(x, num_groups, w, b),
        _group,
        groups,
        bound,
        grad=(0, 1, 2),
        grad_ulps=256,
        stub=("nn.functional.group_norm",),
    ),
    Op(
        "batch_norm",
        lambda x, w, b: F.batch_norm(x, None, None, w, b, True),
        _batch,
        batches(False),
        bound,
        grad=(0, 1, 2),
        grad_ulps=256,
        stub=("nn.functional.batch_norm",),
    ),
    Op(
        "batch_norm_running",
        lambda x, w, b, m, v: F.batch_norm(x, m.detach(), v.detach(), w, b),
        _batch,
        batches(True),
        bound,
        grad=(0, 1, 2),
        stub=("nn.functional.batch_norm",),
    ),
]

"""Tables of banded linear maps along an axis: what resampling and average pooling are made of.

out[o] = sum over t of weight[o, t] x[first[o] + t]; first and first + count never decrease, so the
transposed map, which is the derivative, is banded too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from pynn import _core
from pynn._core import Tensor, ops

Tables = tuple[Tensor, Tensor, Tensor, Tensor]
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]
"""first (O), count (O), weight (O, most) of a map."""


def apply(input: Tensor, dim: int, rows: Callable[..., Rows], *args: Any) -> Tensor:
    """The map rows(size of dim, *args) along dim."""
    result: Tensor = ops.band(input, *_tables(input.shape[dim], input.dtype, rows, args), dim)
    return result


@lru_cache(maxsize=512)
def _tables(size: int, dtype: Any, rows: Callable[..., Rows], args: tuple[Any, ...]) -> Tables:
    first, count, weight = rows(size, *args)
    last = first + count
    position = np.arange(size, dtype=np.int64)
    start = np.searchsorted(last, position, side="right")
    many = np.maximum(np.searchsorted(first, position, side="right") - start, 0)
    most = int(many.max(initial=0))
    output = np.minimum(start[:, None] + np.arange(most), max(len(first) - 1, 0))
    inside = np.arange(most) < many[:, None]
    column = np.where(inside, position[:, None] - first[output], 0) if len(first) else output
    back = np.where(inside, weight[output, column], 0) if most else np.zeros((size, 0))
    # A graph may outlive the cache and must not be able to change what is in it.
    return (*_pair(first, count, weight, dtype), *_pair(start, many, back, dtype))


def _pair(first: np.ndarray, count: np.ndarray, weight: np.ndarray, dtype: Any) -> Any:
    table = np.ascontiguousarray(np.stack([first, count], 1), np.int64)
    wide = np.ascontiguousarray(weight, np.float64 if dtype is _core.float64 else np.float32)
    return _core.from_numpy(table), _core.from_numpy(wide)


# ---- average pooling -----------------------------------------------------------------------------


def windows(size: int, out: int, kernel: int, stride: int, padding: int, mode: str) -> Rows:
    """Sliding windows.  mode: what to divide by, "window" (with padding), "inside" (without it)
    or "sum" (nothing)."""
    start = np.arange(out, dtype=np.int64) * stride - padding
    end = np.minimum(start + kernel, size + padding)
    with_padding = end - start
    start, end = np.maximum(start, 0), np.minimum(end, size)
    count = np.maximum(end - start, 0)
    scale = {"window": with_padding, "inside": count, "sum": np.ones_like(count)}[mode]
    return np.minimum(start, size - count), count, _even(count, np.maximum(scale, 1))


def adaptive(size: int, out: int) -> Rows:
    """Windows [floor(o I / O), ceil((o + 1) I / O)), averaged."""
    o = np.arange(out, dtype=np.int64)
    first, last = o * size // max(out, 1), -(-(o + 1) * size // max(out, 1))
    return first, last - first, _even(last - first, last - first)


def _even(count: np.ndarray, divisor: np.ndarray) -> np.ndarray:
    most = int(count.max(initial=0))
    return np.broadcast_to(1.0 / divisor[:, None], (len(count), most)).copy()


# ---- resampling ----------------------------------------------------------------------------------


def step(size: int, out: int, align_corners: bool, scale: float | None) -> float:
    """Elements of the input from one output to the next."""
    if align_corners:
        return (size - 1) / (out - 1) if out > 1 else 0.0
    return 1.0 / scale if scale is not None and scale > 0 else size / out


def nearest(size: int, out: int, exact: bool, scale: float | None) -> Rows:
    """floor(o step), or of the centre of the output: floor((o + 1/2) step).  In float32, as
    PyTorch's."""
    s = np.float32(1.0 / scale) if scale is not None and scale > 0 else np.float32(size / out)
    at = np.arange(out, dtype=np.float32) + np.float32(0.5 if exact else 0)
    first = np.minimum(np.floor(at * s).astype(np.int64), size - 1)
    return first, np.ones(out, np.int64), np.ones((out, 1))


def _positions(size: int, out: int, align_corners: bool, scale: float | None) -> np.ndarray:
    s, o = step(size, out, align_corners, scale), np.arange(out, dtype=np.float64)
    return o * s if align_corners else (o + 0.5) * s - 0.5


def linear(size: int, out: int, align_corners: bool, scale: float | None) -> Rows:
    """The two neighbours, by distance."""
    at = np.maximum(_positions(size, out, align_corners, scale), 0)
    first = np.minimum(np.floor(at).astype(np.int64), size - 1)
    part = np.minimum(at - first, 1)
    return _gathered(size, first[:, None] + np.arange(2), np.stack([1 - part, part], 1))


def cubic(size: int, out: int, align_corners: bool, scale: float | None) -> Rows:
    """Keys' cubic convolution with a = -3/4 over four neighbours (1981)."""
    at = _positions(size, out, align_corners, scale)
    first = np.floor(at).astype(np.int64)
    distance = np.abs((at - first)[:, None] - np.arange(-1, 3))
    return _gathered(size, first[:, None] + np.arange(-1, 3), _keys(distance, -0.75))


def _keys(x: np.ndarray, a: float) -> np.ndarray:
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


def _gathered(size: int, index: np.ndarray, weight: np.ndarray) -> Rows:
    """Neighbours outside count for the border: their weights are added to it."""
    index = np.clip(index, 0, size - 1)
    first = index[:, 0]
    count = index[:, -1] - first + 1
    merged = np.zeros((len(index), int(count.max(initial=1))))
    rows = np.arange(len(index))
    for t in range(index.shape[1]):
        merged[rows, index[:, t] - first] += weight[:, t]
    return first, count, merged


def smooth(size: int, out: int, kind: str, align_corners: bool, scale: float | None) -> Rows:
    """Antialiased: the filter is as wide as the outputs are apart."""
    s = step(size, out, align_corners, scale)
    wide = max(s, 1.0)
    reach = (1.0 if kind == "linear" else 2.0) * wide
    centre = s * (np.arange(out) + 0.5)
    first = np.maximum((centre - reach + 0.5).astype(np.int64), 0)
    count = np.minimum((centre + reach + 0.5).astype(np.int64), size) - first
    t = np.arange(math.ceil(reach) * 2 + 2)
    distance = np.abs((t + first[:, None] - centre[:, None] + 0.5) / wide)
    weight = np.maximum(1 - distance, 0) if kind == "linear" else _keys(distance, -0.5)
    weight = np.where(t < count[:, None], weight, 0.0)[:, : int(count.max(initial=1))]
    total = weight.sum(1, keepdims=True)
    return first, count, weight / np.where(total == 0, 1, total)

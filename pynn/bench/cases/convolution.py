"""Convolution, pooling, resampling, windows: the layers of image networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import pynn.nn.functional as F
from pynn.bench.case import Array, Bound, Case, Pair, exact, tensors, uniform, within

# Channels in and out per group, size of a side, kernel, stride, padding, groups.
_LAYERS = (
    (1, 6, 28, 5, 1, 2, 1),
    (6, 16, 14, 5, 1, 0, 1),
    (64, 64, 32, 3, 1, 1, 1),
    (64, 128, 32, 3, 2, 1, 1),
    (256, 256, 8, 3, 1, 1, 1),
    (256, 64, 16, 1, 1, 0, 1),
    (1, 1, 32, 3, 1, 1, 64),
)
_SIDE = 32


def cases() -> Iterator[Case]:
    """Layers of LeNet and ResNet by batch; one layer of one and three dimensions; the rest."""
    for layer in _LAYERS:
        c, o, side, k, s, _, groups = layer
        name = f"conv2d {groups * c}x{side}x{side} to {groups * o}, {k}x{k}, stride {s}"
        name += f", {groups} groups" if groups > 1 else ""
        yield Case("convolution", name, partial(_conv2d_pair, layer), 8, 1, operator="conv2d")
    for name, pair in _OTHERS.items():
        yield Case("convolution", f"{name} of 16 channels", pair, 8, 1, operator=name)


def _windows(x: Array, kernel: tuple[int, ...], stride: int, padding: int) -> Array:
    """(N, C, positions..., kernel...)"""
    axes = tuple(range(2, x.ndim))
    x = np.pad(x, [(0, 0), (0, 0), *((padding, padding) for _ in axes)])
    views = np.lib.stride_tricks.sliding_window_view(x, kernel, axes)
    return views[(slice(None), slice(None), *(slice(None, None, stride) for _ in axes))]


def _conv(x: Array, w: Array, stride: int, padding: int, groups: int = 1) -> Any:
    n = w.ndim - 2
    views = _windows(x, w.shape[2:], stride, padding)
    o, c = w.shape[0] // groups, w.shape[1]
    taps = tuple(range(2 + n, 2 + 2 * n))
    parts = [
        np.tensordot(
            views[:, g * c : (g + 1) * c],
            w[g * o : (g + 1) * o],
            ((1, *taps), (1, *range(2, 2 + n))),
        )
        for g in range(groups)
    ]
    return np.moveaxis(np.concatenate(parts, -1), -1, 1)


def _conv2d_pair(layer: tuple[int, ...], batch: int) -> Pair:
    c, o, side, k, s, p, groups = layer
    x, w = uniform(-1, 1, batch, groups * c, side, side), uniform(-1, 1, groups * o, c, k, k)
    ours = (F.conv2d, *tensors(x, w), None, s, p, 1, groups)
    return Pair(ours, (_conv, x, w, s, p, groups), within(1e-5 * c * k * k))


def _nd_pair(ndim: int, batch: int) -> Pair:
    side = {1: 1024, 3: 10}[ndim]
    x, w = uniform(-1, 1, batch, 16, *(side,) * ndim), uniform(-1, 1, 16, 16, *(3,) * ndim)
    function = {1: F.conv1d, 3: F.conv3d}[ndim]
    return Pair((function, *tensors(x, w)), (_conv, x, w, 1, 0), within(1e-4))


def _spread(x: Array, w: Array) -> Any:
    """Transposed, stride 2: zeros between the elements, then the flipped kernel."""
    n = w.ndim - 2
    axes = tuple(range(2, 2 + n))
    wide = np.zeros((*x.shape[:2], *(2 * s - 1 for s in x.shape[2:])), x.dtype)
    wide[(slice(None), slice(None), *(slice(None, None, 2) for _ in axes))] = x
    return _conv(wide, np.flip(w.swapaxes(0, 1), axes), 1, w.shape[2] - 1)


def _transposed_pair(ndim: int, batch: int) -> Pair:
    side = {1: 512, 2: 16, 3: 6}[ndim]
    x, w = uniform(-1, 1, batch, 16, *(side,) * ndim), uniform(-1, 1, 16, 16, *(4,) * ndim)
    function = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}[ndim]
    return Pair((function, *tensors(x, w), None, 2), (_spread, x, w), within(1e-4))


def _image_pair(
    ours: Callable[..., Any], rival: Callable[..., Any], bound: Bound, batch: int
) -> Pair:
    x = uniform(-1, 1, batch, 16, _SIDE, _SIDE)
    return Pair((ours, *tensors(x)), (rival, x), bound)


def _max(x: Array) -> Any:
    return _windows(x, (2, 2), 2, 0).max((-2, -1))


def _mean(x: Array) -> Any:
    return _windows(x, (2, 2), 2, 0).mean((-2, -1))


def _unfold(x: Array) -> Any:
    views = _windows(x, (2, 2), 2, 0).transpose(0, 1, 4, 5, 2, 3)
    return views.reshape(x.shape[0], 4 * x.shape[1], -1)


def _fold(x: Array) -> Any:
    n, c, h, w = x.shape
    return x.reshape(n, c // 4, 2, 2, h, w).transpose(0, 1, 4, 2, 5, 3).reshape(n, -1, 2 * h, 2 * w)


def _double(x: Array) -> Any:
    at = np.maximum((np.arange(2 * _SIDE) + 0.5) / 2 - 0.5, 0).astype(x.dtype)
    low = at.astype(int)
    part, high = (at - low).astype(x.dtype), np.minimum(low + 1, _SIDE - 1)
    x = x[..., low] * (1 - part) + x[..., high] * part
    return x[..., low, :] * (1 - part)[:, None] + x[..., high, :] * part[:, None]


def _pad(x: Array) -> Any:
    return np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])


def _folded(x: Any) -> Any:
    return F.fold(x.reshape((x.shape[0], x.shape[1], -1)), 2 * _SIDE, 2, stride=2)


_NEAR = within(1e-6)
_OTHERS: dict[str, Callable[[int], Pair]] = {
    "conv1d": partial(_nd_pair, 1),
    "conv3d": partial(_nd_pair, 3),
    "conv_transpose1d": partial(_transposed_pair, 1),
    "conv_transpose2d": partial(_transposed_pair, 2),
    "conv_transpose3d": partial(_transposed_pair, 3),
    "max_pool2d": partial(_image_pair, lambda x: F.max_pool2d(x, 2), _max, exact),
    "adaptive_max_pool2d": partial(
        _image_pair, lambda x: F.adaptive_max_pool2d(x, _SIDE // 2), _max, exact
    ),
    "avg_pool2d": partial(_image_pair, lambda x: F.avg_pool2d(x, 2), _mean, _NEAR),
    "adaptive_avg_pool2d": partial(
        _image_pair, lambda x: F.adaptive_avg_pool2d(x, _SIDE // 2), _mean, _NEAR
    ),
    "interpolate": partial(
        _image_pair, lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), _double, _NEAR
    ),
    "im2col": partial(_image_pair, lambda x: F.unfold(x, 2, stride=2), _unfold, exact),
    "col2im": partial(_image_pair, _folded, _fold, exact),
    "constant_pad": partial(_image_pair, lambda x: F.pad(x, (1, 1, 1, 1)), _pad, exact),
}

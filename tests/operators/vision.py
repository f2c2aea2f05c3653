"""Resampling, padding, windows as columns."""

from __future__ import annotations

import itertools

import numpy as np
from optable import Op

import pynn.nn.functional as F
from operators.pooling import Case, few, of


def unfold(x: np.ndarray, kernel_size: int, stride: int = 1, padding: int = 0) -> np.ndarray:
    x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    views = np.lib.stride_tricks.sliding_window_view(x, (kernel_size, kernel_size), (2, 3))
    views = views[:, :, ::stride, ::stride]
    n, c, h, w = views.shape[:4]
    return views.transpose(0, 1, 4, 5, 2, 3).reshape(n, c * kernel_size**2, h * w)


def fold(x: np.ndarray, output_size: tuple[int, int], kernel_size: int, stride: int) -> np.ndarray:
    h, w = output_size
    n, k = x.shape[0], kernel_size
    out = np.zeros((n, x.shape[1] // k**2, h, w), x.dtype)
    rows, columns = (h - k) // stride + 1, (w - k) // stride + 1
    x = x.reshape(n, -1, k, k, rows, columns)
    for i, j in itertools.product(range(k), range(k)):
        out[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride][
            ..., :rows, :columns
        ] += x[:, :, i, j]
    return out


def linear(x: np.ndarray, size: int, axis: int) -> np.ndarray:
    n = x.shape[axis]
    at = np.maximum((np.arange(size) + 0.5) * (n / size) - 0.5, 0)
    low = np.minimum(at.astype(int), n - 1)
    part = (at - low).reshape([-1 if d == axis else 1 for d in range(x.ndim)])
    high = np.minimum(low + 1, n - 1)
    return np.take(x, low, axis) * (1 - part) + np.take(x, high, axis) * part


def bilinear(x: np.ndarray, size: tuple[int, int], mode: str) -> np.ndarray:
    return linear(linear(x, size[1], 3), size[0], 2)


def pad(x: np.ndarray, pad: tuple[int, ...], value: float = 0) -> np.ndarray:
    for k in range(len(pad) // 2):
        d, (lo, hi) = x.ndim - 1 - k, pad[2 * k : 2 * k + 2]
        cut = [slice(None)] * x.ndim
        cut[d] = slice(max(-lo, 0), x.shape[d] - max(-hi, 0))
        widths = [(0, 0)] * x.ndim
        widths[d] = (max(lo, 0), max(hi, 0))
        x = np.pad(x[tuple(cut)], widths, constant_values=value)
    return x


UNFOLD: list[Case] = [
    ((2, 3, 7, 8), {"kernel_size": 3, "padding": 1}),
    ((1, 2, 9, 40), {"kernel_size": 2, "stride": 2}),
]
FOLD: list[Case] = [
    ((2, 12, 20), {"output_size": (5, 6), "kernel_size": 2, "stride": 1}),
    ((1, 18, 12), {"output_size": (7, 9), "kernel_size": 3, "stride": 2}),
]
RESIZED: list[Case] = [
    ((2, 3, 5, 6), {"size": (10, 9), "mode": "bilinear"}),
    ((1, 2, 40, 33), {"size": (13, 70), "mode": "bilinear"}),
    ((1, 1, 1, 1), {"size": (3, 2), "mode": "bilinear"}),
]
PADDED: list[Case] = [
    ((3, 4), {"pad": (1, 2)}),
    ((2, 3, 5), {"pad": (2, 0, -1, 1), "value": 1.5}),
    ((4, 40), {"pad": (-3, -20)}),
    ((0, 3), {"pad": (1, 1, 2, 0)}),
]

OPS = [
    Op(
        "interpolate",
        F.interpolate,
        bilinear,
        of(
            RESIZED,
            [((1, 2, 3, 2), {"size": (2, 5), "mode": "bilinear"})],
            [((3, 5, 40, 37), {"size": (61, 50), "mode": "bilinear"})],
        ),
        few(12),
        grad=(0,),
        stub=("nn.functional.interpolate",),
    ),
    Op(
        "im2col",
        F.unfold,
        unfold,
        of(
            UNFOLD,
            [((1, 2, 3, 4), {"kernel_size": 2, "padding": 1})],
            [((3, 5, 30, 31), {"kernel_size": 3, "padding": 1})],
        ),
        grad=(0,),
        stub=("nn.functional.unfold",),
    ),
    Op(
        "col2im",
        F.fold,
        fold,
        of(
            FOLD,
            [((1, 4, 4), {"output_size": (3, 3), "kernel_size": 2, "stride": 1})],
            [((3, 18, 400), {"output_size": (22, 22), "kernel_size": 3, "stride": 1})],
        ),
        few(16),
        grad=(0,),
        stub=("nn.functional.fold",),
    ),
    Op(
        "constant_pad",
        F.pad,
        pad,
        of(
            PADDED,
            [((2, 3), {"pad": (1, -1, 0, 2), "value": 2.0})],
            [((60, 70), {"pad": (1, 2, 3, -4), "value": 0.5})],
        ),
        grad=(0,),
        stub=("nn.functional.pad",),
    ),
]

"""Convolutions, transposed ones, windows as columns."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from optable import KBLOCK, Op, Sample, product_length, spread

import pynn.nn.functional as F

Numbers = tuple[int, ...]


def both(value: Any, ndim: int) -> Numbers:
    return value if isinstance(value, tuple) else (value,) * ndim


def taps(x: np.ndarray, out: Numbers, kernel: Numbers, stride: Numbers, dilation: Numbers) -> Any:
    """Each tap with the part of the padded input that it meets."""
    for k in itertools.product(*map(range, kernel)):
        first = [a * d for a, d in zip(k, dilation, strict=True)]
        yield (
            k,
            (
                Ellipsis,
                *(
                    slice(f, f + s * (n - 1) + 1, s)
                    for f, s, n in zip(first, stride, out, strict=True)
                ),
            ),
        )


def conv(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> np.ndarray:
    n = w.ndim - 2
    stride, padding, dilation = both(stride, n), both(padding, n), both(dilation, n)
    x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])
    kernel = w.shape[2:]
    out = tuple(
        (x.shape[2 + d] - dilation[d] * (kernel[d] - 1) - 1) // stride[d] + 1 for d in range(n)
    )
    result = np.zeros((x.shape[0], w.shape[0], *out), x.dtype)
    o, c = w.shape[0] // groups, w.shape[1]
    for k, part in taps(x, out, kernel, stride, dilation):
        for g in range(groups):
            xs = x[:, g * c : (g + 1) * c][part]
            ws = w[(slice(g * o, (g + 1) * o), slice(None), *k)]
            result[:, g * o : (g + 1) * o] += np.einsum("oc,nc...->no...", ws, xs)
    return result if b is None else result + b.reshape(1, -1, *(1,) * n)


def transposed(
    y: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> np.ndarray:
    n = w.ndim - 2
    stride, padding, dilation = both(stride, n), both(padding, n), both(dilation, n)
    more, kernel, o, c = both(output_padding, n), w.shape[2:], w.shape[0] // groups, w.shape[1]
    size = [
        (y.shape[2 + d] - 1) * stride[d] + dilation[d] * (kernel[d] - 1) + 1 + more[d]
        for d in range(n)
    ]
    x = np.zeros((y.shape[0], c * groups, *size), y.dtype)
    for k, part in taps(x, y.shape[2:], kernel, stride, dilation):
        for g in range(groups):
            ys = y[:, g * o : (g + 1) * o]
            ws = w[(slice(g * o, (g + 1) * o), slice(None), *k)]
            x[:, g * c : (g + 1) * c][part] += np.einsum("oc,no...->nc...", ws, ys)
    inside = tuple(slice(p, s - p) for p, s in zip(padding, size, strict=True))
    x = x[(slice(None), slice(None), *inside)]
    return x if b is None else x + b.reshape(1, -1, *(1,) * n)


# Batch, channels in and out per group, sizes, kernel, numbers.
Case = tuple[int, int, int, Numbers, Numbers, dict[str, Any]]

ONE: list[Case] = [
    (2, 3, 4, (9,), (3,), {}),
    (1, 1, 1, (1,), (1,), {}),
    (0, 2, 3, (5,), (2,), {}),
    (2, 5, 7, (70,), (4,), {"stride": 3, "padding": 2, "dilation": 2}),
    (3, 2, 5, (33,), (5,), {"stride": 2, "groups": 3}),
    (2, 260, 9, (20,), (2,), {"padding": 1}),
    (1, 1, 1, (40,), (3,), {"groups": 17, "padding": 1}),
]
TWO: list[Case] = [
    (2, 3, 4, (5, 6), (3, 2), {"padding": 1}),
    (3, 2, 3, (8, 7), (1, 1), {}),
    (2, 33, 15, (4, 4), (1, 1), {"stride": 2}),
    (5, 2, 20, (7, 9), (3, 3), {"stride": (2, 1), "padding": (1, 2), "dilation": (2, 1)}),
    (2, 60, 17, (6, 6), (3, 3), {"padding": 1}),
    (2, 3, 2, (6, 5), (3, 3), {"groups": 2, "padding": 1, "stride": 2}),
    (1, 1, 1, (9, 33), (3, 3), {"groups": 8, "padding": 1}),
    (1, 2, 70, (3, 3), (2, 2), {"padding": 2, "stride": 3}),
]
THREE: list[Case] = [
    (2, 2, 3, (3, 4, 5), (2, 3, 2), {"padding": (1, 0, 1)}),
    (1, 2, 2, (4, 4, 4), (2, 2, 2), {"stride": 2, "groups": 2, "padding": 1}),
    (2, 3, 1, (2, 3, 3), (1, 1, 1), {}),
]
GRAD: dict[int, list[Case]] = {
    1: [(2, 2, 1, (4,), (2,), {"stride": 2, "padding": 1})],
    2: [
        (1, 1, 2, (3, 3), (2, 2), {"padding": 1}),
        (2, 1, 1, (3, 2), (2, 1), {"groups": 2, "stride": 2, "dilation": 2, "padding": 1}),
    ],
    3: [(1, 1, 1, (2, 2, 3), (2, 1, 2), {"stride": (1, 2, 2), "padding": 1})],
}
# Past the K block with whole and part panels, split rows, split positions.
HASH: dict[int, list[Case]] = {
    1: [(3, KBLOCK + 3, 9, (37,), (2,), {"padding": 1}), (4, 3, 5, (1600,), (5,), {"stride": 2})],
    2: [
        (3, 70, 130, (9, 11), (3, 3), {"padding": 1}),
        (2, 64, 33, (13, 13), (3, 3), {"stride": 2, "padding": 1}),
        (9, 3, 4, (17, 16), (5, 5), {"groups": 2}),
        (2, 1, 1, (30, 31), (3, 3), {"groups": 16, "padding": 1}),
    ],
    3: [(2, 12, 7, (5, 9, 10), (3, 3, 3), {"padding": 1, "stride": 2})],
}
SIZES = {1: ONE, 2: TWO, 3: THREE}


def samples(ndim: int, back: bool, bias: bool) -> Callable[..., Iterator[Sample]]:
    def draw(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        cases = {"sizes": SIZES, "grad": GRAD, "hash": HASH}[purpose][ndim]
        for i, (batch, c, o, size, kernel, numbers) in enumerate(cases):
            g = numbers.get("groups", 1)
            if back:
                stride = both(numbers.get("stride", 1), ndim)
                numbers = {**numbers, "output_padding": tuple(min(s - 1, 1) for s in stride)}
            x = spread(rng, (batch, g * (o if back else c), *size), dtype)
            w = spread(rng, (g * o, c, *kernel), dtype)
            more = (spread(rng, (g * (c if back else o),), dtype),) if bias or i % 2 else ()
            yield Sample((x, w, *more), numbers)

    return draw


def conv_bound(want: Any, x: Any, w: Any, b: Any = None, *, dtype: Any, **kw: Any) -> np.ndarray:
    length = product_length(int(np.prod(w.shape[1:]))) + 2
    parts = (np.abs(x), np.abs(w)) + (() if b is None else (np.abs(b),))
    return np.finfo(dtype).eps / 2 * length * conv(*parts, **kw)


def back_bound(want: Any, y: Any, w: Any, b: Any = None, *, dtype: Any, **kw: Any) -> np.ndarray:
    rows = w.shape[0] // kw.get("groups", 1)
    length = product_length(rows * int(np.prod(w.shape[2:]))) + 2
    parts = (np.abs(y), np.abs(w)) + (() if b is None else (np.abs(b),))
    return np.finfo(dtype).eps / 2 * length * transposed(*parts, **kw)


def _op(ndim: int, back: bool) -> Op:
    name = f"conv_transpose{ndim}d" if back else f"conv{ndim}d"
    return Op(
        name,
        getattr(F, name),
        transposed if back else conv,
        samples(ndim, back, ndim == 2),
        back_bound if back else conv_bound,
        grad=(0, 1, 2) if ndim == 2 else (0, 1),
        grad_ulps=64,
        stub=(f"nn.functional.{name}",),
    )


OPS = [_op(ndim, back) for ndim in (1, 2, 3) for back in (False, True)]

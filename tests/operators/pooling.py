"""Pooling."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from optable import Op, Sample, distinct, spread

import pynn.nn.functional as F

# Shape and arguments.
Case = tuple[tuple[int, ...], dict[str, Any]]


def of(sizes: list[Case], grad: list[Case], large: list[Case], draw: Any = spread) -> Any:
    def samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        for shape, kwargs in {"sizes": sizes, "grad": grad, "hash": large}[purpose]:
            yield Sample((draw(rng, shape, dtype),), kwargs)

    return samples


def windows(size: int, k: int, s: int, p: int = 0, d: int = 1, ceil: bool = False) -> list[Any]:
    """The positions of each window that lie inside, and how many it has with the padding."""
    span = d * (k - 1) + 1
    out = (size + 2 * p - span + (s - 1 if ceil else 0)) // s + 1
    out -= ceil and (out - 1) * s >= size + p
    found = []
    for o in range(out):
        at = [o * s - p + t * d for t in range(k)]
        found.append(([i for i in at if 0 <= i < size], sum(i < size + p for i in at)))
    return found


def adaptive(size: int, out: int) -> list[Any]:
    spans = [(o * size // out, -(-(o + 1) * size // out)) for o in range(out)]
    return [(list(range(a, b)), b - a) for a, b in spans]


def pooled(x: np.ndarray, per_dim: list[Any], pick: Callable[..., Any]) -> Any:
    n = len(per_dim)
    out = [len(w) for w in per_dim]
    results = [np.empty((*x.shape[:-n], *out), x.dtype)]
    for o in itertools.product(*map(range, out)):
        at = [per_dim[d][o[d]] for d in range(n)]
        many = int(np.prod([len(a) for a, _ in at]))
        part = x[(..., *np.ix_(*(a for a, _ in at)))].reshape(*x.shape[:-n], many)
        found = pick(part, at)
        for k, value in enumerate(found):
            if k == len(results):
                results.append(np.empty((*x.shape[:-n], *out), value.dtype))
            results[k][(..., *o)] = value
    return tuple(results)


def greatest(shape: tuple[int, ...]) -> Callable[..., Any]:
    def pick(part: np.ndarray, at: Any) -> Any:
        place = part.argmax(-1)
        coordinates = np.unravel_index(place, [len(a) for a, _ in at])
        whole = [np.asarray(a)[c] for (a, _), c in zip(at, coordinates, strict=True)]
        return part.max(-1), np.ravel_multi_index(whole, shape).astype(np.int64)

    return pick


def max_pool(x: np.ndarray, kernel_size: int, **kw: Any) -> Any:
    n = x.ndim - 2
    stride, padding = kw.get("stride", kernel_size), kw.get("padding", 0)
    numbers = (kernel_size, stride, padding, kw.get("dilation", 1), kw.get("ceil_mode", False))
    per_dim = [windows(size, *numbers) for size in x.shape[2:]]
    return pooled(x, per_dim, greatest(x.shape[-n:]))


def avg_pool(x: np.ndarray, kernel_size: int, **kw: Any) -> Any:
    with_padding, divisor = kw.get("count_include_pad", True), kw.get("divisor_override")

    def pick(part: np.ndarray, at: Any) -> Any:
        count = 1
        for inside, many in at:
            count *= many if with_padding else len(inside)
        return (part.sum(-1) / (divisor or count),)

    numbers = (kernel_size, kw.get("stride", kernel_size), kw.get("padding", 0), 1)
    return pooled(x, [windows(n, *numbers, kw.get("ceil_mode", False)) for n in x.shape[2:]], pick)[
        0
    ]


def adaptive_max(x: np.ndarray, output_size: int, return_indices: bool) -> Any:
    per_dim = [adaptive(n, output_size) for n in x.shape[2:]]
    return pooled(x, per_dim, greatest(x.shape[2:]))


def adaptive_avg(x: np.ndarray, output_size: int) -> Any:
    per_dim = [adaptive(n, output_size) for n in x.shape[2:]]
    return pooled(x, per_dim, lambda part, at: (part.mean(-1),))[0]


def few(count: int) -> Callable[..., Any]:
    """So many roundings of numbers up to 4."""

    def bound(want: Any, x: np.ndarray, *, dtype: Any, **_: Any) -> Any:
        return count * 4 * np.finfo(dtype).eps

    return bound


MAX: list[Case] = [
    ((2, 3, 9), {"kernel_size": 3}),
    ((2, 2, 8, 9), {"kernel_size": 2}),
    ((1, 3, 7, 33), {"kernel_size": 3, "stride": 2, "padding": 1}),
    ((2, 1, 9, 40), {"kernel_size": 3, "stride": 1, "padding": 1, "dilation": 2}),
    ((1, 2, 7, 7), {"kernel_size": 2, "stride": 3, "ceil_mode": True}),
    ((0, 2, 4, 4), {"kernel_size": 2}),
    ((1, 2, 4, 5, 6), {"kernel_size": 2, "stride": 2, "padding": 1}),
]
AVG: list[Case] = [
    ((2, 2, 8, 9), {"kernel_size": 2}),
    ((1, 3, 7, 33), {"kernel_size": 3, "stride": 2, "padding": 1}),
    ((1, 3, 7, 9), {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
    ((1, 2, 7, 7), {"kernel_size": 3, "stride": 2, "ceil_mode": True}),
    ((1, 2, 6, 6), {"kernel_size": 2, "divisor_override": 3}),
    ((2, 1, 40, 70), {"kernel_size": 1, "stride": 2}),
]


def with_indices(name: str) -> Callable[..., Any]:
    return lambda x, **kw: getattr(F, f"{name}{min(3, max(1, x.ndim - 2))}d")(
        x, return_indices=True, **kw
    )


def named(cases: list[Case], **kw: Any) -> list[Case]:
    return [(shape, {**given, **kw}) for shape, given in cases]


ADAPTIVE: list[Case] = [
    ((2, 3, 7, 9), {"output_size": 4}),
    ((1, 2, 5, 40), {"output_size": 7}),
    ((2, 2, 4, 4), {"output_size": 1}),
]

OPS = [
    Op(
        "max_pool2d",
        with_indices("max_pool"),
        max_pool,
        of(
            MAX,
            [((1, 2, 4, 5), {"kernel_size": 2}), ((2, 1, 5), {"kernel_size": 3, "stride": 2})],
            [((3, 5, 40, 37), {"kernel_size": 3, "stride": 2, "padding": 1})],
            distinct,
        ),
        grad=(0,),
        stub=("nn.functional.max_pool1d", "nn.functional.max_pool2d", "nn.functional.max_pool3d"),
    ),
    Op(
        "adaptive_max_pool2d",
        F.adaptive_max_pool2d,
        adaptive_max,
        of(
            named(ADAPTIVE, return_indices=True),
            [((1, 2, 3, 4), {"output_size": 2, "return_indices": True})],
            [((3, 5, 40, 37), {"output_size": 7, "return_indices": True})],
            distinct,
        ),
        grad=(0,),
        stub=("nn.functional.adaptive_max_pool2d",),
    ),
    Op(
        "avg_pool2d",
        F.avg_pool2d,
        avg_pool,
        of(
            AVG,
            [((1, 2, 4, 5), {"kernel_size": 2, "stride": 1, "padding": 1})],
            [((3, 5, 40, 137), {"kernel_size": 3, "stride": 2, "padding": 1})],
        ),
        few(8),
        grad=(0,),
        stub=("nn.functional.avg_pool2d",),
    ),
    Op(
        "adaptive_avg_pool2d",
        F.adaptive_avg_pool2d,
        adaptive_avg,
        of(
            ADAPTIVE,
            [((1, 2, 3, 4), {"output_size": 2})],
            [((3, 5, 40, 137), {"output_size": 7})],
        ),
        few(40),
        grad=(0,),
        stub=("nn.functional.adaptive_avg_pool2d",),
    ),
]

"""Losses, in the three reductions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from optable import CHUNK, SIZES, Op, Sample, spread, sum_length, ulp, uniform, whole

import pynn.nn.functional as F

SHAPES = [(n,) for n in SIZES if n] + [(3, 5), (), (2, 2 * CHUNK + 3)]
GRAD_SHAPES = [(5,), (2, 3)]
HASH_SHAPES = [(3 * CHUNK + 37,), (70, 130)]
REDUCTIONS = ("mean", "sum", "none")

CLASSES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    *(((5, c), (5,)) for c in (1, 2, 3, 7, 8, 9, 10, 15, 16, 17, 33, 66, 130)),
    *(((n, 10), (n,)) for n in (1, 64, 257, 1000)),
    ((2, 5000), (2,)),
    ((4,), ()),
    ((3, 4, 5), (3, 5)),
    ((2, 3, 4, 70), (2, 4, 70)),
]
GRAD_CLASSES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((3, 4), (3,)),
    ((4,), ()),
    ((2, 3, 2), (2, 2)),
]
HASH_CLASSES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((700, 10), (700,)),
    ((9, 5000), (9,)),
    ((6, 10, 130), (6, 130)),
]


def reduce(terms: np.ndarray, reduction: str) -> np.ndarray:
    return {"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction](terms)


def pairs(draw: Any, target: Any, smooth: Any = None) -> Callable[..., Iterator[Sample]]:
    def samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        shapes = {"sizes": SHAPES, "grad": GRAD_SHAPES, "hash": HASH_SHAPES}[purpose]
        pick = smooth if smooth and purpose == "grad" else draw
        for i, shape in enumerate(shapes):
            for reduction in REDUCTIONS if purpose != "sizes" else REDUCTIONS[i % 3 : i % 3 + 1]:
                arrays = (pick(rng, shape, dtype), target(rng, shape, dtype))
                yield Sample(arrays, {"reduction": reduction})

    return samples


def mse(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (x - y) ** 2


def bce(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    log, log1p = np.maximum(np.log(x), -100), np.maximum(np.log1p(-x), -100)
    return (y - 1) * log1p - y * log


def bce_logits(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) - x * y + np.log1p(np.exp(-np.abs(x)))


def bce_logits_size(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.abs(x) + np.abs(x * y) + np.log1p(np.exp(-np.abs(x)))


def loss(formula: Any) -> Callable[..., Any]:
    return lambda x, y, reduction: reduce(formula(x, y), reduction)


def loss_bound(size: Any, roundings: int) -> Callable[..., Any]:
    """roundings within a term of this size, then the sum's."""

    def bound(want: Any, x: Any, y: Any, *, dtype: np.dtype, reduction: str) -> np.ndarray:
        eps = np.finfo(dtype).eps / 2
        length = 0 if reduction == "none" else sum_length(x.size, True, dtype.itemsize) + 1
        return eps * (roundings + length) * reduce(np.abs(size(x, y)), reduction) + ulp(want, dtype)

    return bound


def class_samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    shapes = {"sizes": CLASSES, "grad": GRAD_CLASSES, "hash": HASH_CLASSES}[purpose]
    for i, (shape, target_shape) in enumerate(shapes):
        classes = shape[1] if len(shape) > 1 else shape[0]
        for j, reduction in enumerate(REDUCTIONS):
            target = np.asarray(whole(rng, 0, classes, target_shape), np.int64)
            weight = (uniform(0.5, 2)(rng, (classes,), dtype),) if (i + j) % 2 else ()
            ignore = {"ignore_index": 1} if j == 1 and (target != 1).any() else {}
            kwargs = {"reduction": reduction, **ignore}
            yield Sample((uniform(-6, 6)(rng, shape, dtype), target, *weight), kwargs)


def log_probabilities(x: np.ndarray) -> np.ndarray:
    z = x - np.max(x, axis=min(1, x.ndim - 1), keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=min(1, x.ndim - 1), keepdims=True))


def pick(x: np.ndarray, target: np.ndarray) -> np.ndarray:
    axis = min(1, x.ndim - 1)
    return np.take_along_axis(x, np.expand_dims(target, axis), axis).squeeze(axis)


def weigh(
    terms: np.ndarray, target: np.ndarray, weight: Any, ignore_index: int, reduction: str
) -> np.ndarray:
    w = np.ones(terms.shape, terms.dtype) if weight is None else weight[target]
    w = np.where(target == ignore_index, 0, w)
    if reduction == "mean":
        return np.sum(w * terms) / np.sum(w)
    return reduce(w * terms, reduction)


def cross_entropy(
    x: np.ndarray,
    target: np.ndarray,
    weight: Any = None,
    *,
    reduction: str,
    ignore_index: int = -100,
) -> np.ndarray:
    return weigh(-pick(log_probabilities(x), target), target, weight, ignore_index, reduction)


def cross_entropy_bound(
    want: Any,
    x: np.ndarray,
    target: np.ndarray,
    weight: Any = None,
    *,
    dtype: np.dtype,
    reduction: str,
    ignore_index: int = -100,
) -> np.ndarray:
    eps, classes = np.finfo(dtype).eps / 2, x.shape[min(1, x.ndim - 1)]
    length = sum_length(classes, x.ndim < 3, dtype.itemsize)
    length += sum_length(target.size, True, dtype.itemsize)
    term = eps * (2 * 12 + 12 + length) * (1 + np.abs(pick(log_probabilities(x), target)))
    return weigh(term, target, weight, ignore_index, reduction) + 2 * ulp(want, dtype)


def call_cross_entropy(x: Any, target: Any, weight: Any = None, **kwargs: Any) -> Any:
    return F.cross_entropy(x, target, weight, **kwargs)


unit = uniform(0.02, 0.98)
OPS = [
    Op(
        "mse_loss",
        F.mse_loss,
        loss(mse),
        pairs(spread, spread),
        loss_bound(mse, 4),
        grad=(0, 1),
        stub=("nn.functional.mse_loss",),
    ),
    Op(
        "binary_cross_entropy",
        F.binary_cross_entropy,
        loss(bce),
        pairs(unit, unit, uniform(0.2, 0.8)),
        loss_bound(bce, 12),
        grad=(0, 1),
        stub=("nn.functional.binary_cross_entropy",),
    ),
    Op(
        "binary_cross_entropy_with_logits",
        F.binary_cross_entropy_with_logits,
        loss(bce_logits),
        pairs(spread, unit),
        loss_bound(bce_logits_size, 12),
        grad=(0, 1),
        stub=("nn.functional.binary_cross_entropy_with_logits",),
    ),
    Op(
        "cross_entropy",
        call_cross_entropy,
        cross_entropy,
        class_samples,
        cross_entropy_bound,
        grad=(0,),
        stub=("nn.functional.cross_entropy",),
    ),
]

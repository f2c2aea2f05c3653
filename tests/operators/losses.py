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


def distance(formula: Any) -> Callable[..., Any]:
    """Of |x - y| and a constant."""

    def oracle(x: np.ndarray, y: np.ndarray, reduction: str, **given: float) -> np.ndarray:
        return reduce(formula(np.abs(x - y), *given.values()), reduction)

    return oracle


def smooth_l1(d: np.ndarray, beta: float) -> np.ndarray:
    return np.where(d < beta, d * d / (2 * beta), d - beta / 2)


def huber(d: np.ndarray, delta: float) -> np.ndarray:
    return np.where(d <= delta, d * d / 2, delta * (d - delta / 2))


def distance_bound(
    want: Any, x: Any, y: Any, *, dtype: np.dtype, reduction: str, **given: float
) -> np.ndarray:
    """Rounding of x - y enters a term at most by the slope, which is 2 here; then the sum's."""
    eps = np.finfo(dtype).eps / 2
    length = 0 if reduction == "none" else sum_length(x.size, True, dtype.itemsize) + 1
    size = reduce(2 * (np.abs(x) + np.abs(y) + 2), reduction)
    return eps * (8 + length) * size + ulp(want, dtype)


def with_constant(name: str, value: float) -> Callable[..., Iterator[Sample]]:
    def samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        for sample in pairs(spread, spread)(rng, dtype, purpose):
            yield Sample(sample.arrays, sample.kwargs | ({name: value} if name else {}))

    return samples


# T, N, C; lengths of the input and of the target of each sample.
CTC: dict[str, list[tuple[tuple[int, int, int], list[int], list[int]]]] = {
    "sizes": [
        ((5, 1, 3), [5], [2]),
        ((1, 2, 2), [1, 1], [1, 0]),
        ((7, 3, 5), [7, 5, 6], [3, 1, 0]),
        ((40, 2, 20), [40, 31], [17, 9]),
        ((80, 1, 6), [80], [33]),
    ],
    "grad": [((4, 1, 3), [4], [2]), ((5, 2, 3), [5, 4], [2, 1])],
    "hash": [((60, 5, 20), [60, 50, 60, 44, 60], [20, 11, 25, 0, 3])],
}


def ctc_samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    for i, (shape, frames, lengths) in enumerate(CTC[purpose]):
        padded = np.zeros((shape[1], max(lengths)), np.int64)
        for row in padded:  # no neighbours alike, so that every target fits its frames
            row[:] = 1 + (np.arange(len(row)) + whole(rng, 0, 2, ())) % (shape[2] - 1)
        flat = np.concatenate([row[:n] for row, n in zip(padded, lengths, strict=True)])
        kwargs = {"frames": tuple(frames), "lengths": tuple(lengths)}
        reduction = {"reduction": REDUCTIONS[i % 3]}
        x = uniform(-2, 2)(rng, shape, dtype)
        yield Sample((x, padded if i % 2 else np.asarray(flat)), kwargs | reduction)


def call_ctc(x: Any, target: Any, frames: Any, lengths: Any, reduction: str) -> Any:
    """Of logits: its gradient is that of a log_softmax's input."""
    return F.ctc_loss(x.log_softmax(2), target, frames, lengths, reduction=reduction)


def ctc(x: np.ndarray, target: np.ndarray, frames: Any, lengths: Any, reduction: str) -> np.ndarray:
    """The sum over alignments, forwards, in linear space."""
    p = np.exp(np.moveaxis(log_probabilities(np.moveaxis(x, 2, 1)), 1, 2))
    starts = np.cumsum([0, *lengths])
    losses = []
    for b, (count, length) in enumerate(zip(frames, lengths, strict=True)):
        row = target[b, :length] if target.ndim == 2 else target[starts[b] : starts[b] + length]
        label = [0] + [v for k in row for v in (int(k), 0)]
        state = [p[0, b, k] if s < 2 else p.dtype.type(0) for s, k in enumerate(label)]
        for t in range(1, count):
            state = [
                (
                    state[s]
                    + (state[s - 1] if s else 0)
                    + (state[s - 2] if s > 1 and k and k != label[s - 2] else 0)
                )
                * p[t, b, k]
                for s, k in enumerate(label)
            ]
        losses.append(-np.log(state[-1] + (state[-2] if length else 0)))
    found = np.asarray(losses)
    if reduction == "mean":
        return np.mean(found / np.maximum(lengths, 1))
    return np.sum(found) if reduction == "sum" else found


def ctc_bound(want: Any, x: Any, target: Any, *, dtype: np.dtype, **kwargs: Any) -> np.ndarray:
    """A frame adds the rounding of a logarithm of the running value's size."""
    return np.finfo(dtype).eps * 8 * x.shape[0] * x.shape[1] * (4 + np.abs(want))


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
    *(
        Op(
            name,
            getattr(F, name),
            distance(formula),
            with_constant(constant, value),
            distance_bound,
            grad=(0, 1),
            stub=(f"nn.functional.{name}",),
        )
        for name, formula, constant, value in (
            ("l1_loss", np.abs, "", 0.0),
            ("smooth_l1_loss", smooth_l1, "beta", 0.75),
            ("huber_loss", huber, "delta", 1.5),
        )
    ),
    Op(
        "ctc_loss",
        call_ctc,
        ctc,
        ctc_samples,
        ctc_bound,
        grad=(0,),
        grad_ulps=1024,
        twice=False,
        stub=("nn.functional.ctc_loss",),
    ),
]

"""Samples for modules that module_db does not have: (constructor args, kwargs, forward args)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from parity.extra_images import EXTRA_IMAGES

Sample = tuple[tuple[Any, ...], dict[str, Any], tuple[Any, ...]]


def _randn(*shape: int, dtype: torch.dtype) -> torch.Tensor:
    return torch.randn(*shape, dtype=dtype, requires_grad=True)


def _identity(dtype: torch.dtype) -> Iterator[Sample]:
    yield (), {}, (_randn(3, 4, dtype=dtype),)


def _flatten(dtype: torch.dtype) -> Iterator[Sample]:
    yield (), {}, (_randn(2, 3, 4, dtype=dtype),)
    yield (0, 1), {}, (_randn(2, 3, 4, dtype=dtype),)


def _distances(dtype: torch.dtype) -> Iterator[Sample]:
    for made in ((), (1.0, 1e-3, True)):
        yield made, {}, (_randn(5, 7, dtype=dtype), _randn(5, 7, dtype=dtype))


def _cosines(dtype: torch.dtype) -> Iterator[Sample]:
    for made in ((), (0, 0.5)):
        yield made, {}, (_randn(5, 7, dtype=dtype), _randn(5, 7, dtype=dtype))


def _triplets(dtype: torch.dtype) -> Iterator[Sample]:
    rows = tuple(_randn(6, 4, dtype=dtype) for _ in range(3))
    yield (), {}, rows
    yield (), {"margin": 2.0, "swap": True, "reduction": "none"}, rows


def _hard(dtype: torch.dtype) -> Iterator[Sample]:
    yield (), {}, (_randn(5, 4, dtype=dtype) * 4,)


def _unflatten(dtype: torch.dtype) -> Iterator[Sample]:
    yield (1, (2, 3)), {}, (_randn(4, 6, 2, dtype=dtype),)
    yield (-1, (3, -1)), {}, (_randn(4, 6, dtype=dtype),)


def _kept(dtype: torch.dtype) -> Iterator[Sample]:
    yield (0.0,), {}, (_randn(3, 4, 5, 2, 2, dtype=dtype),)


def _planes(count: int) -> Callable[[torch.dtype], Iterator[Sample]]:
    def samples(dtype: torch.dtype) -> Iterator[Sample]:
        yield (0.0,), {}, (_randn(3, 4, *(2,) * count, dtype=dtype),)

    return samples


def _one_slope(dtype: torch.dtype) -> Iterator[Sample]:
    yield (0.25, 0.25), {}, (_randn(5, 4, dtype=dtype),)


def _classes(dtype: torch.dtype) -> Iterator[Sample]:
    target = torch.tensor([0, 7, 3, 11, 2, 5])
    for kwargs in ({}, {"div_value": 2.0, "head_bias": True}):
        yield (16, 12, [3, 8]), kwargs, (_randn(6, 16, dtype=dtype), target)


EXTRA: dict[str, Callable[[torch.dtype], Iterator[Sample]]] = {
    "nn.AdaptiveLogSoftmaxWithLoss": _classes,
    "nn.CosineSimilarity": _cosines,
    "nn.Dropout": _kept,
    "nn.Dropout1d": _planes(1),
    "nn.Dropout2d": _planes(2),
    "nn.Dropout3d": _planes(3),
    "nn.Flatten": _flatten,
    "nn.Hardsigmoid": _hard,
    "nn.Identity": _identity,
    "nn.PairwiseDistance": _distances,
    "nn.RReLU": _one_slope,
    "nn.TripletMarginLoss": _triplets,
    "nn.TripletMarginWithDistanceLoss": _triplets,
    "nn.Unflatten": _unflatten,
    **EXTRA_IMAGES,
}

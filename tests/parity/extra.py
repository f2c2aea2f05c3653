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


EXTRA: dict[str, Callable[[torch.dtype], Iterator[Sample]]] = {
    "nn.CosineSimilarity": _cosines,
    "nn.Flatten": _flatten,
    "nn.Identity": _identity,
    "nn.PairwiseDistance": _distances,
    "nn.TripletMarginLoss": _triplets,
    "nn.TripletMarginWithDistanceLoss": _triplets,
    **EXTRA_IMAGES,
}

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


EXTRA: dict[str, Callable[[torch.dtype], Iterator[Sample]]] = {
    "nn.Flatten": _flatten,
    "nn.Identity": _identity,
    **EXTRA_IMAGES,
}

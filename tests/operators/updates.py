"""In-place operators, on a copy, so that the generic tests and the tape see functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from optable import Op, Sample, exact, positive, spread, ulps

from operators.elementwise import HASH_SHAPES, SHAPES, away

GRAD_SHAPES = [(5,), (3, 2)]
REVERSED = [((4, 5), (5,)), ((3, 17), (3, 1)), ((130, 3), ())]


def pairs(first: Any, second: Any) -> Callable[..., Iterator[Sample]]:
    def samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        shapes = {"sizes": SHAPES, "grad": GRAD_SHAPES, "hash": HASH_SHAPES}[purpose]
        every = [(s, s) for s in shapes] + (REVERSED if purpose == "sizes" else [])
        for a, b in every:
            yield Sample((first(rng, a, dtype), second(rng, b, dtype)))

    return samples


def update(
    name: str, oracle: Callable[..., Any], draw: Any = spread, first: Any = spread, **kwargs: Any
) -> Op:
    def call(x: Any, y: Any) -> Any:
        z = x.clone()
        assert getattr(z, name)(y) is z
        return z

    kwargs = {"grad": (0, 1), "stub": (f"Tensor.{name}",)} | kwargs
    return Op(name, call, oracle, pairs(first, draw), **kwargs)


def _through_view(x: Any, y: Any) -> Any:
    """The base of a view that was written to."""
    z = x.clone()
    z.view(-1)[1:].mul_(2)
    z.copy_(z + y)
    return z


def _through_view_oracle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    z = x.copy()
    z.reshape(-1)[1:] *= 2
    return z + y


def _masked(x: Any, y: Any) -> Any:
    z = x.clone()
    z[y > 0] = 0.5
    return z


def _masked_oracle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.where(y > 0, x.dtype.type(0.5), x)


def same_shapes(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    for sample in pairs(spread, spread)(rng, dtype, purpose):
        if sample.arrays[0].shape == sample.arrays[1].shape and sample.arrays[0].ndim:
            yield sample


OPS = [
    update("add_", np.add),
    update("sub_", np.subtract),
    update("mul_", np.multiply),
    update("div_", np.divide, positive),
    update("pow_", np.power, away(0, 1, 2), positive, bound=ulps(2)),
    update("copy_", lambda x, y: np.broadcast_to(y, x.shape), grad=(1,)),
    Op(
        "fill_",
        lambda x, y: (x * y).fill_(1.5) + y,
        lambda x, y: x.dtype.type(1.5) + np.broadcast_to(y, x.shape),
        pairs(spread, spread),
        grad=(1,),
        stub=("Tensor.fill_",),
    ),
    Op(
        "zero_",
        lambda x, y: (x * y).zero_() + y,
        lambda x, y: np.zeros_like(x) + y,
        pairs(spread, spread),
        grad=(1,),
        stub=("Tensor.zero_",),
    ),
    Op(
        "update_through_view",
        _through_view,
        _through_view_oracle,
        same_shapes,
        bound=exact,
        grad=(0, 1),
        stub=("Tensor.view",),
    ),
    Op(
        "setitem_mask",
        _masked,
        _masked_oracle,
        same_shapes,
        grad=(0,),
        stub=("Tensor.__setitem__",),
    ),
]

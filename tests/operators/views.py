"""Views: other shapes of the same memory, and the copies that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from optable import INTEGER, REAL, Op, Sample, integers, spread

SHAPES = [(2, 3, 4), (1, 5, 3), (7, 4, 6), (33, 17, 2)]
HASH_SHAPES = [(30, 17, 40)]


def any_shape(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    draw = spread if dtype.kind == "f" else integers(0, 1 if dtype.kind == "b" else 100)
    for shape in {"sizes": SHAPES, "grad": SHAPES[:1], "hash": HASH_SHAPES}[purpose]:
        yield Sample((draw(rng, shape, dtype),))


def single_column(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    for sample in any_shape(rng, dtype, purpose):
        yield Sample((sample.arrays[0][:, :1],))


def view(
    name: str,
    call: Callable[..., Any],
    oracle: Callable[..., Any],
    samples: Any = any_shape,
    stub: str = "",
) -> Op:
    """The view, then a copy of it: what the strides say is what is read."""
    return Op(
        name,
        lambda x: call(x).clone(),
        oracle,
        samples,
        dtypes=(*REAL, *INTEGER, "bool", "float16"),
        grad=(0,),
        stub=(f"Tensor.{stub or name}",),
    )


OPS = [
    view("reshape", lambda x: x.reshape(len(x), -1), lambda x: x.reshape(len(x), -1)),
    view("reshape_copy", lambda x: x.T.reshape(-1), lambda x: x.T.reshape(-1), stub="reshape"),
    view("view", lambda x: x.view(*x.shape[:1], 1, *x.shape[1:]), lambda x: x[:, None]),
    view("flatten", lambda x: x.flatten(1), lambda x: x.reshape(len(x), -1)),
    view("transpose", lambda x: x.transpose(0, 2), lambda x: x.swapaxes(0, 2)),
    view("permute", lambda x: x.permute(2, 0, 1), lambda x: x.transpose(2, 0, 1)),
    view("T", lambda x: x.T, lambda x: x.T),
    view("mT", lambda x: x.mT, lambda x: x.swapaxes(-1, -2)),
    view("t", lambda x: x[0].t(), lambda x: x[0].T),
    view("squeeze", lambda x: x.squeeze(1), lambda x: x.squeeze(1), single_column),
    view("unsqueeze", lambda x: x.unsqueeze(1), lambda x: x[:, None]),
    view(
        "expand",
        lambda x: x.expand(-1, 6, -1),
        lambda x: np.broadcast_to(x, (x.shape[0], 6, x.shape[2])),
        single_column,
    ),
    view("select", lambda x: x.select(1, -1), lambda x: x[:, -1]),
    view("narrow", lambda x: x.narrow(2, 1, 1), lambda x: x[:, :, 1:2]),
    view("slice", lambda x: x[1:, ::2], lambda x: x[1:, ::2], stub="__getitem__"),
    view("newaxis", lambda x: x[..., None, 0], lambda x: x[..., None, 0], stub="__getitem__"),
    view("clone", lambda x: x, lambda x: x),
    view("contiguous", lambda x: x.T.contiguous(), lambda x: x.T),
    Op("detach", lambda x: x.detach() * 1, lambda x: x * 1, any_shape, stub=("Tensor.detach",)),
]

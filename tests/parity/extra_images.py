"""Samples for the modules of images that module_db does not have, and more of some it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

Sample = tuple[tuple[Any, ...], dict[str, Any], tuple[Any, ...]]


def _randn(*shape: int, dtype: torch.dtype) -> torch.Tensor:
    return torch.randn(*shape, dtype=dtype, requires_grad=True)


def _of(*cases: tuple[tuple[Any, ...], dict[str, Any], tuple[int, ...]]) -> Any:
    """Constructor arguments, keywords and the input's shape."""

    def samples(dtype: torch.dtype) -> Iterator[Sample]:
        for args, kwargs, shape in cases:
            yield args, kwargs, (_randn(*shape, dtype=dtype),)

    return samples


def _unpool(ndim: int) -> Callable[[torch.dtype], Iterator[Sample]]:
    def samples(dtype: torch.dtype) -> Iterator[Sample]:
        x = torch.randn(2, 3, *(6,) * ndim, dtype=dtype)
        pool = getattr(torch.nn.functional, f"max_pool{ndim}d")
        for kernel, stride in ((2, None), (3, 3)):
            y, where = pool(x, kernel, stride, return_indices=True)
            yield (kernel, stride), {}, (y.requires_grad_(), where)

    return samples


def _transposed(dtype: torch.dtype) -> Iterator[Sample]:
    x = _randn(2, 4, 5, 6, dtype=dtype)
    yield (4, 6, 3), {"stride": 2, "padding": 1, "groups": 2}, (x,)
    yield (4, 6, 3), {"stride": 2, "padding": 1, "output_padding": 1}, (x,)
    yield (4, 2, (2, 3)), {"stride": (3, 2), "dilation": 2}, (x, [16, 16])


EXTRA_IMAGES: dict[str, Callable[[torch.dtype], Iterator[Sample]]] = {
    "nn.Conv2d": _of(
        ((4, 6, 3), {"padding": 1, "padding_mode": "reflect"}, (2, 4, 5, 6)),
        ((4, 6, (3, 2)), {"padding": "same", "padding_mode": "circular"}, (2, 4, 5, 6)),
        ((4, 4, 3), {"padding": 1, "stride": 2, "groups": 4}, (2, 4, 9, 7)),
        ((4, 6, (2, 4)), {"padding": "same", "dilation": 2}, (4, 7, 8)),
    ),
    "nn.ConvTranspose2d": _transposed,
    "nn.Fold": _of((((4, 5), 2), {"stride": 1}, (2, 8, 12)), ((6, 3, 1, 1, 2), {}, (2, 18, 9))),
    "nn.Unfold": _of(((2,), {}, (2, 3, 4, 5)), (((3, 2), 2, 1, 2), {}, (2, 3, 7, 6))),
    "nn.PixelShuffle": _of(((2,), {}, (2, 8, 3, 4))),
    "nn.PixelUnshuffle": _of(((2,), {}, (2, 3, 4, 6))),
    "nn.ChannelShuffle": _of(((2,), {}, (2, 6, 3, 4))),
    "nn.Upsample": _of(
        ((), {"scale_factor": 2}, (2, 3, 4)),
        ((), {"size": (5, 7), "mode": "bilinear"}, (2, 3, 4, 4)),
        ((), {"scale_factor": (1.5, 2.3), "mode": "bicubic"}, (2, 3, 4, 4)),
        (
            (),
            {"scale_factor": 2.0, "mode": "trilinear", "align_corners": True},
            (1, 2, 3, 3, 2),
        ),
        ((), {"scale_factor": 0.6, "mode": "linear"}, (2, 3, 9)),
    ),
    "nn.UpsamplingNearest2d": _of(((), {"scale_factor": 2}, (2, 3, 4, 4))),
    "nn.UpsamplingBilinear2d": _of((((5, 7),), {}, (2, 3, 4, 4))),
    "nn.MaxUnpool1d": _unpool(1),
    "nn.MaxUnpool2d": _unpool(2),
    "nn.MaxUnpool3d": _unpool(3),
}

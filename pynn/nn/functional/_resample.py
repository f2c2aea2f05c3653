"""Resampling of images, along one dimension after another."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from pynn import _core
from pynn._core import Tensor
from pynn.nn.functional import _bands
from pynn.nn.functional._avg_pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
)

__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]

_AREA = {1: adaptive_avg_pool1d, 2: adaptive_avg_pool2d, 3: adaptive_avg_pool3d}
_DIMS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
_ANY = ("nearest", "nearest-exact", "area")

Factors = float | Sequence[float] | None


def _check(input: Tensor, mode: str, align_corners: bool | None, antialias: bool) -> None:
    if mode not in _ANY and mode not in _DIMS:
        raise NotImplementedError(
            f"interpolate: unknown mode {mode!r}; expected one of {[*_ANY, *_DIMS]}"
        )
    if mode in _ANY and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear "
            "| bicubic | trilinear"
        )
    ndim = input.ndim - 2
    if mode in _DIMS and ndim != _DIMS[mode]:
        raise NotImplementedError(
            f"Input Error: mode {mode!r} needs a {_DIMS[mode] + 2}D input, got {input.ndim}D input "
            f"of size {tuple(input.shape)}"
        )
    if not 1 <= ndim <= 3:
        raise NotImplementedError(
            "Input Error: Only 3D, 4D and 5D input Tensors supported "
            f"(got {input.ndim}D) for the modes: {[*_ANY, *_DIMS]} (got {mode})"
        )
    if antialias and not (mode in ("bilinear", "bicubic") and input.ndim == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D "
            "tensor as input"
        )
    if 0 in input.shape[1:]:
        raise RuntimeError(
            f"Non-empty {input.ndim}D data tensor expected but got a tensor with sizes "
            f"{tuple(input.shape)}"
        )


def _target(
    sizes: Sequence[int], size: int | Sequence[int] | None, scale_factor: Factors
) -> tuple[list[int], list[float] | None]:
    """The sizes of the output, and the factors if those were given."""
    ndim = len(sizes)
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        given = list(size) if isinstance(size, Sequence) else [size] * ndim
        if len(given) != ndim:
            raise ValueError(
                f"Input and output must have the same number of spatial dimensions, but got input "
                f"with spatial dimensions of {list(sizes)} and output size of {given}"
            )
        return [operator.index(n) for n in given], None
    if scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    factors = list(scale_factor) if isinstance(scale_factor, Sequence) else [scale_factor] * ndim
    if len(factors) != ndim:
        raise ValueError(
            f"Input and scale_factor must have the same number of spatial dimensions, but got "
            f"input with spatial dimensions of {list(sizes)} and scale_factor of {factors}"
        )
    scales = [float(f) for f in factors]
    return [math.floor(n * f) for n, f in zip(sizes, scales, strict=True)], scales


def _rows(mode: str, align: bool, antialias: bool) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """The map along one dimension, and its arguments between output size and factor."""
    if mode.startswith("nearest"):
        return _bands.nearest, (mode == "nearest-exact",)
    kind = "cubic" if mode == "bicubic" else "linear"
    if antialias:
        return _bands.smooth, (kind, align)
    return (_bands.cubic if kind == "cubic" else _bands.linear), (align,)


def interpolate(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: Factors = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resamples (N, C, ...) to `size`, or to its size times scale_factor, rounded down.

    mode: "nearest", "nearest-exact", "area" (adaptive average) for one to three dimensions,
    "linear" (one), "bilinear", "bicubic" (two), "trilinear" (three).  With align_corners the
    corners' centres stay, else the edges.  recompute_scale_factor takes the step from the sizes.
    antialias (bilinear, bicubic) widens the filter when sizes shrink.  ValueError or
    NotImplementedError where arguments exclude one another.
    """
    _check(input, mode, align_corners, antialias)
    ndim = input.ndim - 2
    sizes, factors = _target(input.shape[2:], size, scale_factor)
    if recompute_scale_factor:
        if size is not None:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        factors = None
    if any(n < 1 for n in sizes):
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input "
            f"{tuple(input.shape[2:])} and output {tuple(sizes)}"
        )
    if mode == "area":
        return _AREA[ndim](input, sizes)
    plan = (mode, bool(align_corners), antialias)
    if input.is_floating_point():
        return _resampled(input, sizes, factors, *plan)
    wide = _resampled(input.to(_core.float64), sizes, factors, *plan, input.dtype is _core.uint8)
    return wide.to(input.dtype)


def _resampled(
    input: Tensor,
    sizes: list[int],
    factors: list[float] | None,
    mode: str,
    align_corners: bool,
    antialias: bool,
    pixels: bool = False,
) -> Tensor:
    """The last dimension first.  pixels: rounded to uint8's values after each one."""
    rows, options = _rows(mode, align_corners, antialias)
    result = input
    for d in range(len(sizes) - 1, -1, -1):
        scale = factors[d] if factors is not None else None
        if not antialias and sizes[d] == input.shape[2 + d] and scale in (None, 1.0) and d:
            continue
        result = _bands.apply(result, 2 + d, rows, sizes[d], *options, scale)
        if pixels and mode in _DIMS:
            result = (result + 0.5).clamp(0, 255).to(_core.uint8).to(_core.float64)
    return result


def upsample(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: Factors = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """The older name of interpolate."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: Factors = None
) -> Tensor:
    """interpolate with mode "nearest"."""
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: Factors = None
) -> Tensor:
    """interpolate with mode "bilinear" and align_corners."""
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)

"""Sampling images at any points: grid_sample and affine_grid."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from pynn import _core
from pynn._core import Tensor, ops
from pynn._functions.movement import stack

__all__ = ["affine_grid", "grid_sample"]

Taps = list[list[tuple[Tensor, Tensor | None]]]
"""For each dimension the positions to read (whole numbers) and their weights (None: 1)."""


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """Points for grid_sample: theta (N, 2, 3) or (N, 3, 4) applied to the centres of the pixels of
    an image of this size, (N, C, H, W) or (N, C, D, H, W).

    The points are (N, H, W, 2) or (N, D, H, W, 3), coordinates from -1 to 1, x first; -1 and 1 are
    the outer edges of the image, with align_corners the centres of its corners.
    """
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    shape = [int(n) for n in size]
    ndim = len(shape) - 2
    if ndim not in (2, 3):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, "
            f"respectively. Got size {shape}."
        )
    if theta.ndim != 3 or tuple(theta.shape[1:]) != (ndim, ndim + 1):
        raise ValueError(
            f"Expected a batch of {ndim}D affine matrices of shape Nx{ndim}x{ndim + 1} for size "
            f"{shape}. Got {tuple(theta.shape)}."
        )
    if min(shape) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {shape}")
    axes = []
    for d, n in enumerate(shape[2:]):
        if align_corners:
            at = _core.linspace(-1, 1, n, dtype=theta.dtype) if n > 1 else _core.zeros(1)
        else:
            at = (_core.arange(n, dtype=theta.dtype) * 2 + 1) / n - 1
        view = [1] * ndim
        view[d] = n
        axes.append(at.to(theta.dtype).reshape(view).expand(shape[2:]))
    ones = _core.ones(shape[2:], dtype=theta.dtype)
    points = stack([*axes[::-1], ones], -1).reshape(-1, ndim + 1)
    return (points @ theta.transpose(1, 2)).reshape((shape[0], *shape[2:], ndim))


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """input (N, C, H, W) or (N, C, D, H, W) at the points of grid (N, ..., 2 or 3), which are as
    affine_grid's: (N, C, ...).

    mode "bilinear" (trilinear in 3-d), "nearest", "bicubic" (2-d); padding_mode, for what lies
    outside, "zeros", "border" or "reflection".  Differentiable in both, any number of times.
    """
    _check(input, grid, mode, padding_mode)
    ndim, align = input.ndim - 2, bool(align_corners)
    sizes = tuple(input.shape[2:])
    space, points = 1, 1
    for n in sizes:
        space *= n
    for n in grid.shape[1:-1]:
        points *= n
    flat = input.reshape((input.shape[0], input.shape[1], space))
    # Coordinate d of grid is along dimension ndim - 1 - d of the image.
    at = [_scaled(grid.select(-1, ndim - 1 - d), sizes[d], align) for d in range(ndim)]
    at = [p.reshape((grid.shape[0], points)) for p in at]
    if mode == "bicubic":
        result = _bicubic(flat, at, sizes, padding_mode, align)
    else:
        at = [_bounded(p, n, padding_mode, align) for p, n in zip(at, sizes, strict=True)]
        if mode == "nearest":
            taps: Taps = [[(ops.round(p.detach()), None)] for p in at]
        else:
            taps = [_two(p) for p in at]
        result = _weighted(flat, taps, sizes)
    return result.reshape((*input.shape[:2], *grid.shape[1:-1]))


def _check(input: Tensor, grid: Tensor, mode: str, padding_mode: str) -> None:
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', "
            f"but got: '{mode}'"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or "
            f"'reflection', but got: '{padding_mode}'"
        )
    if input.ndim not in (4, 5) or grid.ndim != input.ndim:
        raise RuntimeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but "
            f"got input with sizes {tuple(input.shape)} and grid with sizes {tuple(grid.shape)}"
        )
    if input.shape[0] != grid.shape[0] or grid.shape[-1] != input.ndim - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have batch size {input.shape[0]} and size "
            f"{input.ndim - 2} in last dimension, but got input with sizes {tuple(input.shape)} "
            f"and grid with sizes {tuple(grid.shape)}"
        )
    if 0 in input.shape[2:]:
        raise RuntimeError(
            "grid_sampler(): expected input to have non-empty spatial dimensions, but input has "
            f"sizes {tuple(input.shape)}"
        )
    if input.dtype is not grid.dtype:
        raise RuntimeError(
            f"grid_sampler(): expected input and grid to have same dtype, but input has "
            f"{input.dtype} and grid has {grid.dtype}"
        )
    if mode == "bicubic" and input.ndim == 5:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")


def _scaled(at: Tensor, size: int, align: bool) -> Tensor:
    """From -1..1 to elements."""
    return (at + 1) * ((size - 1) / 2) if align else ((at + 1) * size - 1) / 2


def _bounded(at: Tensor, size: int, padding_mode: str, align: bool) -> Tensor:
    if padding_mode == "zeros":
        return at
    if padding_mode == "reflection":
        low, span = (0.0, size - 1.0) if align else (-0.5, float(size))
        if span == 0:
            at = at * 0
        else:
            away = (at - low).abs()
            flips = ops.floor(away.detach() / span)
            rest = away - flips * span
            odd = (flips - 2 * ops.floor(flips / 2)) > 0.5
            at = _core.where(odd, span - rest, rest) + low
    return at.clamp(0, size - 1)


def _two(at: Tensor) -> list[tuple[Tensor, Tensor | None]]:
    low = ops.floor(at.detach())
    part = at - low
    return [(low, 1 - part), (low + 1, part)]


def _read(flat: Tensor, place: Sequence[Tensor], sizes: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The elements at whole positions (N, points), and which of them lie inside."""
    index, inside = None, None
    for p, n in zip(place, sizes, strict=True):
        here = (p >= 0) & (p <= n - 1)
        inside = here if inside is None else inside & here
        whole = p.clamp(0, n - 1).to(_core.int64).clamp(0, n - 1)
        index = whole if index is None else index * n + whole
    assert index is not None
    assert inside is not None
    wide = index.unsqueeze(1).expand(flat.shape[0], flat.shape[1], index.shape[1])
    return flat.gather(2, wide), inside


def _weighted(flat: Tensor, taps: Taps, sizes: Sequence[int]) -> Tensor:
    """The sum over all combinations of taps; what lies outside counts as 0."""
    total: Tensor | None = None
    for corner in itertools.product(*taps):
        values, inside = _read(flat, [p for p, _ in corner], sizes)
        weight = inside.to(flat.dtype)
        for _, w in corner:
            weight = weight if w is None else weight * w
        term = values * weight.unsqueeze(1)
        total = term if total is None else total + term
    assert total is not None
    return total


def _bicubic(
    flat: Tensor, at: list[Tensor], sizes: Sequence[int], padding_mode: str, align: bool
) -> Tensor:
    """Keys' cubic convolution (a = -3/4); each of the 16 neighbours is bounded by itself."""
    taps: Taps = []
    for p, n in zip(at, sizes, strict=True):
        low = ops.floor(p.detach())
        t = p - low
        weights = [_far(t + 1), _near(t), _near(1 - t), _far(2 - t)]
        places = [_bounded(low + k, n, padding_mode, align) for k in (-1.0, 0.0, 1.0, 2.0)]
        taps.append(list(zip(places, weights, strict=True)))
    return _weighted(flat, taps, sizes)


def _near(x: Tensor) -> Tensor:
    return (1.25 * x - 2.25) * x * x + 1


def _far(x: Tensor) -> Tensor:
    return ((-0.75 * x + 3.75) * x - 6) * x + 3

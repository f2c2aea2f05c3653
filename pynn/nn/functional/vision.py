"""Images: resampling, sampling on a grid, windows, pixels and channels."""

from __future__ import annotations

from pynn.nn.functional._grid import affine_grid, grid_sample
from pynn.nn.functional._resample import (
    interpolate,
    upsample,
    upsample_bilinear,
    upsample_nearest,
)
from pynn.nn.functional._windows import (
    channel_shuffle,
    fold,
    pixel_shuffle,
    pixel_unshuffle,
    unfold,
)

__all__ = [
    "affine_grid",
    "channel_shuffle",
    "fold",
    "grid_sample",
    "interpolate",
    "pixel_shuffle",
    "pixel_unshuffle",
    "unfold",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]

"""Images: resampling, sampling on a grid, windows, pixels and channels."""

from __future__ import annotations

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
    "channel_shuffle",
    "fold",
    "interpolate",
    "pixel_shuffle",
    "pixel_unshuffle",
    "unfold",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]

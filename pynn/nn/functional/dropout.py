"""Dropout: the mask is one pass of the random stream, the same in eager mode and in replays."""

from __future__ import annotations

import warnings

from pynn import _core
from pynn._core import Tensor

__all__ = ["dropout", "dropout1d", "dropout2d", "dropout3d"]


def _check(p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _drop(input: Tensor, shape: tuple[int, ...], p: float, inplace: bool) -> Tensor:
    """input times 0 with probability p, else 1 / (1 - p), one draw per element of shape."""
    scale = 1.0 / (1.0 - p) if p < 1.0 else 0.0
    kept = _core._bernoulli(shape, 1.0 - p, scale, None, input.dtype)
    return input.mul_(kept) if inplace else input * kept


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """While training each element is 0 with probability p, else divided by 1 - p."""
    _check(p)
    if not training or p == 0.0:
        return input
    return _drop(input, input.shape, p, inplace)


def _channels(name: str, input: Tensor, dims: int) -> None:
    if input.dim() not in (dims - 1, dims):
        warnings.warn(
            f"{name}: Received a {input.dim()}-D input to {name}, which is deprecated and will "
            "result in an error in a future release.",
            stacklevel=3,
        )


def _drop_channels(input: Tensor, p: float, training: bool, inplace: bool, kept: int) -> Tensor:
    """The first `kept` dimensions have draws of their own."""
    _check(p)
    if not training or p == 0.0:
        return input
    ones = (1,) * (input.dim() - kept)
    return _drop(input, input.shape[:kept] + ones, p, inplace)


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """While training whole channels of (N, C, L) or (C, L) are 0 with probability p."""
    if input.dim() not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.dim()}D input."
        )
    return _drop_channels(input, p, training, inplace, input.dim() - 1)


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """While training whole channels of (N, C, H, W) are 0 with probability p.

    A 3-d input is (N, C, L), as PyTorch takes it.
    """
    _channels("dropout2d", input, 4)
    return _drop_channels(input, p, training, inplace, 2)


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """While training whole channels of (N, C, D, H, W) or (C, D, H, W) are 0 with probability p."""
    _channels("dropout3d", input, 5)
    return _drop_channels(input, p, training, inplace, 2 if input.dim() == 5 else 1)

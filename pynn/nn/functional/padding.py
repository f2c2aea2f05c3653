"""Padding of the last dimensions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from pynn import _core
from pynn._core import Tensor, ops

__all__ = ["pad"]


def pad(
    input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Tensor:
    """More elements (or, where negative, fewer) at the ends of the last dimensions.

    pad is (before, after) of the last dimension, then of the one before it, and so on.  mode
    "constant" fills with value (0), any dimensions; "reflect" mirrors without the border,
    "replicate" repeats the border, "circular" goes round: the last 1, 2 or 3 dimensions of (C, ...)
    or (N, C, ...).  RuntimeError where the amounts do not fit the sizes.
    """
    amounts = [int(p) for p in pad]
    if mode == "constant":
        result: Tensor = ops.pad(input, amounts, 0.0 if value is None else float(value))
        return result
    if value is not None and value != 0:
        raise ValueError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode != "circular" and mode not in _INDEX:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    ndim = len(amounts) // 2
    if len(amounts) % 2 or not 1 <= ndim <= 3 or input.ndim not in (ndim + 1, ndim + 2):
        raise NotImplementedError(
            "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now: "
            f"got padding {tuple(amounts)} and input of size {tuple(input.shape)}"
        )
    if 0 in input.shape[1:] or (input.ndim == ndim + 1 and input.shape[0] == 0):
        raise RuntimeError(
            f"pad(): expected {ndim + 1}D or {ndim + 2}D input with possibly 0 batch size and "
            f"other non-zero dimensions, but got {tuple(input.shape)}"
        )
    result = input
    for k in range(ndim):
        before, after = amounts[2 * k], amounts[2 * k + 1]
        if before or after:
            _check(mode, input, before, after, input.ndim - 1 - k)
            index = _index(mode, input.shape[-1 - k], before, after)
            result = result.index_select(-1 - k, index)
    return result.clone() if result is input else result


def _check(mode: str, input: Tensor, before: int, after: int, dim: int) -> None:
    size = input.shape[dim]
    most = {"reflect": size - 1, "circular": size, "replicate": before + after + size}[mode]
    if before > most or after > most:
        why = (
            "Padding value causes wrapping around more than once"
            if mode == "circular"
            else "Padding size should be less than the corresponding input dimension"
        )
        raise RuntimeError(
            f"{why}, but got: padding ({before}, {after}) at dimension {dim} of input "
            f"{tuple(input.shape)}"
        )
    if size + before + after < 1 or -before > size or -after > size:
        raise RuntimeError(
            f"pad(): padding ({before}, {after}) at dimension {dim} of input {tuple(input.shape)} "
            f"gives an output of size {size + before + after}. Output size is too small"
        )


def _reflected(at: np.ndarray, size: int) -> np.ndarray:
    return np.where(at < 0, -at, np.where(at >= size, 2 * (size - 1) - at, at))


def _clipped(at: np.ndarray, size: int) -> np.ndarray:
    return np.clip(at, 0, size - 1)


_INDEX: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "reflect": _reflected,
    "replicate": _clipped,
}


@lru_cache(maxsize=256)
def _index(mode: str, size: int, before: int, after: int) -> Tensor:
    """Where each element of the output comes from."""
    if mode == "circular":  # what is left after cutting goes round
        left, right = max(-before, 0), size - max(-after, 0)
        at = np.arange(-max(before, 0), right - left + max(after, 0)) % (right - left) + left
    else:
        at = _INDEX[mode](np.arange(-before, size + after), size)
    return _core.from_numpy(np.ascontiguousarray(at, np.int64))

"""Checks of what enters the network, with messages that name both shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

_REAL_KINDS = "biuf"


def as_float64(name: str, values: Any) -> np.ndarray:
    """`values` as a float64 array, the dtype in which NumPy mixes them with the float64 weights.

    An array that is float64 already is handed on, not copied.
    """
    array = np.asarray(values)
    if array.dtype == np.float64:
        return array
    if array.dtype.kind not in _REAL_KINDS + "O":
        raise TypeError(f"{name} must hold real numbers, got an array of dtype {array.dtype}")
    try:
        # Times 1.0: objects that are no numbers, None among them, are refused as np.dot does.
        return (array * 1.0 if array.dtype.kind == "O" else array).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must hold real numbers, but {error}") from error


def check_width(X: np.ndarray, W1: np.ndarray) -> None:
    """X (..., n) fits W1 (n, hidden)."""
    if X.ndim == 0 or X.shape[-1] != W1.shape[0]:
        raise ValueError(
            f"X of shape {X.shape} does not fit W1 of shape {W1.shape}: "
            f"the last axis of X must have length {W1.shape[0]}"
        )


def check_targets(y: np.ndarray, shape: tuple[int, ...]) -> None:
    """y can stand against an output of `shape` (m, k): as it is, or with axes of length 1.

    (m,) is refused: NumPy would broadcast it against (m, k) to a table of all pairs.
    """
    fits = y.ndim == 0 or (
        y.ndim == len(shape) and all(a in (1, b) for a, b in zip(y.shape, shape, strict=True))
    )
    if not fits:
        hint = ", use y.reshape(-1, 1)" if y.shape == shape[:1] and shape[1:] == (1,) else ""
        raise ValueError(
            f"y of shape {y.shape} does not fit the network's output of shape {shape}{hint}"
        )


def check_training(X: np.ndarray, y: np.ndarray, W1: np.ndarray, W2: np.ndarray) -> None:
    """X (m, n) with m > 0 and y (m, k) fit W1 (n, hidden) and W2 (hidden, k)."""
    if X.ndim != 2:
        raise ValueError(
            f"X of shape {X.shape} is no table of samples: expected (m, {W1.shape[0]})"
        )
    check_width(X, W1)
    if len(X) == 0:
        raise ValueError(f"X of shape {X.shape} holds no sample to train on")
    check_targets(y, (len(X), W2.shape[1]))

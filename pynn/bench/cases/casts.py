"""Casts between all dtypes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import pynn
from pynn.bench.case import Array, Case, Pair, uniform, whole

_DTYPES = (
    "float32",
    "float64",
    "float16",
    "bfloat16",
    "int64",
    "int32",
    "int8",
    "uint8",
    "bool",
)
_SIZE = 100_000


def cases() -> Iterator[Case]:
    """Each dtype to each; to its own it is a copy."""
    for source in _DTYPES:
        for target in _DTYPES:
            yield Case(
                "casts",
                f"cast {source} to {target} {_SIZE}",
                partial(_pair, source, target),
                _SIZE,
                operator=f"cast_{source}_{target}",
            )


def _pair(source: str, target: str, n: int) -> Pair:
    """NumPy has no bfloat16: there, it is uint16 with the upper half of a float32."""
    x = _values(source, target, n)
    t = pynn.tensor(x)
    if source == "bfloat16":
        t, x = t.bfloat16(), _to_bfloat16(x)
    ours = (pynn.clone, t) if source == target else (pynn.Tensor.to, t, getattr(pynn, target))
    if source == target:
        return Pair(ours, (np.copy, x), read=_as_float32 if source == "bfloat16" else None)
    if target == "bfloat16":
        return Pair(ours, (_to_bfloat16, x), read=_as_float32)
    if source == "bfloat16":
        return Pair(ours, (_from_bfloat16, x, np.dtype(target)))
    return Pair(ours, (np.ndarray.astype, x, np.dtype(target)))


def _values(source: str, target: str, n: int) -> Array:
    """Numbers that both dtypes can hold, and that round the same in one step and in two."""
    if source == "bool":
        return whole(0, 2, n, dtype="bool")
    given = "float32" if source == "bfloat16" else source
    low = 0 if "uint8" in (source, target) else -100
    if "float" in source and "float" in target:
        return uniform(-100, 100, n).astype(given)
    return whole(low, 100, n, dtype=given)


def _to_bfloat16(x: Array) -> Array:
    """Rounded to the nearest, ties to even; the numbers here are no NaNs."""
    bits = x.astype(np.float32).view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def _as_float32(x: Array) -> Array:
    return (x.astype(np.uint32) << 16).view(np.float32)


def _from_bfloat16(x: Array, dtype: Any) -> Array:
    return _as_float32(x).astype(dtype, copy=False)

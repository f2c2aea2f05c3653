"""Casts between all dtypes, each source and each destination."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from optable import INTEGER, SMALL_SIZES, Op, Sample, integers, uniform

import pynn

DTYPES = ("float32", "float64", "float16", "bfloat16", *INTEGER, "bool")


def samples(source: str, target: str) -> Callable[..., Iterator[Sample]]:
    """Values that every dtype can hold; fractions where only floats are concerned."""
    floats = "float" in source and "float" in target
    low = 0 if "uint8" in (source, target) else -100

    def draw(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        sizes: dict[str, list[tuple[int, ...]]] = {
            "sizes": [(n,) for n in SMALL_SIZES] + [(), (3, 4097)],
            "grad": [(5,), (2, 3)],
            "hash": [(9001,), (37, 113)],
        }
        for shape in sizes[purpose]:
            if floats:
                x = uniform(-100, 100)(rng, shape, dtype)
            elif "float" in source and target != "bool":
                x = np.asarray(integers(low, 100)(rng, shape, np.dtype("f4")) + 0.25, dtype)
            else:
                x = integers(0 if source == "bool" else low, 1 if source == "bool" else 100)(
                    rng, shape, dtype
                )
            yield Sample((x,))

    return draw


def bfloat16(x: np.ndarray) -> np.ndarray:
    """Rounded to the nearest bfloat16, ties to even; as float32."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    rounded = bits + 0x7FFF + (bits >> 16 & 1)
    kept = np.where(np.isnan(x), np.uint32(0x7FC00000), rounded & np.uint32(0xFFFF0000))
    return np.asarray(kept, np.uint32).view(np.float32)


def convert(x: np.ndarray, target: str) -> np.ndarray:
    return bfloat16(x) if target == "bfloat16" else x.astype(target)


def _op(source: str, target: str) -> Op:
    """bfloat16 has no NumPy dtype: it is drawn as float32 and cast first."""
    given = "float32" if source == "bfloat16" else source

    def call(x: Any) -> Any:
        x = x.bfloat16() if source == "bfloat16" else x
        y = x.to(getattr(pynn, target))
        return y.clone() if y is x else y

    def oracle(x: np.ndarray) -> np.ndarray:
        return convert(bfloat16(x) if source == "bfloat16" else x, target)

    real = source in ("float32", "float64") and target in ("float32", "float64")
    return Op(
        f"cast_{source}_{target}",
        call,
        oracle,
        samples(source, target),
        dtypes=(given,),
        grad=(0,) if real and source == "float64" and target == "float64" else (),
        stub=("Tensor.to",),
    )


OPS = [_op(source, target) for source in DTYPES for target in DTYPES]

"""The ranges and precisions of dtypes: finfo and iinfo."""

from __future__ import annotations

from pynn import _core
from pynn._core import dtype as _dtype

__all__ = ["finfo", "iinfo"]

# Bits, bits of the fraction, greatest exponent, decimal digits that survive.
_FLOATS = {
    "float64": (64, 52, 1023, 15),
    "float32": (32, 23, 127, 6),
    "float16": (16, 10, 15, 3),
    "bfloat16": (16, 7, 127, 2),
}
_INTEGERS = {"int64": (64, True), "int32": (32, True), "int8": (8, True), "uint8": (8, False)}


def _name(dtype: _dtype) -> str:
    if not isinstance(dtype, _dtype):
        raise TypeError(f"expected a dtype, not {type(dtype).__name__}")
    return str(dtype).removeprefix("pynn.")


class finfo:
    """Of a floating dtype: bits, eps, max, min, tiny (the least normal number), resolution."""

    bits: int
    eps: float
    max: float
    min: float
    tiny: float
    smallest_normal: float
    resolution: float
    dtype: str

    def __init__(self, type: _dtype | None = None) -> None:
        name = _name(_core.get_default_dtype() if type is None else type)
        if name not in _FLOATS:
            raise TypeError(f"finfo() is for floating dtypes; use iinfo() for {name}")
        self.bits, fraction, exponent, digits = _FLOATS[name]
        self.dtype = name
        self.eps = 2.0**-fraction
        self.max = (2 - self.eps) * 2.0**exponent
        self.min = -self.max
        self.tiny = self.smallest_normal = 2.0 ** (1 - exponent)
        self.resolution = float(f"1e-{digits}")

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, "
            f"eps={self.eps:g}, smallest_normal={self.tiny:g}, tiny={self.tiny:g}, "
            f"dtype={self.dtype})"
        )


class iinfo:
    """Of an integer dtype: bits, max, min."""

    bits: int
    max: int
    min: int
    dtype: str

    def __init__(self, type: _dtype) -> None:
        name = _name(type)
        if name not in _INTEGERS:
            raise TypeError(f"iinfo() is for integer dtypes; use finfo() for {name}")
        self.bits, signed = _INTEGERS[name]
        self.dtype = name
        self.max = (1 << (self.bits - signed)) - 1
        self.min = -(1 << (self.bits - 1)) if signed else 0

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"

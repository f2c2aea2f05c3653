"""Small data sets that need no download."""

from pynn.data.digits import (
    Digits as Digits,
    DigitsParts as DigitsParts,
    digits_parts as digits_parts,
    load_digits as load_digits,
)
from pynn.data.moons import make_moons as make_moons

__all__ = ["Digits", "DigitsParts", "digits_parts", "load_digits", "make_moons"]

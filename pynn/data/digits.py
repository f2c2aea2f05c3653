"""The UCI handwritten digits: 1,797 images of 8 x 8 pixels, embedded in the package.

Source: E. Alpaydin and C. Kaynak (1998), "Optical Recognition of Handwritten Digits", UCI Machine
Learning Repository, https://doi.org/10.24432/C50P49, licence CC BY 4.0.  These are the images of
its test file, by 13 writers: 32 x 32 bitmaps in which the set pixels of every 4 x 4 block were
counted, so a pixel is an integer from 0 to 16.

`digits.bin` holds 1,797 records of 41 bytes: 64 pixels of 5 bits each, row by row, the most
significant bit first, then one byte with the label.
"""

from __future__ import annotations

from importlib import resources
from typing import NamedTuple

import numpy as np

_PIXELS = 64
_BITS = 5
_RECORD = _PIXELS * _BITS // 8 + 1
_TRAIN, _VALIDATION = 1197, 300


class Digits(NamedTuple):
    """Images of handwritten digits and what they show."""

    images: np.ndarray
    """(1797, 8, 8) uint8, from 0 (paper) to 16 (ink)."""
    labels: np.ndarray
    """(1797,) int64, from 0 to 9."""


class DigitsParts(NamedTuple):
    """The digits in three fixed parts; every X is (n, 64) float32 in [0, 1], every y (n,) int64."""

    X_train: np.ndarray
    y_train: np.ndarray
    X_validation: np.ndarray
    y_validation: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def load_digits() -> Digits:
    """Read the embedded digits; a fresh pair of arrays at every call."""
    data = resources.files("pynn.data").joinpath("digits.bin").read_bytes()
    records = np.frombuffer(data, np.uint8).reshape(-1, _RECORD)
    bits = np.unpackbits(records[:, :-1], axis=1).reshape(-1, _PIXELS, _BITS)
    place = np.array([16, 8, 4, 2, 1], np.uint8)
    images = (bits * place).sum(axis=2, dtype=np.uint8)
    return Digits(images.reshape(-1, 8, 8), records[:, -1].astype(np.int64))


def digits_parts() -> DigitsParts:
    """Split the digits into 1,197 to train on, 300 to validate and 300 to test, always the same.

    The images come in the order of their writers, so they are shuffled first, by the stream of
    `numpy.random.RandomState(0)`, which NumPy keeps frozen.
    """
    images, labels = load_digits()
    order = np.random.RandomState(0).permutation(len(labels))
    X = (images.reshape(-1, _PIXELS) / np.float32(16)).astype(np.float32)[order]
    y = labels[order]
    cuts = [_TRAIN, _TRAIN + _VALIDATION]
    parts = zip(np.split(X, cuts), np.split(y, cuts), strict=True)
    return DigitsParts(*(np.ascontiguousarray(a) for pair in parts for a in pair))

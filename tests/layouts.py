"""The same values in other memory: what no result may depend on."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable, Iterator

import numpy as np

Layout = Callable[[np.ndarray], np.ndarray]


def _offset(items: int) -> Layout:
    """Aligned to the item and to nothing more."""

    def make(a: np.ndarray) -> np.ndarray:
        memory = np.empty(a.size + items, a.dtype)
        memory[items:] = a.reshape(-1)
        return memory[items:].reshape(a.shape)

    return make


def transposed(a: np.ndarray) -> np.ndarray:
    return np.asfortranarray(a) if a.ndim > 1 else stepped(a)


def stepped(a: np.ndarray) -> np.ndarray:
    """Every third element of the last axis, every second of the first."""
    if a.ndim == 0:
        return _offset(1)(a)
    shape = list(a.shape)
    shape[-1] *= 3
    shape[0] *= 2 if a.ndim > 1 else 1
    memory = np.full(shape, 77, a.dtype)
    view = memory[::2, ..., 1::3] if a.ndim > 1 else memory[1::3]
    view[...] = a
    return view


def reversed_axes(a: np.ndarray) -> np.ndarray:
    """Negative strides along every axis."""
    flip = (slice(None, None, -1),) * a.ndim
    return np.ascontiguousarray(a[flip])[flip] if a.ndim else a


def middle_out(a: np.ndarray) -> np.ndarray:
    """The first axis innermost in memory."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(a, 0, -1)), -1, 0) if a.ndim else a


LAYOUTS: dict[str, Layout] = {
    "offset 1": _offset(1),
    "offset 3": _offset(3),
    "transposed": transposed,
    "stepped": stepped,
    "negative": reversed_axes,
    "rolled": middle_out,
}


def expanded(a: np.ndarray) -> Iterator[np.ndarray]:
    """Each axis in turn made of one element, repeated by stride 0."""
    for axis in range(a.ndim):
        if a.shape[axis] > 1:
            yield np.broadcast_to(np.take(a, [0], axis), a.shape)


# ---- pages that must not be touched --------------------------------------------------------------

_PAGE = mmap.PAGESIZE


class Guarded:
    """Memory between two pages that fault when touched."""

    def __init__(self, size: int) -> None:
        self.pages = -(-max(size, 1) // _PAGE)
        self.map = mmap.mmap(-1, (self.pages + 2) * _PAGE)
        self.start = ctypes.addressof(ctypes.c_char.from_buffer(self.map))
        libc = ctypes.CDLL(None, use_errno=True)
        for guard in (self.start, self.start + (self.pages + 1) * _PAGE):
            if libc.mprotect(ctypes.c_void_p(guard), ctypes.c_size_t(_PAGE), 0):
                raise OSError(ctypes.get_errno(), "mprotect")

    def place(self, a: np.ndarray, at_end: bool) -> np.ndarray:
        """A copy of the array that ends (or begins) right at a guard page."""
        skip = self.pages * _PAGE - a.nbytes if at_end else 0
        copy = np.frombuffer(self.map, a.dtype, a.size, _PAGE + skip).reshape(a.shape)
        copy[...] = a
        return copy


def guarded(a: np.ndarray, at_end: bool) -> np.ndarray:
    return Guarded(a.nbytes).place(a, at_end)

"""What a case is: the same work twice, and how far apart the two results may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import pynn

Array = np.ndarray[Any, Any]

Work = tuple[Any, ...]
"""A function and its arguments."""

Bound = Callable[[Array], Any]
"""The greatest error allowed, given the rival's result."""


class Mismatch(AssertionError):
    """The two sides do not give the same results, so their times mean nothing."""


def exact(want: Array) -> float:
    """Equal bits, or for floats equal numbers."""
    return 0.0


def ulps(count: float) -> Bound:
    """So many roundings of the result."""
    return lambda want: count * _eps(want) * np.abs(want)


def rounded(count: float, size: Callable[[], Any]) -> Bound:
    """So many roundings of numbers of this size (a sum's: the sum of magnitudes)."""
    return lambda want: count * _eps(want) * size()


def within(error: float) -> Bound:
    """An absolute error."""
    return lambda want: error


def _eps(want: Array) -> float:
    return float(np.finfo(want.dtype).eps)


@dataclass(frozen=True)
class Pair:
    """The same work done by pynn and by its rival.

    read turns the rival's result into what pynn's is compared with; it is not timed.
    """

    pynn: Work
    rival: Work
    bound: Bound = exact
    read: Callable[[Any], Any] | None = None

    def check(self) -> None:
        """Do both once; raise Mismatch unless the results have equal types, shapes and numbers."""
        got, want = _results(self.pynn), _results(self.rival, self.read)
        if len(got) != len(want):
            raise Mismatch(f"{len(got)} results, not {len(want)}")
        for a, b in zip(got, want, strict=True):
            _compare(a, b, self.bound)


def _results(work: Work, read: Callable[[Any], Any] | None = None) -> list[Array]:
    function, *arguments = work
    result = function(*arguments)
    result = read(result) if read else result
    many = isinstance(result, (tuple, list))
    return [_array(r) for r in (result if many else [result])]


def _array(result: Any) -> Array:
    if not isinstance(result, pynn.Tensor):
        return np.array(result)
    result = result.detach()
    return np.array((result.float() if result.dtype == pynn.bfloat16 else result).numpy())


def _compare(got: Array, want: Array, bound: Bound) -> None:
    if (got.dtype, got.shape) != (want.dtype, want.shape):
        raise Mismatch(f"{got.dtype}{got.shape}, not {want.dtype}{want.shape}")
    if want.dtype.kind != "f":
        if not np.array_equal(got, want):
            raise Mismatch(f"{int((got != want).sum())} of {want.size} elements differ")
        return
    wide = np.float64 if want.dtype.itemsize < 8 else np.longdouble
    error = np.abs(got.astype(wide) - want.astype(wide))
    allowed = bound(want) + float(np.finfo(want.dtype).tiny)
    if not np.all(error <= allowed):  # a NaN is a mismatch too
        worst = float(np.max(error / allowed))
        raise Mismatch(f"an error of {worst:.3g} times the allowed one")


@dataclass(frozen=True)
class Case:
    """One row of the table.

    build     makes the pair for a size: elements, rows, epochs, whatever grows
    small     a size at which the check alone is quick
    operator  the operator that the case is about, as the tests' table of operators calls it
    rival     what pynn is measured against
    least     the ratio (rival's time over pynn's) that is asked for; 0: none
    inside    False: the work is done in another process, so only the clock on the wall sees it
    """

    group: str
    name: str
    build: Callable[[int], Pair]
    size: int
    small: int = 50
    operator: str = ""
    rival: str = "NumPy"
    least: float = 0.0
    inside: bool = True

    def __repr__(self) -> str:
        return self.name

    def pair(self, size: int | None = None) -> Pair:
        """The pair of this size; fresh data at every call, always the same."""
        return self.build(self.size if size is None else size)


# ---- data ----------------------------------------------------------------------------------------


def uniform(low: float, high: float, *shape: int, dtype: str = "float32", seed: int = 0) -> Array:
    """Draws from [low, high)."""
    drawn = np.random.default_rng([seed, len(shape)]).uniform(low, high, shape)
    return np.asarray(drawn, dtype)


def whole(low: int, high: int, *shape: int, dtype: str = "int64", seed: int = 0) -> Array:
    """Whole numbers from [low, high)."""
    drawn = np.random.default_rng([seed, len(shape)]).integers(low, high, shape)
    return drawn.astype(dtype)


def tensors(*arrays: Array) -> list[pynn.Tensor]:
    """Tensors with copies of the arrays."""
    return [pynn.tensor(a) for a in arrays]

"""Two ways to do the same work, timed in turns.

A machine is never quiet: what one side meets in a slow moment the other must meet, too.  So blocks
of both alternate, each pair of neighbouring blocks gives one ratio, and the median of the ratios is
reported with its quartiles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter

import numpy as np


@dataclass(frozen=True)
class Case:
    """Work to measure: `ours` and `theirs` do the same, and return what must be equal.

    tolerance is relative to the greatest element of theirs; 0 asks for equal numbers.
    """

    name: str
    ours: Callable[[], object]
    theirs: Callable[[], object]
    tolerance: float
    rival: str = "NumPy"


@dataclass(frozen=True)
class Result:
    """Seconds for one piece of work, and how many times faster ours is: median and quartiles."""

    ours: float
    theirs: float
    ratio: float
    low: float
    high: float


def as_array(value: object) -> np.ndarray:
    """Whatever a side returns, as numbers to compare."""
    if hasattr(value, "detach"):
        value = value.detach().numpy()
    return np.asarray(value)


def check(case: Case) -> None:
    """Both sides give the same numbers, which are finite and not all zero."""
    ours, theirs = as_array(case.ours()), as_array(case.theirs())
    if ours.shape != theirs.shape:
        raise AssertionError(f"{case.name}: shapes {ours.shape} and {theirs.shape} differ")
    size = float(np.max(np.abs(theirs), initial=0))
    if not np.isfinite(size) or size == 0:
        raise AssertionError(f"{case.name}: the results say nothing")
    error = float(np.max(np.abs(ours.astype(np.float64) - theirs), initial=0)) / size
    if not error <= case.tolerance:
        raise AssertionError(f"{case.name}: results differ by {error:.3g} of their size")


LONGEST = 4.0
"""Seconds for all blocks of a case, where its calls are long."""


def calls_per_block(function: Callable[[], object], seconds: float) -> tuple[int, float]:
    """How often function must be called for a block to last this long, and how long it lasts."""
    count = 1
    while True:
        start = perf_counter()
        for _ in range(count):
            function()
        took = perf_counter() - start
        if took >= seconds / 4:
            calls = max(1, round(count * seconds / took))
            return calls, calls * took / count
        count *= 4


def _block(function: Callable[[], object], count: int) -> float:
    start = perf_counter()
    for _ in range(count):
        function()
    return (perf_counter() - start) / count


def measure(case: Case, pairs: int = 15, seconds: float = 0.02) -> Result:
    """Check both sides, then time `pairs` pairs of blocks of about this length.

    Long work is repeated less often, at least 5 times."""
    check(case)
    mine, first = calls_per_block(case.ours, seconds)
    yours, second = calls_per_block(case.theirs, seconds)
    pairs = max(min(5, pairs), min(pairs, int(LONGEST / (first + second))))
    ours, theirs = [], []
    for i in range(pairs):
        if i % 2:
            theirs.append(_block(case.theirs, yours))
        ours.append(_block(case.ours, mine))
        if not i % 2:
            theirs.append(_block(case.theirs, yours))
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    low, _, high = quantiles(ratios, n=4)
    return Result(median(ours), median(theirs), median(ratios), low, high)

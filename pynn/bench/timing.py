"""Honest times: alternating blocks, paired ratios, their median.

A processor's clock wanders and other programs come and go, so a time alone means little.  Both
sides are timed in blocks that follow each other directly, the order changing from round to round;
every round gives one ratio, and the median of the ratios is what the two are compared by.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from pynn.bench.case import Case, Pair, Work

Clock = Callable[[], float]

_SETTLE = 0.05
"""Seconds that idle threads of a library may spin before they sleep (OpenBLAS: 2^26 cycles)."""


@dataclass(frozen=True)
class Plan:
    """How long a block is at least, in seconds, how many rounds there are, on how many threads."""

    block: float = 0.05
    rounds: int = 15
    threads: int = 1


QUICK = Plan(block=0.005, rounds=5)


@dataclass(frozen=True)
class Result:
    """Seconds of one call on either side, one pair a round."""

    pynn: tuple[float, ...]
    rival: tuple[float, ...]
    busy: float
    """The share of the time that the processor worked for us; 1 on an idle machine."""

    @property
    def ratios(self) -> tuple[float, ...]:
        """The rival's time over pynn's, of every round."""
        return tuple(r / p for p, r in zip(self.pynn, self.rival, strict=True))

    def quartiles(self) -> tuple[float, float, float]:
        """Of the ratios: a quarter, half and three quarters of them are below."""
        low, middle, high = np.quantile(self.ratios, (0.25, 0.5, 0.75))
        return float(low), float(middle), float(high)


def measure(case: Case, pair: Pair, plan: Plan) -> Result:
    """Time both sides of a pair that has been checked."""
    clock = _clock(case, plan)
    with _no_collection():
        works = (pair.pynn, pair.rival)
        counts = [_calls(work, plan.block, clock) for work in works]
        seconds: tuple[list[float], list[float]] = ([], [])
        spent = passed = 0.0
        for number in range(plan.rounds):
            for side in (0, 1) if number % 2 else (1, 0):
                if plan.threads > 1:
                    time.sleep(_SETTLE)
                wall = time.perf_counter()
                block = _block(works[side], counts[side], clock)
                passed += time.perf_counter() - wall
                spent += block
                seconds[side].append(block / counts[side])
    return Result(tuple(seconds[0]), tuple(seconds[1]), spent / passed)


def _clock(case: Case, plan: Plan) -> Clock:
    """The thread's own time, which other programs do not add to, where all work is in it."""
    alone = plan.threads == 1 and case.inside
    fine = time.get_clock_info("thread_time").resolution <= 1e-6
    return time.thread_time if alone and fine else time.perf_counter


def _block(work: Work, count: int, clock: Clock) -> float:
    function, *given = work
    arguments = tuple(given)
    start = clock()
    for _ in repeat(None, count):
        function(*arguments)
    return clock() - start


def _calls(work: Work, seconds: float, clock: Clock) -> int:
    """How many calls last as long as a block; warms up on the way."""
    count = 1
    while True:
        passed = _block(work, count, clock)
        if passed >= seconds / 4:
            return max(1, -int(-count * seconds // passed))
        count *= 4


@contextmanager
def _no_collection() -> Iterator[None]:
    gc.collect()
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

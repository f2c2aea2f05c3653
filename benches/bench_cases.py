"""The cases of `pynn bench` under pytest-benchmark: trainings, products, elementwise, reductions.

pytest benches/bench_cases.py --benchmark-group-by=group
"""

from __future__ import annotations

import pytest

from pynn.bench.measure import check
from pynn.bench.table import cases

NAMES = [c.name for c in cases(quick=False)]


@pytest.mark.parametrize("side", ["pynn", "rival"])
@pytest.mark.parametrize("name", NAMES)
def test_case(benchmark, name: str, side: str) -> None:  # type: ignore[no-untyped-def]
    case = next(c for c in cases(quick=False) if c.name == name)  # anew: updates have a state
    check(case)
    benchmark.group = case.name
    benchmark(case.ours if side == "pynn" else case.theirs)

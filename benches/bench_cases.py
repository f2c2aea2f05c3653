"""What is more or less than an operator: training, the optimiser, calls, the import."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pynn.bench.case import Case
from pynn.bench.cases import table

CASES = [case for case in table() if not case.operator]
SIDES = [(case, side) for case in CASES for side in ("pynn", "rival")]


@pytest.mark.benchmark(min_time=0.001, max_time=0.1, min_rounds=5, disable_gc=True, warmup=True)
@pytest.mark.parametrize(("case", "side"), SIDES, ids=str)
def test_case(case: Case, side: str, timed: Callable[[Case, str], None]) -> None:
    timed(case, side)

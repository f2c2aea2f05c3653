"""The ratios that are asked for, as medians of paired blocks; for a quiet machine."""

from __future__ import annotations

import pytest

import pynn
from pynn.bench.case import Case
from pynn.bench.cases import table
from pynn.bench.timing import Plan, measure

BARS = [case for case in table() if case.least]


@pytest.mark.skipif(
    pynn.config()["level_active"] != "avx512", reason="what is asked for is asked of AVX-512"
)
@pytest.mark.parametrize("case", BARS, ids=str)
def test_bar(case: Case, threads: int) -> None:
    pair = case.pair()
    pair.check()
    result = measure(case, pair, Plan(threads=threads))
    low, middle, high = result.quartiles()
    assert middle >= case.least, f"{middle:.2f} times (quartiles {low:.2f} and {high:.2f})"

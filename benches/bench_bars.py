"""The bars that releases are held to; run on a quiet machine, one thread each:

OPENBLAS_NUM_THREADS=1 PYNN_NUM_THREADS=1 pytest benches/bench_bars.py
"""

from __future__ import annotations

import pytest

import pynn
from pynn.bench.measure import Case, measure
from pynn.bench.table import cases

CASES = {c.name: c for c in cases(quick=False)}
FAST = pynn.config()["level_active"] == "avx512"


def named(*words: str) -> list[Case]:
    found = [c for name, c in CASES.items() if all(w in name for w in words)]
    assert found, words
    return found


def faster(case: Case, least: float) -> None:
    """The median of the ratios reaches the bar in one of three measurements."""
    results = []
    for _ in range(3):
        results.append(measure(case))
        if results[-1].ratio >= least:
            return
    raise AssertionError(f"{case.name}: {results}, expected a ratio of {least}")


@pytest.mark.skipif(not FAST, reason="the bar is for AVX-512")
def test_xor() -> None:
    faster(named("XOR", "10,000 epochs")[0], 100)


def test_moons() -> None:
    faster(named("moons")[0], 7)


def test_a_users_step_is_as_fast_as_train() -> None:
    faster(named("capture")[0], 1 / 1.1)


@pytest.mark.parametrize("case", named("matmul float32", "n ="), ids=lambda c: c.name)
def test_matmul(case: Case) -> None:
    n = int(case.name.split()[-1])
    faster(case, 2 if n <= 32 else 1)

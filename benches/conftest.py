"""One thread for both sides, decided before NumPy is loaded; the machine in the report's head."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

THREADS = int(os.environ.get("PYNN_BENCH_THREADS", "1"))

for library in ("OPENBLAS", "OMP", "MKL", "BLIS"):
    os.environ[f"{library}_NUM_THREADS"] = str(THREADS)
os.environ["VECLIB_MAXIMUM_THREADS"] = str(THREADS)

import pynn  # noqa: E402
from pynn.bench import machine  # noqa: E402
from pynn.bench.case import Case  # noqa: E402


def pytest_report_header() -> str:
    return machine.line(machine.describe(THREADS))


@pytest.fixture(autouse=True)
def threads() -> int:
    pynn.set_num_threads(THREADS)
    return THREADS


@pytest.fixture
def timed(benchmark: Any) -> Callable[[Case, str], None]:
    """Times one side of a case, after both sides' results were compared."""

    def run(case: Case, side: str) -> None:
        pair = case.pair()
        pair.check()
        benchmark.group = case.name
        benchmark.extra_info["side"] = "pynn" if side == "pynn" else case.rival
        function, *arguments = getattr(pair, side)
        benchmark(function, *arguments)

    return run

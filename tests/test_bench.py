"""`pynn bench`: every operator has a case, every case's results agree, the command works."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

import numpy as np
import optable
import pytest

import pynn
from pynn.bench.case import Case, Mismatch, Pair, exact, ulps
from pynn.bench.cases import select, table
from pynn.bench.timing import Plan, measure

RUN = [sys.executable, "-m", "pynn", "bench"]


def bench(folder: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RUN, *arguments], cwd=folder, capture_output=True, text=True, timeout=120
    )


# ---- the table -----------------------------------------------------------------------------------


def test_every_operator_has_a_case():
    covered = {case.operator for case in table()} - {""}
    assert sorted(set(optable.OPS) - covered) == [], "operators without a case in pynn/bench/cases"
    assert sorted(covered - set(optable.OPS)) == [], "cases of operators that do not exist"


def test_names_tell_cases_apart():
    names = [case.name for case in table()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("case", table(), ids=str)
def test_results_agree_and_say_something(case):
    pair = case.pair(min(case.size, case.small))
    pair.check()
    function, *arguments = pair.rival
    for array in (*arguments, function(*arguments)):
        if isinstance(array, np.ndarray):
            assert array.any() or case.operator == "zero_", "nothing but zeros"


def test_words_select_cases():
    chosen = select("MATMUL float64 17")
    assert [case.name for case in chosen] == ["matmul float64 17"]
    assert select("") == list(table())


# ---- the check -----------------------------------------------------------------------------------

X = np.array([1.0, 2.0, 3.0], np.float32)
NEXT = np.nextafter(X, np.float32(9))


@pytest.mark.parametrize(
    ("ours", "theirs", "bound"),
    [
        (X, NEXT, exact),
        (X, X * np.float32(1.001), ulps(8)),
        (X, np.array([1, 2, np.nan], np.float32), ulps(8)),
        (np.array([np.nan, 2, 3], np.float32), X, ulps(8)),
        (X, X.astype(np.float64), ulps(8)),
        (X, X[:2], ulps(8)),
        (X, X[None], ulps(8)),
        (np.array([1, 2]), np.array([1, 3]), ulps(8)),
        ((X, X), X, exact),
    ],
)
def test_different_results_are_an_error(ours, theirs, bound):
    with pytest.raises(Mismatch):
        Pair((lambda: ours,), (lambda: theirs,), bound).check()


def test_results_within_the_bound_agree():
    Pair((pynn.tensor, X), (np.array, X)).check()
    Pair((lambda: NEXT,), (lambda: X,), ulps(1)).check()


# ---- the times -----------------------------------------------------------------------------------


def work(n: int) -> int:
    return sum(range(n))


def test_ratio_is_the_rivals_time_over_ours():
    pair = Pair((work, 1_000), (work, 10_000))
    case = Case("test", "sums", lambda n: pair, 1)
    result = measure(case, pair, Plan(block=0.002, rounds=7))
    low, middle, high = result.quartiles()
    assert len(result.ratios) == 7
    assert low <= middle <= high
    assert 4 < middle < 25


# ---- the command ---------------------------------------------------------------------------------


def test_two_cases_measured(tmp_path):
    done = bench(tmp_path, "--quick", "--filter", "overhead of 4x4 a", "--json", "figures.json")
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    names = [case.name for case in select("overhead of 4x4 a")]
    assert len(names) >= 2
    assert [row["case"] for row in figures["cases"]] == names
    for row, text in zip(figures["cases"], done.stdout.splitlines()[3:], strict=False):
        assert text.startswith(row["case"])
        assert 0 < row["pynn"]["min"] <= row["pynn"]["median"] < 0.1
        ratio = row["ratio"]
        assert 0 < ratio["min"] <= ratio["q1"] <= ratio["median"] <= ratio["q3"]
    assert figures["machine"]["level"] == pynn.config()["level_active"]
    assert f"pynn {pynn.__version__} on {figures['machine']['level']}" in done.stdout


def test_threads_are_both_sides(tmp_path):
    done = bench(tmp_path, "--quick", "--filter", "add of 4x4", "--threads", "2")
    assert done.returncode == 0, done.stderr
    assert "2 threads" in done.stdout.splitlines()[0]


def test_list_shows_every_case(tmp_path):
    done = bench(tmp_path, "--list")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(table())
    assert all(line.endswith(case.name) for line, case in zip(lines, table(), strict=True))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--filter", "no such case"), "'no such case'"),
        (("--threads", "0"), "at least one thread"),
        (("--json", "nowhere/figures.json"), "'nowhere'"),
    ],
)
def test_wrong_arguments(tmp_path, arguments, said):
    done = bench(tmp_path, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_interrupt_ends_it_in_one_line(tmp_path):
    pipe = subprocess.PIPE
    command = [*RUN, "--filter", "elementwise", "--json", "figures.json"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout and process.stderr
        while not process.stdout.readline().startswith("add float32 16"):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        said = process.stderr.read()
    assert process.returncode == 130
    assert said.split("\n", 1)[1] == "pynn bench: stopped\n"
    assert json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["cases"]


def test_import_does_not_load_the_bench(tmp_path):
    code = "import sys, pynn, pynn.cli; assert 'pynn.bench' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)

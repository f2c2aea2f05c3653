"""One hash per operator over levels, threads, eager and replay, and over releases."""

import json
from pathlib import Path

import isolated
import pytest
from hashing import operator_hash, runs
from optable import OPS, SEED, Op

import pynn
from pynn import _debug

GOLDEN = Path(__file__).parent / "golden" / "operators.json"
CASES = [(op, dtype) for op in OPS.values() for dtype in op.dtypes[:2]]


@pytest.mark.parametrize(("op", "dtype"), CASES, ids=str)
def test_one_hash(op: Op, dtype: str) -> None:
    found = {str(run): operator_hash(op, dtype, run) for run in runs()}
    assert len(set(found.values())) == 1, found
    golden = json.loads(GOLDEN.read_text())
    assert golden["numerics"] == pynn.config()["numerics"], "regenerate with tests/golden.py"
    if SEED == 0:
        want = golden["hashes"][f"{op} {dtype}"]
        assert set(found.values()) == {want}, "other bits than before: see tests/golden.py"


FORCED = """
import sys
import pynn
from hashing import Run, operator_hash
from optable import OPS
level = pynn.config()["level_active"]
print(level, operator_hash(OPS["softmax"], "float32", Run(level, 1, False)))
"""


def test_level_by_environment() -> None:
    """PYNN_ISA forces a level in a fresh process: the same hash once more."""
    golden = json.loads(GOLDEN.read_text())["hashes"]["softmax float32"]
    for level in _debug.levels():
        said = isolated.run(FORCED, PYNN_ISA=level, PYNN_SEED="0").splitlines()
        assert said[-1].split() == [level, golden]


def test_impossible_level_is_refused() -> None:
    with pytest.raises(AssertionError, match=f"ImportError: .*quantum.*{_debug.levels()[-1]}"):
        isolated.run("import pynn", PYNN_ISA="quantum")

"""One hash per operator over levels, threads, eager and replay, and over releases."""

import json
from pathlib import Path

import pytest
from hashing import operator_hash, runs
from optable import OPS, SEED, Op

import pynn

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

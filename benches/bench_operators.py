"""Every entry of the table of operators beside its oracle, NumPy in the same dtype.

    pytest benches/bench_operators.py --benchmark-group-by=group

The samples are the table's large ones.  Both sides are compared before they are timed.
"""

from __future__ import annotations

import numpy as np
import pytest
from optable import OPS, Op, arrays

import pynn

NAMES = frozenset(OPS)


def both(op: Op, dtype: str) -> tuple[object, object]:
    """The two sides, after their results were compared: within a hundred roundings of their size
    times the root of their length, since NumPy's own order of summation differs."""
    telling = [s for s in op.draw(dtype, "hash") if np.any(op.run(s)[0])]
    sample = max(telling, key=lambda s: sum(a.size for a in s.arrays))
    tensors = op.tensors(sample)

    def ours() -> object:
        return op.call(*tensors, **sample.kwargs)

    def theirs() -> object:
        return op.oracle(*sample.arrays, **sample.kwargs)

    mine, want = arrays(ours()), theirs()
    for a, b in zip(mine, want if isinstance(want, tuple) else (want,), strict=True):
        b = np.asarray(b)
        assert a.shape == b.shape
        size = np.max(np.abs(b.astype(np.float64)), initial=0)
        assert size > 0, f"{op}: the results say nothing"
        eps = float(np.finfo(a.dtype).eps) if a.dtype.kind == "f" else 0
        bound = 100 * eps * size * np.sqrt(max(x.shape[-1] if x.ndim else 1 for x in sample.arrays))
        assert np.max(np.abs(a.astype(np.float64) - b)) <= bound, f"{op}: other results"
    return ours, theirs


@pytest.mark.parametrize("side", ["pynn", "numpy"])
@pytest.mark.parametrize("op", OPS.values(), ids=str)
def test_operator(benchmark, op: Op, side: str) -> None:  # type: ignore[no-untyped-def]
    dtype = op.dtypes[0]
    ours, theirs = both(op, dtype)
    benchmark.group = f"{op} {dtype}"
    with pynn.no_grad():
        benchmark(ours if side == "pynn" else theirs)

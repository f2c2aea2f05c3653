"""What a call costs beside its work, and what an import does."""

from __future__ import annotations

import operator
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import pynn
from pynn.bench.case import Array, Bound, Case, Pair, exact, rounded, tensors, ulps, uniform


def _sigmoid(x: Array) -> Any:
    return 1 / (1 + np.exp(-x))


_CALLS: dict[str, tuple[Any, Any, int, Bound]] = {
    "add": (pynn.add, np.add, 2, exact),
    "a + b": (operator.add, operator.add, 2, exact),
    "sigmoid": (pynn.sigmoid, _sigmoid, 1, ulps(8)),
    "exp": (pynn.exp, np.exp, 1, ulps(8)),
    "matmul": (pynn.matmul, np.matmul, 2, rounded(8, lambda: 4.0)),
    "a @ b": (operator.matmul, operator.matmul, 2, rounded(8, lambda: 4.0)),
    "sum": (pynn.sum, np.sum, 1, rounded(16, lambda: 16.0)),
}


def cases() -> Iterator[Case]:
    """4 x 4 float32, where next to nothing is the work; then whole processes."""
    for name, call in _CALLS.items():
        yield Case("overhead", f"{name} of 4x4", partial(_pair, *call), 4)
    yield Case("import", "import pynn", _import_pair, 1, rival="import numpy", inside=False)


def _pair(ours: Any, theirs: Any, count: int, bound: Bound, n: int) -> Pair:
    arrays = [uniform(-1, 1, n, n, seed=seed) for seed in range(count)]
    return Pair((ours, *tensors(*arrays)), (theirs, *arrays), bound)


def _import_pair(_: int) -> Pair:
    """A process that does nothing else; its modules are found where ours were."""

    def run(module: str) -> int:
        code = f"import sys; sys.path[:] = {sys.path!r}; import {module}"
        return subprocess.run([sys.executable, "-c", code], check=True).returncode

    return Pair((run, "pynn"), (run, "numpy"))

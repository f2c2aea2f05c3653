"""`pynn bench`: pynn beside NumPy, in the same run, after both gave the same results."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

# NumPy's linear algebra reads these when it is imported.
_THREADS = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "PYNN_NUM_THREADS",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the table; returns the exit code.

    Runs in a process of its own, so that NumPy's library, too, has as many threads as asked for.
    """
    options = _parser().parse_args(arguments)
    count = str(options.threads)
    if any(os.environ.get(name) != count for name in _THREADS):
        command = [sys.executable, "-m", "pynn", "bench", *_words(options)]
        return subprocess.call(command, env=os.environ | dict.fromkeys(_THREADS, count))
    from pynn.bench.table import run

    try:
        return run(options.filter, options.quick, options.list)
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pynn bench", description="Measure pynn beside NumPy; both must give the same results."
    )
    parser.add_argument("--filter", default="", metavar="TEXT", help="only cases with TEXT in them")
    parser.add_argument("--list", action="store_true", help="name the cases, measure nothing")
    parser.add_argument("--quick", action="store_true", help="shorter work, fewer repetitions")
    parser.add_argument("--threads", type=int, default=1, help="for both (default: %(default)s)")
    return parser


def _words(options: argparse.Namespace) -> list[str]:
    words = [f"--threads={options.threads}", f"--filter={options.filter}"]
    return words + [f"--{name}" for name in ("list", "quick") if getattr(options, name)]

"""`pynn bench`: pynn beside NumPy, on this machine, with the results compared before the times.

The cases are in pynn.bench.cases; the repository's benches/ runs the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `pynn bench` with these arguments; returns the exit code."""
    from pynn.bench.command import run

    return run(arguments)

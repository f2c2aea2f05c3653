"""The table that `pynn bench` prints."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import pynn
from pynn.bench import networks, operators
from pynn.bench.measure import Case, Result, measure


def cases(quick: bool) -> Iterator[Case]:
    """All cases, the networks first."""
    yield from networks.cases(quick)
    yield from operators.cases(quick)


def run(text: str, quick: bool, only_names: bool) -> int:
    """Print the machine, then a line per case whose name holds `text`."""
    found = [c for c in cases(quick) if text.lower() in c.name.lower()]
    if not found:
        print(f"no case has {text!r} in its name; see pynn bench --list")
        return 2
    if only_names:
        print("\n".join(c.name for c in found))
        return 0
    print(machine())
    print(f"\n{'':<44} {'pynn':>10} {'NumPy':>10}  times faster (quartiles)")
    for c in found:
        result = measure(c, pairs=7, seconds=0.005) if quick else measure(c)
        print(line(c, result), flush=True)
    return 0


def line(case: Case, result: Result) -> str:
    """One row of the table."""
    rival = "" if case.rival == "NumPy" else f"  beside {case.rival}"
    spread = f"({result.low:.3g} to {result.high:.3g})"
    times = f"{duration(result.ours):>10} {duration(result.theirs):>10}"
    return f"{case.name:<44} {times}  {result.ratio:>7.3g}  {spread}{rival}"


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, factor in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= factor:
            return f"{seconds / factor:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def machine() -> str:
    """What was measured where."""
    config = pynn.config()
    return (
        f"{processor()}, {pynn.get_num_threads()} thread(s) for both\n"
        f"pynn {config['pynn']} ({config['level_active']}, {config['compiler']}), "
        f"NumPy {np.__version__}, Python {platform.python_version()}, {platform.platform()}"
    )


def processor() -> str:
    """The processor's name where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for row in info.read_text().splitlines():
            if row.startswith("model name"):
                return row.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()

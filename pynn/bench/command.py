"""The command: which cases, how many threads, what comes out."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pynn
from pynn.bench.case import Case, Mismatch

# NumPy's multiplication reads them once, when it is loaded: before this line ran.
_THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run `pynn bench`; returns the exit code.

    It may replace this process by another one, see `_run_again`.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.json and not options.json.parent.is_dir():
        parser.error(f"there is no folder {str(options.json.parent)!r} for --json")
    from pynn.bench.cases import select

    cases = select(options.filter)
    if not cases:
        print(
            f"pynn bench: no case has {options.filter!r} in its name; "
            "`pynn bench --list` shows them all",
            file=sys.stderr,
        )
        return 2
    if options.list:
        for case in cases:
            print(f"{case.group:<14} {case.name}")
        return 0
    try:
        code = _run_again(arguments, options.threads)
        return _measure(cases, options) if code is None else code
    except KeyboardInterrupt:
        print("\npynn bench: stopped", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pynn bench",
        description="Measure pynn beside NumPy on this machine. Ratios above 1 mean that pynn is "
        "faster; both sides' results are compared before they are timed.",
    )
    parser.add_argument("--list", action="store_true", help="show the cases and stop")
    parser.add_argument(
        "--filter",
        metavar="TEXT",
        default="",
        help="only cases in whose name every word of TEXT occurs",
    )
    parser.add_argument("--quick", action="store_true", help="shorter and fewer blocks")
    parser.add_argument(
        "--threads", type=_count, default=1, metavar="N", help="for both sides (%(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least one thread is needed")
    return value


def _run_again(arguments: list[str], threads: int) -> int | None:
    """Start anew where NumPy was loaded with other threads; None: it was not.

    The new process finds its modules where this one did.
    """
    wanted = {name: str(threads) for name in _THREAD_VARIABLES}
    if all(os.environ.get(name) == value for name, value in wanted.items()):
        return None
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; "
        "from pynn.bench import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, *arguments]
    environment = {**os.environ, **wanted}
    if os.name == "posix":
        sys.stdout.flush()
        os.execve(sys.executable, command, environment)
    return subprocess.run(command, env=environment, check=False).returncode


def _measure(cases: Sequence[Case], options: argparse.Namespace) -> int:
    from pynn.bench import machine
    from pynn.bench.report import Table
    from pynn.bench.timing import QUICK, Plan, measure

    pynn.set_num_threads(options.threads)
    plan = replace(QUICK if options.quick else Plan(), threads=options.threads)
    facts = machine.describe(options.threads)
    print(machine.line(facts))
    table = Table(facts)
    try:
        for case in cases:
            pair = case.pair()
            try:
                pair.check()
            except Mismatch as error:
                table.add_wrong(case, error)
            else:
                table.add(case, measure(case, pair, plan))
    finally:
        if options.json:
            table.save(options.json)
    table.close()
    return 1 if table.wrong else 0

"""The command line: `pynn` and `python -m pynn`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import pynn


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments[:1] == ["bench"]:
        return _bench(arguments[1:])
    options = _parser().parse_args(arguments)
    return int(options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pynn", description="Neural networks from one wheel.")
    parser.add_argument("--version", action="version", version=f"pynn {pynn.__version__}")
    commands = parser.add_subparsers(metavar="command", required=True)

    tour = commands.add_parser("tour", help="walk through the tutorial, chapter by chapter")
    tour.add_argument(
        "--out", type=Path, default=Path("pynn-tour"), help="folder for the plots (%(default)s)"
    )
    tour.add_argument("--no-plots", action="store_true", help="draw nothing")
    tour.add_argument("--quick", action="store_true", help="fewer epochs, done in a few seconds")
    tour.add_argument("--seed", type=_seed, default=0, help="of all random numbers (%(default)s)")
    tour.add_argument("--threads", type=_count, help="as many threads for pynn (default: all)")
    tour.set_defaults(run=_tour)

    commands.add_parser("bench", help="measure pynn beside NumPy", add_help=False)
    config = commands.add_parser("config", help="show what this pynn is built of and runs on")
    config.set_defaults(run=_config)
    return parser


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError("a seed is a whole number from 0 to 2**32 - 1")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least one thread is needed")
    return value


def _tour(options: argparse.Namespace) -> int:
    from pynn.tour import Options, run

    if options.threads is not None:
        pynn.set_num_threads(options.threads)
    try:
        run(Options(options.out, not options.no_plots, options.quick, options.seed))
    except OSError as error:
        print(f"pynn tour: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\npynn tour: stopped", file=sys.stderr)
        return 130
    return 0


def _config(_: argparse.Namespace) -> int:
    pynn.show_config()
    return 0


def _bench(arguments: Sequence[str]) -> int:
    return int(import_module("pynn.bench").main(arguments))

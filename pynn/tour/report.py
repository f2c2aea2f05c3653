"""What the tour prints and where its plots go; the chapters know nothing else of the world."""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from pynn import viz

_WIDTH = 88


@dataclass(frozen=True)
class Options:
    """What the command line decides."""

    out: Path = Path("pynn-tour")
    plots: bool = True
    quick: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Row:
    """One line of the table at the end; times in seconds."""

    chapter: str
    result: str
    pynn: float
    numpy: float


class Report:
    """Prints the chapters and keeps the rows for the table."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.rows: list[Row] = []
        self.files: list[Path] = []
        self.draws = options.plots and viz.available()
        if self.draws:
            options.out.mkdir(parents=True, exist_ok=True)
        elif options.plots:
            self.say(
                "Without matplotlib there will be no plots; for them: "
                "pip install 'pynn-native[plot]'"
            )

    def chapter(self, title: str, story: str) -> None:
        """Open a chapter."""
        heading = f"{len(self.rows) + 1}. {title}"
        print(f"\n{heading}\n{'-' * len(heading)}")
        print(textwrap.fill(" ".join(story.split()), _WIDTH), end="\n\n")

    def say(self, text: str) -> None:
        """Print a line of the story, wrapped."""
        print(textwrap.fill(text, _WIDTH), flush=True)

    def plot(self, name: str, size: tuple[float, float], draw: Callable[[Any], None]) -> None:
        """If plots are on, let `draw` draw on a figure of `size` inches, written as `name`.png."""
        if not self.draws:
            return
        path = self.options.out / f"{name}.png"
        with viz.saved(path, size) as figure:
            draw(figure)
        self.files.append(path)

    def progress(self, items: Iterable[Any], label: str) -> Iterable[Any]:
        """The items, with a bar on a terminal if tqdm is installed."""
        if not sys.stdout.isatty():
            return items
        try:
            tqdm = import_module("tqdm").tqdm
        except ImportError:
            return items
        bar: Iterable[Any] = tqdm(items, desc=label, leave=False, file=sys.stdout)
        return bar

    def close(self, chapter: str, result: str, pynn: float, numpy: float) -> None:
        """End a chapter: its result, and the seconds that both took for the same work."""
        row = Row(chapter, result, pynn, numpy)
        self.rows.append(row)
        print(
            f"\nTime: pynn {_seconds(pynn)}, the tutorial's formulas in NumPy {_seconds(numpy)}: "
            f"{_ratio(row)}.",
            flush=True,
        )

    def table(self) -> None:
        """Print all rows."""
        head = ("chapter", "result", "pynn", "NumPy", "ratio")
        body = [
            (r.chapter, r.result, _seconds(r.pynn), _seconds(r.numpy), _ratio(r)) for r in self.rows
        ]
        widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
        print()
        for line in (head, tuple("-" * w for w in widths), *body):
            text = "  ".join(c.ljust(w) for c, w in zip(line[:2], widths[:2], strict=True))
            times = "  ".join(c.rjust(w) for c, w in zip(line[2:], widths[2:], strict=True))
            print(f"{text}  {times}")


def timed(function: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    """The shortest time of `repeats` calls in seconds, and what the last one returned."""
    shortest, result = float("inf"), None
    for _ in range(repeats):
        start = time.perf_counter()
        result = function()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest, result


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1e3:.3g} ms"


def _ratio(row: Row) -> str:
    ratio = row.numpy / row.pynn
    return f"{ratio:.0f}x" if ratio >= 10 else f"{ratio:.1f}x"

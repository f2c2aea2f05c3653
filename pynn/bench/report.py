"""The table on the screen, and the same as JSON."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from pynn.bench.case import Case
from pynn.bench.timing import Result

_NAME = 52
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


class Table:
    """Prints a row as soon as it is measured, and keeps what it printed."""

    def __init__(self, facts: dict[str, object]) -> None:
        self.facts = facts
        self.rows: list[dict[str, Any]] = []
        self.wrong: list[str] = []
        self.below: list[str] = []
        self._heading: tuple[str, str] | None = None

    def add(self, case: Case, result: Result) -> None:
        """A case that was measured."""
        self._head(case)
        low, middle, high = result.quartiles()
        bar = f"{case.least:g}" if case.least else ""
        if middle < case.least:
            self.below.append(case.name)
        self.rows.append(
            {
                "group": case.group,
                "case": case.name,
                "rival": case.rival,
                "asked": case.least or None,
                "pynn": _summary(result.pynn),
                "rival_time": _summary(result.rival),
                "ratio": {"median": middle, "q1": low, "q3": high, "min": min(result.ratios)},
                "busy": result.busy,
            }
        )
        print(
            f"{case.name:<{_NAME}} {seconds(statistics.median(result.pynn)):>9}"
            f" {seconds(statistics.median(result.rival)):>9} {_number(middle):>7}"
            f"  {_number(low):>6} - {_number(high):<6} {_number(min(result.ratios)):>6} {bar:>5}",
            flush=True,
        )

    def add_wrong(self, case: Case, error: Exception) -> None:
        """A case whose two sides do not agree."""
        self._head(case)
        print(f"{case.name:<{_NAME}} NOT TIMED: {error}", flush=True)
        self.wrong.append(case.name)

    def close(self) -> None:
        """What the rows amount to."""
        print()
        if self.rows:
            busy = statistics.mean(row["busy"] for row in self.rows)
            if busy < 0.97:
                print(
                    f"The processor worked for pynn bench {busy:.0%} of the time, the rest for "
                    "others.\nRatios suffer little from that, times do: better on a quiet machine."
                )
        asked = [row for row in self.rows if row["asked"]]
        if asked:
            print(f"{len(asked) - len(self.below)} of {len(asked)} cases reach what is asked for.")
        for title, names in (("Below it", self.below), ("Results differ", self.wrong)):
            if names:
                print(f"{title}: {'; '.join(names)}.")

    def save(self, path: Path) -> None:
        """Write facts and rows as JSON."""
        text = json.dumps({"machine": self.facts, "cases": self.rows}, indent=1)
        path.write_text(text + "\n", encoding="utf-8")

    def _head(self, case: Case) -> None:
        if self._heading == (case.group, case.rival):
            return
        self._heading = (case.group, case.rival)
        print(
            f"\n{case.group:<{_NAME}} {'pynn':>9} {case.rival:>9} {'ratio':>7}"
            f"  {'quartiles':^15} {'min':>6} {'asked':>5}"
        )


def seconds(value: float) -> str:
    """Three digits and a unit."""
    size, unit = next((pair for pair in _UNITS if value >= pair[0]), _UNITS[-1])
    return f"{_number(value / size)} {unit}"


def _number(value: float) -> str:
    digits = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:.{digits}f}"


def _summary(values: tuple[float, ...]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values)}

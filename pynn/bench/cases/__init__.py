"""The table of cases, by family."""

from __future__ import annotations

from functools import cache

from pynn.bench.case import Case as Case


@cache
def table() -> tuple[Case, ...]:
    """All cases, in the order of the report."""
    from pynn.bench.cases import (
        casts,
        convolution,
        elementwise,
        functions,
        indices,
        losses,
        movement,
        normalization,
        overhead,
        products,
        pytorch,
        reductions,
        scans,
        sequence,
        sorting,
        training,
        updates,
        views,
    )

    families = (
        training,
        products,
        convolution,
        sequence,
        elementwise,
        functions,
        reductions,
        scans,
        losses,
        indices,
        movement,
        sorting,
        normalization,
        updates,
        casts,
        views,
        overhead,
        pytorch,
    )
    return tuple(case for family in families for case in family.cases())


def select(text: str) -> list[Case]:
    """The cases in whose group and name every word of the text occurs."""
    words = text.lower().split()
    return [
        case
        for case in table()
        if all(word in f"{case.group} {case.name}".lower() for word in words)
    ]

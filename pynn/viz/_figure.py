"""Where figures come from and where they go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

INSTALL = "pip install 'pynn-native[plot]'"
_SAVED_DPI = 120
_WITHOUT_WINDOW = {"agg", "cairo", "pdf", "pgf", "ps", "svg", "template"}


def available() -> bool:
    """Whether matplotlib can be imported."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        return False
    return True


def _missing(error: ImportError) -> ImportError:
    return ImportError(f"plots need matplotlib, which is not installed: {INSTALL} ({error})")


@contextmanager
def shown(size: tuple[float, float]) -> Iterator[Any]:
    """A pyplot figure of `size` inches, shown at the end as `plt.show()` shows it.

    With a backend that has no window (Agg and the file formats) it stays open and nothing waits.
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise _missing(error) from error
    yield pyplot.figure(figsize=size)
    if pyplot.get_backend().lower() not in _WITHOUT_WINDOW:
        pyplot.show()


@contextmanager
def saved(path: str | Path, size: tuple[float, float]) -> Iterator[Any]:
    """A figure of `size` inches, written to `path` at the end; pyplot knows nothing of it."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise _missing(error) from error
    figure = Figure(figsize=size, layout="constrained")
    yield figure
    figure.savefig(path, dpi=_SAVED_DPI)

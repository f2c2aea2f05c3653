"""Private: what the tests look at and pull at.  No promises about any of it."""

from __future__ import annotations

from pynn import _core


def live_bytes() -> int:
    """Bytes of storage in use."""
    return _core._memory_stats()["live_bytes"]


def stats() -> dict[str, int]:
    """Objects alive (tensors, storages, nodes), records run, and the memory counters."""
    return {**_core._engine_stats(), **_core._memory_stats()}


def trim() -> None:
    """Gives cached memory back to the system."""
    _core._memory_trim()


def fail_alloc(n: int, persistent: bool = False) -> None:
    """The n-th allocation from now fails (1 is the next, 0 turns it off)."""
    _core._fail_alloc(n, persistent)


def levels() -> list[str]:
    """The ISA levels that this machine can run, best first."""
    return [name for name, runnable in _core._levels() if runnable]


def last_level() -> str:
    """The active ISA level."""
    return _core._active_level()


def set_level(name: str) -> None:
    """Switches to an ISA level; an unknown or unrunnable one is a ValueError."""
    _core._set_level(name)


def chaos(on: bool) -> None:
    """Threads for every piece of work, single units, in random order."""
    _core._chaos(on)


def pool_stats() -> dict[str, int]:
    """regions, chunks, threads that took chunks, workers started."""
    return _core._pool_stats()


def reset_pool_stats() -> None:
    """Starts counting anew."""
    _core._reset_pool_stats()


def release_threshold(nanoseconds: float) -> float:
    """Sets above which cost the GIL is released around a record; gives the old value."""
    return _core._release_threshold(nanoseconds)

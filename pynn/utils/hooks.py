"""Handles by which hooks are taken off again."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

__all__ = ["RemovableHandle", "add_hook"]

_ids = itertools.count()


class RemovableHandle:
    """remove() takes the hook off; so does the end of a with block."""

    def __init__(self, table: dict[int, Any]) -> None:
        self.table = table
        self.id = next(_ids)

    def remove(self) -> None:
        """Takes the hook off; a second time does nothing."""
        self.table.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def add_hook(
    table: dict[int, Any], hook: Callable[..., Any], prepend: bool = False
) -> RemovableHandle:
    """Puts a hook into its table, at the end or, with prepend, at the front."""
    handle = RemovableHandle(table)
    later = dict(table) if prepend else {}
    if prepend:
        table.clear()
    table[handle.id] = hook
    table.update(later)
    return handle

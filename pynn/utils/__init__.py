"""Helpers around networks: checkpointing, and handles of hooks."""

from __future__ import annotations

import importlib
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pynn.utils import checkpoint as checkpoint, hooks as hooks

__all__ = ["checkpoint", "hooks"]


def __getattr__(name: str) -> ModuleType:
    if name not in __all__:
        raise AttributeError(f"module 'pynn.utils' has no attribute {name!r}")
    return importlib.import_module(f"pynn.utils.{name}")

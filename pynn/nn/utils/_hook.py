"""The hooks that compute a weight before the forward pass."""

from __future__ import annotations

from typing import Any


def find_hook(module: Any, kind: type, name: str) -> tuple[Any, Any] | None:
    """The key and the hook of this kind for the parameter `name`, or None."""
    tables = module._hooks
    for key, (hook, _) in tables.pre.items() if tables is not None else ():
        if isinstance(hook, kind) and hook.name == name:  # type: ignore[attr-defined]
            return key, hook
    return None


def refuse_second(module: Any, kind: type, name: str, what: str) -> None:
    """RuntimeError if the parameter has such a hook."""
    if find_hook(module, kind, name) is not None:
        raise RuntimeError(f"Cannot register two {what} hooks on the same parameter {name}")


def take_hook(module: Any, kind: type, name: str, what: str) -> Any:
    """The hook, which the module loses; ValueError if there is none."""
    found = find_hook(module, kind, name)
    if found is None:
        raise ValueError(f"{what} of '{name}' not found in {module}")
    del module._hooks.pre[found[0]]
    return found[1]

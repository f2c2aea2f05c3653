"""Hooks around forward() and in the backward pass."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from pynn.nn.modules._tree import ModuleTree
from pynn.utils.hooks import RemovableHandle, add_hook


class _Hooks:
    """The hooks of one module, by handle id."""

    def __init__(self) -> None:
        self.pre: dict[int, tuple[Callable[..., Any], bool]] = {}
        self.post: dict[int, tuple[Callable[..., Any], bool, bool]] = {}
        self.backward_pre: dict[int, Callable[..., Any]] = {}
        self.backward: dict[int, Callable[..., Any]] = {}

    def __bool__(self) -> bool:
        return bool(self.pre or self.post or self.backward_pre or self.backward)


class ModuleHooks(ModuleTree):
    """Registration of hooks, and the call that runs them."""

    _hooks: _Hooks | None
    forward: Callable[..., Any]

    def _hook_tables(self) -> _Hooks:
        if self._hooks is None:
            self._hooks = _Hooks()
        return self._hooks

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """hook(module, args) before forward(); what it returns replaces args.

        with_kwargs: hook(module, args, kwargs), which returns None or both.
        """
        return _add(self._hook_tables().pre, (hook, with_kwargs), prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """hook(module, args, output) after forward(); what it returns replaces output.

        with_kwargs: hook(module, args, kwargs, output).  always_call: also when
        forward() raised (output None).
        """
        return _add(self._hook_tables().post, (hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """hook(module, grad_output) before the module's backward; what it returns
        replaces grad_output."""
        return add_hook(self._hook_tables().backward_pre, hook, prepend)

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """hook(module, grad_input, grad_output) when the gradients of the inputs are
        known; what it returns replaces grad_input."""
        return add_hook(self._hook_tables().backward, hook, prepend)

    # ---- the call ------------------------------------------------------------------

    def _call_hooked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        hooks = self._hooks
        if not hooks:
            self._hooks = None
            return self.forward(*args, **kwargs)
        called: set[int] = set()
        result = None
        try:
            for hook, with_kwargs in list(hooks.pre.values()):
                args, kwargs = self._run_pre(hook, with_kwargs, args, kwargs)
            watch = None
            if hooks.backward or hooks.backward_pre:
                from pynn.nn.modules._backward_hook import BackwardWatch

                watch = BackwardWatch(
                    self, list(hooks.backward_pre.values()), list(hooks.backward.values())
                )
                args = watch.inputs(args)
            result = self.forward(*args, **kwargs)
            for number, (hook, with_kwargs, _) in list(hooks.post.items()):
                called.add(number)
                changed = self._run_post(hook, with_kwargs, args, kwargs, result)
                if changed is not None:
                    result = changed
            return result if watch is None else watch.outputs(result)
        except Exception:
            self._run_always(hooks, called, args, kwargs, result)
            raise

    def _run_pre(
        self, hook: Callable[..., Any], with_kwargs: bool, args: Any, kwargs: Any
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if not with_kwargs:
            changed = hook(self, args)
            if changed is None:
                return args, kwargs
            return (changed if isinstance(changed, tuple) else (changed,)), kwargs
        changed = hook(self, args, kwargs)
        if changed is None:
            return args, kwargs
        if isinstance(changed, tuple) and len(changed) == 2:
            return changed
        raise RuntimeError(
            "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got "
            f"{changed}."
        )

    def _run_post(
        self, hook: Callable[..., Any], with_kwargs: bool, args: Any, kwargs: Any, result: Any
    ) -> Any:
        return hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)

    def _run_always(
        self, hooks: _Hooks, called: set[int], args: Any, kwargs: Any, result: Any
    ) -> None:
        """forward() or a hook raised: the hooks that are to run in any case."""
        for number, (hook, with_kwargs, always) in list(hooks.post.items()):
            if not always or number in called:
                continue
            try:
                changed = self._run_post(hook, with_kwargs, args, kwargs, result)
                if changed is not None:
                    result = changed
            except Exception as error:
                warnings.warn(
                    "module forward hook with ``always_call=True`` raised an exception that was "
                    f"silenced as another error was raised in forward: {error}",
                    stacklevel=2,
                )


def _add(table: dict[int, Any], entry: tuple[Any, ...], prepend: bool) -> RemovableHandle:
    if not callable(entry[0]):
        raise TypeError(f"a hook is a function, not {type(entry[0]).__name__}")
    return add_hook(table, entry, prepend)  # type: ignore[arg-type]

"""state_dict() and load_state_dict()."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable, Mapping
from typing import Any

from pynn import _core
from pynn._core import Parameter, Tensor
from pynn.nn.modules._tree import ModuleTree
from pynn.utils.hooks import RemovableHandle, add_hook

_IncompatibleKeys = namedtuple("_IncompatibleKeys", ["missing_keys", "unexpected_keys"])
_EXTRA_STATE = "_extra_state"


class IncompatibleKeys(_IncompatibleKeys):
    """What load_state_dict(strict=False) could not match: missing and unexpected keys."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


class ModuleState(ModuleTree):
    """Saving and loading by path."""

    _version: int = 1
    get_extra_state: Callable[[], Any]
    set_extra_state: Callable[[Any], None]

    def _state_hooks(self, kind: str) -> dict[int, Any]:
        """The table to add a hook to."""
        hooks: dict[str, dict[int, Any]] = self.__dict__.setdefault("_state_dict_hooks", {})
        return hooks.setdefault(kind, {})

    def _hooks_of(self, kind: str) -> list[Any]:
        return list(self.__dict__.get("_state_dict_hooks", {}).get(kind, {}).values())

    # ---- saving --------------------------------------------------------------------

    def state_dict(
        self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> Any:
        """Parameters and persistent buffers by path: {"0.weight": ..., ...}.

        The tensors share the module's memory; without keep_vars they are detached.
        """
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata
        for hook in self._hooks_of("pre"):
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(
                    destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
                )
        for hook in self._hooks_of("post"):
            hook(self, destination, prefix, metadata)
        return destination

    def _save_to_state_dict(
        self, destination: dict[str, Any], prefix: str, keep_vars: bool
    ) -> None:
        """This module's own entries."""
        for name, tensor in [*self._parameters.items(), *self._buffers.items()]:
            if tensor is not None and name not in self._non_persistent_buffers_set:
                destination[prefix + name] = tensor if keep_vars else tensor.detach()
        if hasattr(self, "get_extra_state"):
            destination[prefix + _EXTRA_STATE] = self.get_extra_state()

    def register_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """hook(module, prefix, keep_vars) before this module's entries are gathered."""
        return add_hook(self._state_hooks("pre"), hook)

    def register_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """hook(module, state_dict, prefix, local_metadata) after they are gathered."""
        return add_hook(self._state_hooks("post"), hook)

    # ---- loading -------------------------------------------------------------------

    def register_load_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """hook(module, state_dict, prefix, local_metadata, strict, missing_keys,
        unexpected_keys, error_msgs) before this module's entries are loaded."""

        def call(*args: Any) -> None:
            hook(self, *args)

        return add_hook(self._state_hooks("load_pre"), call)

    def register_load_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """hook(module, incompatible_keys) after loading; it may edit the lists."""
        return add_hook(self._state_hooks("load_post"), hook)

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copies tensors by path into parameters and buffers.

        strict: the keys must be exactly this module's.  assign: the given
        tensors take the places instead of being copied.  Differing shapes
        raise RuntimeError in any case.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []
        metadata = getattr(state_dict, "_metadata", None)
        state: Any = OrderedDict(state_dict)
        if metadata is not None:
            state._metadata = metadata

        def load(module: ModuleState, local_state: Any, prefix: str) -> None:
            local = {} if metadata is None else dict(metadata.get(prefix[:-1], {}))
            if assign:
                local["assign_to_params_buffers"] = True
            module._load_from_state_dict(
                local_state, prefix, local, True, missing, unexpected, errors
            )
            for name, child in module._modules.items():
                if child is not None:
                    path = f"{prefix}{name}."
                    below = OrderedDict(
                        (k, v) for k, v in local_state.items() if k[: len(path)] == path
                    )
                    load(child, below, path)
            keys = IncompatibleKeys(missing, unexpected)
            for hook in module._hooks_of("load_post"):
                if hook(module, keys) is not None:
                    raise RuntimeError(
                        "Hooks registered with ``register_load_state_dict_post_hook`` are not "
                        "expected to return new values, if incompatible_keys need to be "
                        "modified, it should be done inplace."
                    )

        load(self, state, "")
        if strict and unexpected:
            names = ", ".join(f'"{k}"' for k in unexpected)
            errors.insert(0, f"Unexpected key(s) in state_dict: {names}. ")
        if strict and missing:
            names = ", ".join(f'"{k}"' for k in missing)
            errors.insert(0, f"Missing key(s) in state_dict: {names}. ")
        if errors:
            text = "\n\t".join(errors)
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{text}"
            )
        return IncompatibleKeys(missing, unexpected)

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Loads this module's own entries; problems go into the lists."""
        for hook in self._hooks_of("load_pre"):
            hook(
                state_dict,
                prefix,
                local_metadata,
                strict,
                missing_keys,
                unexpected_keys,
                error_msgs,
            )
        assign = local_metadata.get("assign_to_params_buffers", False)
        own: dict[str, Tensor] = {
            name: tensor
            for name, tensor in [*self._parameters.items(), *self._buffers.items()]
            if tensor is not None and name not in self._non_persistent_buffers_set
        }
        for name, tensor in own.items():
            key = prefix + name
            if key in state_dict:
                problem = self._load_one(name, key, tensor, state_dict[key], assign)
                if problem:
                    error_msgs.append(problem)
            elif strict:
                missing_keys.append(key)
        extra = prefix + _EXTRA_STATE
        if hasattr(self, "set_extra_state"):
            if extra in state_dict:
                self.set_extra_state(state_dict[extra])
            elif strict:
                missing_keys.append(extra)
        elif strict and extra in state_dict:
            unexpected_keys.append(extra)
        if strict:
            unexpected_keys += self._strangers(state_dict, prefix, own)

    def _strangers(self, state_dict: dict[str, Any], prefix: str, own: dict[str, Any]) -> list[str]:
        """Keys under this prefix that neither this module nor one right below has."""
        found = []
        for key in state_dict:
            if key.startswith(prefix) and key != prefix + _EXTRA_STATE:
                first, _, rest = key[len(prefix) :].partition(".")
                if first not in self._modules if rest else first not in own:
                    found.append(key)
        return found

    def _load_one(self, name: str, key: str, own: Tensor, given: Any, assign: bool) -> str:
        """Loads one tensor; the message if it cannot be."""
        if not isinstance(given, Tensor):
            return (
                f'While copying the parameter named "{key}", expected pynn.Tensor or Tensor-like '
                f"object from checkpoint but received {type(given)}"
            )
        if own.ndim == 0 and given.ndim == 1 and given.numel() == 1:
            given = given.reshape(())
        if given.shape != own.shape:
            return (
                f"size mismatch for {key}: copying a param with shape {_size(given)} from "
                f"checkpoint, the shape in current model is {_size(own)}."
            )
        try:
            with _core.no_grad():
                if not assign:
                    own.copy_(given)
                elif isinstance(own, Parameter):
                    if not isinstance(given, Parameter):
                        given = Parameter(given, own.requires_grad)
                    else:
                        given.requires_grad_(own.requires_grad)
                    setattr(self, name, given)
                else:
                    setattr(self, name, given)
        except Exception as error:
            return (
                f'While copying the parameter named "{key}", whose dimensions in the model are '
                f"{_size(own)} and whose dimensions in the checkpoint are {_size(given)}, an "
                f"exception occurred : {error.args}."
            )
        return ""


def _size(t: Tensor) -> str:
    return f"pynn.Size({list(t.shape)})"

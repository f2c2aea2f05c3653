"""The base of all optimisers: parameter groups, state, hooks."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, TypeAlias

from pynn import _core
from pynn._core import Tensor

ParamsT: TypeAlias = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]


class RemovableHandle:
    """Takes a hook away again."""

    def __init__(self, hooks: dict[int, Any]) -> None:
        self.id = max(hooks, default=-1) + 1
        self._hooks = hooks

    def remove(self) -> None:
        self._hooks.pop(self.id, None)


class Optimizer(_core._Optimizer):
    """Parameter groups with options, and a state per parameter.

    params are tensors, (name, tensor) pairs, or dicts with "params" and options
    of their own; options that a group lacks come from defaults.  param_groups
    may be written between steps, captured ones included: what they hold is read
    before each.  `state` maps a parameter to the tensors of its state, which are
    updated in place.

    An optimiser of your own derives from this class and defines step(), which
    goes through param_groups.
    """

    def __init__(self, params: ParamsT, defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or "
                "dicts, but got Tensor"
            )
        _check_ordered(params)
        self.defaults = defaults
        self.state = defaultdict(dict)
        self._pre_hooks = {}
        self._post_hooks = {}
        self._dict_hooks: dict[str, dict[int, Callable[..., Any]]] = defaultdict(dict)
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """A step() written in Python gets the hooks too."""
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _hooked(cls.__dict__["step"])  # type: ignore[method-assign]

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Adds a group: {"params": tensors, ...}; options it lacks take the defaults."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        group = dict(param_group)
        if "params" not in group:
            raise ValueError(f"a parameter group needs 'params'; this one has {list(group)}")
        params = group["params"]
        _check_ordered(params)
        params = [params] if isinstance(params, Tensor) else list(params)
        if params and all(isinstance(p, tuple) for p in params):
            group["param_names"] = [name for name, _ in params]
            params = [p for _, p in params]
        group["params"] = params
        for name, default in self.defaults.items():
            group.setdefault(name, default)
        known = {id(p) for g in self.param_groups for p in g["params"]}
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(
                    "optimizer can only optimize Tensors, but one of the params is "
                    + type(p).__name__
                )
            if not p.is_leaf:
                raise ValueError("can't optimize a non-leaf Tensor")
            if id(p) in known:
                raise ValueError("some parameters appear in more than one parameter group")
            known.add(id(p))
        named = {"param_names" in g for g in [*self.param_groups, group]}
        if len(named) > 1:
            raise ValueError("all optimizer param groups should be with/without names")
        self._check_options(group)
        self.param_groups.append(group)

    def _check_options(self, group: dict[str, Any]) -> None:
        """ValueError if an option of the group is out of its range."""

    # ---- hooks --------------------------------------------------------------------

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """hook(optimizer, args, kwargs) before every step; it may return new (args, kwargs)."""
        return _register(self._pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """hook(optimizer, args, kwargs) after every step."""
        return _register(self._post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """hook(optimizer) before state_dict()."""
        return _register(self._dict_hooks["save_pre"], hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """hook(optimizer, state_dict) after state_dict(); it may return another."""
        return _register(self._dict_hooks["save_post"], hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """hook(optimizer, state_dict) before load_state_dict(); it may return another."""
        return _register(self._dict_hooks["load_pre"], hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """hook(optimizer) after load_state_dict()."""
        return _register(self._dict_hooks["load_post"], hook)

    # ---- state --------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """{"state": per parameter number its state, "param_groups": options}.

        Parameters are numbered in order.  The tensors are the optimiser's own.
        """
        for hook in list(self._dict_hooks["save_pre"].values()):
            hook(self)
        index = {id(p): i for i, p in enumerate(self._params())}
        state = {index[id(p)]: dict(s) for p, s in self.state.items() if id(p) in index}
        groups = [
            {**{k: v for k, v in g.items() if k != "params"}, "params": numbers}
            for g, numbers in zip(self.param_groups, self._numbers(), strict=True)
        ]
        found: dict[str, Any] = {"state": state, "param_groups": groups}
        for hook in list(self._dict_hooks["save_post"].values()):
            found = hook(self, found) or found
        return found

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what state_dict() gave, cast to the parameters' dtypes.

        The groups must have the same sizes.  PyTorch's state dicts fit, with
        their tensors converted.
        """
        for hook in list(self._dict_hooks["load_pre"].values()):
            state_dict = hook(self, state_dict) or state_dict
        groups = state_dict["param_groups"]
        if len(groups) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        sizes = [len(g["params"]) for g in groups]
        own = [len(g["params"]) for g in self.param_groups]
        if sizes != own:
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of "
                f"optimizer's group: the loaded groups have {sizes} parameters, these {own}"
            )
        numbers = [i for g in groups for i in g["params"]]
        state: dict[Any, Any] = defaultdict(dict)
        for number, p in zip(numbers, self._params(), strict=True):
            if number in state_dict["state"]:
                state[p] = _cast(state_dict["state"][number], p)
        for key, value in state_dict["state"].items():
            if key not in numbers:
                state[key] = value
        for group, loaded in zip(self.param_groups, groups, strict=True):
            group.update({key: value for key, value in loaded.items() if key != "params"})
        self.state = state
        self._adopt()
        for hook in list(self._dict_hooks["load_post"].values()):
            hook(self)

    def _params(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def _numbers(self) -> list[list[int]]:
        numbers = iter(range(len(self._params())))
        return [[next(numbers) for _ in g["params"]] for g in self.param_groups]

    def __repr__(self) -> str:
        lines = []
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return f"{type(self).__name__} (\n" + "\n".join(lines) + "\n)"


class Fused(Optimizer):
    """An optimiser whose step is one C call over all parameters."""

    _algorithm: str
    _ranges: ClassVar[Mapping[str, tuple[float, float]]]
    """Options with their least value and the value that they stay below."""

    def __init__(self, params: ParamsT, **defaults: Any) -> None:
        self._use(self._algorithm)
        super().__init__(params, defaults)

    def _check_options(self, group: dict[str, Any]) -> None:
        for key, (low, high) in self._ranges.items():
            values = group[key]
            pair = isinstance(values, (tuple, list))
            for i, value in enumerate(values if pair else (values,)):
                if low <= float(value) < high:
                    continue
                if pair:
                    raise ValueError(f"Invalid beta parameter at index {i}: {value}")
                name = {"lr": "learning rate", "eps": "epsilon value"}.get(key, f"{key} value")
                raise ValueError(f"Invalid {name}: {value}")


def _check_ordered(params: Any) -> None:
    if isinstance(params, set):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the "
            "ordering of tensors in sets will change between runs. Please use a list instead."
        )


def _register(hooks: dict[int, Any], hook: Callable[..., Any]) -> RemovableHandle:
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


def _hooked(step: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(step)
    def hooked(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        for hook in list(self._pre_hooks.values()):
            changed = hook(self, (self, *args), kwargs)
            if changed is not None:
                args, kwargs = changed[0][1:], changed[1]
        result = step(self, *args, **kwargs)
        for hook in list(self._post_hooks.values()):
            hook(self, (self, *args), kwargs)
        return result

    return hooked


def _cast(entry: Any, p: Tensor) -> Any:
    """Floating tensors in the parameter's dtype, but for the step count."""
    if isinstance(entry, dict):
        return {k: v if k in ("step", "mu_product") else _cast(v, p) for k, v in entry.items()}
    if isinstance(entry, Tensor):
        wanted = p.dtype if p.dtype.is_floating_point else entry.dtype
        return entry.detach().to(wanted).clone()
    return entry

"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pynn import _core
from pynn._core import Tensor


class SGD:
    """Stochastic gradient descent with momentum, as torch.optim.SGD.

    params are tensors or dicts with "params" and options of their own.  Every
    step does, for each parameter p with gradient g (negated if maximize):

        d = g + weight_decay * p
        b = momentum * b + (1 - dampening) * d      (b = d at the first step)
        p = p - lr * (d + momentum * b if nesterov else b)

    param_groups may be written between steps, captured ones included: what
    they hold is read before each.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        self.defaults: dict[str, Any] = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        self.param_groups: list[dict[str, Any]] = []
        self._native: list[_core._SGDGroup] = []
        if isinstance(params, Tensor):
            raise TypeError("params is an iterable of tensors or dicts, not a Tensor")
        groups: list[Any] = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Adds a group: {"params": tensors, ...}; options it lacks take the defaults."""
        group = {**self.defaults, **param_group}
        params = group["params"]
        group["params"] = [params] if isinstance(params, Tensor) else list(params)
        _check_options(group)
        known = {id(p) for g in self.param_groups for p in g["params"]}
        for p in group["params"]:
            if not isinstance(p, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, not {type(p).__name__}")
            if not p.is_leaf:
                raise ValueError("can't optimize a non-leaf Tensor")
            if id(p) in known:
                raise ValueError("some parameters appear in more than one parameter group")
            known.add(id(p))
        self._native.append(_core._SGDGroup(group))
        self.param_groups.append(group)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update; closure, if given, computes the loss anew and is returned."""
        loss = None
        if closure is not None:
            with _core.enable_grad():
                loss = closure()
        for native in self._native:
            native.step()
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets the gradients, or fills them with 0."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    p.grad = p.grad.detach()
                    p.grad.zero_()

    @property
    def state(self) -> dict[Tensor, dict[str, Tensor]]:
        """The momentum buffer of every parameter that has one."""
        return {
            p: {"momentum_buffer": b}
            for group, native in zip(self.param_groups, self._native, strict=True)
            for p, b in zip(group["params"], native.momentum_buffers(), strict=True)
            if b is not None
        }

    def state_dict(self) -> dict[str, Any]:
        """Options and momentum buffers, with parameters numbered in order."""
        index = {id(p): i for i, p in enumerate(self._params())}
        return {
            "state": {index[id(p)]: dict(state) for p, state in self.state.items()},
            "param_groups": [
                {**group, "params": [index[id(p)] for p in group["params"]]}
                for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what state_dict() gave; the groups must have the same sizes."""
        groups = state_dict["param_groups"]
        sizes = [len(g["params"]) for g in groups]
        own = [len(g["params"]) for g in self.param_groups]
        if sizes != own:
            raise ValueError(
                f"the loaded state has groups of {sizes} parameters, this optimizer of {own}"
            )
        for group, loaded in zip(self.param_groups, groups, strict=True):
            group.update({key: value for key, value in loaded.items() if key != "params"})
        for native, loaded in zip(self._native, groups, strict=True):
            for i, number in enumerate(loaded["params"]):
                state = state_dict["state"].get(number, {})
                native.set_momentum_buffer(i, state.get("momentum_buffer"))

    def _params(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def __repr__(self) -> str:
        lines = []
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "SGD (\n" + "\n".join(lines) + "\n)"


def _check_options(group: dict[str, Any]) -> None:
    for key in ("lr", "momentum", "weight_decay"):
        if not float(group[key]) >= 0:
            raise ValueError(f"{key} must not be negative: {group[key]}")
    if group["nesterov"] and (group["momentum"] == 0 or group["dampening"] != 0):
        raise ValueError("Nesterov momentum requires a momentum and zero dampening")

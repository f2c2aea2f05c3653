"""Weight normalisation (Salimans and Kingma 2016)."""

from __future__ import annotations

from typing import Any

from pynn import _core
from pynn._core import Parameter, Tensor
from pynn.nn.utils._hook import refuse_second, take_hook


def _norm_except(v: Tensor, dim: int | None) -> Tensor:
    """The norm over all dimensions but dim, kept as size 1; None: over all."""
    if dim is None or dim == -1:
        return (v * v).sum().sqrt()
    dims = tuple(d for d in range(v.ndim) if d != dim % v.ndim)
    return ((v * v).sum(dims, keepdim=True) if dims else v * v).sqrt()


class WeightNorm:
    """The hook that computes weight = g * v / ||v|| before every forward pass."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = dim

    def compute_weight(self, module: Any) -> Tensor:
        """The weight of the module's g and v."""
        g, v = getattr(module, self.name + "_g"), getattr(module, self.name + "_v")
        weight: Tensor = v * (g / _norm_except(v, self.dim))
        return weight

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Replaces a parameter by its length name_g and its direction name_v.

    The length is per slice along dim; None: one length for all.
    """
    refuse_second(module, WeightNorm, name, "weight_norm")
    hook = WeightNorm(name, dim)
    weight = getattr(module, name)
    del module._parameters[name]
    with _core.no_grad():
        length, direction = _norm_except(weight, dim), weight.detach().clone()
    module.register_parameter(name + "_g", Parameter(length))
    module.register_parameter(name + "_v", Parameter(direction))
    setattr(module, name, hook.compute_weight(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: Any, name: str = "weight") -> Any:
    """Makes the weight an ordinary parameter again."""
    hook = take_hook(module, WeightNorm, name, "weight_norm")
    weight = hook.compute_weight(module)
    delattr(module, name)
    del module._parameters[name + "_g"], module._parameters[name + "_v"]
    setattr(module, name, Parameter(weight.detach()))
    return module

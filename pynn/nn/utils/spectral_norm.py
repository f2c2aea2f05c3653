"""Spectral normalisation (Miyato et al. 2018)."""

from __future__ import annotations

from typing import Any

from pynn import _core
from pynn._core import Parameter, Tensor
from pynn.nn.utils._hook import refuse_second, take_hook


def _normalize(v: Tensor, eps: float) -> Tensor:
    return v / (v * v).sum().sqrt().clamp(min=eps)


class SpectralNorm:
    """The hook that divides a weight by its greatest singular value before every forward pass."""

    def __init__(self, name: str, n_power_iterations: int, dim: int, eps: float) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.name = name
        self.dim = dim
        self.n_power_iterations = n_power_iterations
        self.eps = eps

    def matrix(self, weight: Tensor) -> Tensor:
        """The weight with dimension dim first and the others merged."""
        if self.dim != 0:
            others = [d for d in range(weight.ndim) if d != self.dim]
            weight = weight.permute(self.dim, *others)
        return weight.reshape(weight.shape[0], -1)

    def compute_weight(self, module: Any, iterate: bool) -> Tensor:
        """The weight; iterate: after n_power_iterations more steps towards u and v."""
        weight = getattr(module, self.name + "_orig")
        u, v = getattr(module, self.name + "_u"), getattr(module, self.name + "_v")
        matrix = self.matrix(weight)
        if iterate:
            with _core.no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(_normalize(matrix.t().matmul(u), self.eps))
                    u.copy_(_normalize(matrix.matmul(v), self.eps))
                # the next step writes into u and v, which this one's graph keeps
                u, v = u.clone(), v.clone()
        sigma = (u * matrix.matmul(v)).sum()
        result: Tensor = weight / sigma
        return result

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, module.training))


def spectral_norm(
    module: Any,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Any:
    """Divides a parameter by its greatest singular value, estimated by power iteration.

    The parameter becomes name_orig; name_u and name_v are buffers, which move
    in training mode.  dim None is 0, for transposed convolutions 1.
    """
    refuse_second(module, SpectralNorm, name, "spectral_norm")
    if dim is None:
        dim = int(type(module).__name__.startswith("ConvTranspose"))
    hook = SpectralNorm(name, n_power_iterations, dim, eps)
    weight = module._parameters[name]
    if weight is None:
        raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    with _core.no_grad():
        rows, columns = hook.matrix(weight).shape
        u = _normalize(_core.randn(rows, dtype=weight.dtype), eps)
        v = _normalize(_core.randn(columns, dtype=weight.dtype), eps)
    del module._parameters[name]
    module.register_parameter(name + "_orig", weight)
    setattr(module, name, weight.detach())
    module.register_buffer(name + "_u", u)
    module.register_buffer(name + "_v", v)
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: Any, name: str = "weight") -> Any:
    """Makes the normalised weight an ordinary parameter again."""
    hook = take_hook(module, SpectralNorm, name, "spectral_norm")
    with _core.no_grad():
        weight = hook.compute_weight(module, False)
    for part in ("", "_u", "_v", "_orig"):
        delattr(module, name + part)
    module.register_parameter(name, Parameter(weight.detach()))
    return module

"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from pynn import _core
from pynn._core import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements of all parameters, one after another."""
    vector: Tensor = _core.ops.cat([p.reshape(-1) for p in parameters], 0)
    return vector


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Writes consecutive pieces of vec into the parameters."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected a Tensor, but got: {type(vec).__name__}")
    start = 0
    with _core.no_grad():
        for p in parameters:
            p.copy_(vec[start : start + p.numel()].view(p.shape))
            start += p.numel()

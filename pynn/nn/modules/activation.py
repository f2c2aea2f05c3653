"""Activations."""

from __future__ import annotations

from pynn import _core
from pynn._core import Tensor
from pynn.nn import functional as F
from pynn.nn.modules.module import Module

__all__ = ["ReLU", "Sigmoid", "Tanh"]


class ReLU(Module):
    """max(x, 0) elementwise; inplace writes into the input."""

    inplace: bool

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    @_core._forward("relu")
    def forward(self, input: Tensor) -> Tensor:
        """max(input, 0)."""
        if self.inplace:
            return input.copy_(F.relu(input))
        return F.relu(input)

    def extra_repr(self) -> str:
        """inplace, if so."""
        return "inplace=True" if self.inplace else ""


class Sigmoid(Module):
    """1 / (1 + exp(-x)) elementwise."""

    @_core._forward("sigmoid")
    def forward(self, input: Tensor) -> Tensor:
        """1 / (1 + exp(-input))."""
        return F.sigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent elementwise."""

    @_core._forward("tanh")
    def forward(self, input: Tensor) -> Tensor:
        """tanh(input)."""
        return F.tanh(input)

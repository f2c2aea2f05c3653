"""Dropout modules: in training parts of the input are 0, the rest is scaled; else the identity."""

from __future__ import annotations

from pynn._core import Tensor
from pynn.nn import functional as F
from pynn.nn.modules.module import Module

__all__ = ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d"]


class _Dropout(Module):
    p: float
    inplace: bool

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        """The arguments."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """In training each element is 0 with probability p, else divided by 1 - p."""

    def forward(self, input: Tensor) -> Tensor:
        """F.dropout(input)."""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """In training whole channels of (N, C, L) or (C, L) are 0 with probability p."""

    def forward(self, input: Tensor) -> Tensor:
        """F.dropout1d(input)."""
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """In training whole channels of (N, C, H, W) are 0 with probability p."""

    def forward(self, input: Tensor) -> Tensor:
        """F.dropout2d(input)."""
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """In training whole channels of (N, C, D, H, W) are 0 with probability p."""

    def forward(self, input: Tensor) -> Tensor:
        """F.dropout3d(input)."""
        return F.dropout3d(input, self.p, self.training, self.inplace)

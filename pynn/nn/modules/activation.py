"""Activation modules without parameters; more about each with its function in F."""

from __future__ import annotations

from pynn import _core
from pynn._core import Tensor
from pynn.nn import functional as F
from pynn.nn.modules.module import Module, TensorModule

__all__ = [
    "GELU",
    "GLU",
    "SELU",
    "Hardsigmoid",
    "Hardswish",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softsign",
    "Tanh",
    "Tanhshrink",
]


class _InPlace(Module):
    """A module whose only argument is inplace."""

    inplace: bool

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        """inplace=True, where it is."""
        return "inplace=True" if self.inplace else ""


class ReLU(_InPlace):
    """max(x, 0)."""

    @_core._forward("relu")
    def forward(self, input: Tensor) -> Tensor:
        """F.relu(input)."""
        return F.relu(input, self.inplace)


class SELU(_InPlace):
    """x where x > 0, else 1.6733 (e**x - 1), times 1.0507."""

    def forward(self, input: Tensor) -> Tensor:
        """F.selu(input)."""
        return F.selu(input, self.inplace)


class SiLU(_InPlace):
    """x sigmoid(x)."""

    def forward(self, input: Tensor) -> Tensor:
        """F.silu(input)."""
        return F.silu(input, self.inplace)


class Mish(_InPlace):
    """x tanh(softplus(x))."""

    def forward(self, input: Tensor) -> Tensor:
        """F.mish(input)."""
        return F.mish(input, self.inplace)


class Hardswish(_InPlace):
    """x min(max(x + 3, 0), 6) / 6."""

    def forward(self, input: Tensor) -> Tensor:
        """F.hardswish(input)."""
        return F.hardswish(input, self.inplace)

    def extra_repr(self) -> str:
        """Nothing, as PyTorch's."""
        return ""


class Hardsigmoid(_InPlace):
    """min(max(x + 3, 0), 6) / 6."""

    def forward(self, input: Tensor) -> Tensor:
        """F.hardsigmoid(input)."""
        return F.hardsigmoid(input, self.inplace)

    def extra_repr(self) -> str:
        """Nothing, as PyTorch's."""
        return ""


class Sigmoid(TensorModule):
    """1 / (1 + e**-x)."""

    @_core._forward("sigmoid")
    def forward(self, input: Tensor) -> Tensor:
        """F.sigmoid(input)."""
        return F.sigmoid(input)


class Tanh(TensorModule):
    """The hyperbolic tangent."""

    @_core._forward("tanh")
    def forward(self, input: Tensor) -> Tensor:
        """F.tanh(input)."""
        return F.tanh(input)


class LogSigmoid(TensorModule):
    """log(sigmoid(x))."""

    def forward(self, input: Tensor) -> Tensor:
        """F.logsigmoid(input)."""
        return F.logsigmoid(input)


class Softsign(TensorModule):
    """x / (1 + |x|)."""

    def forward(self, input: Tensor) -> Tensor:
        """F.softsign(input)."""
        return F.softsign(input)


class Tanhshrink(TensorModule):
    """x - tanh(x)."""

    def forward(self, input: Tensor) -> Tensor:
        """F.tanhshrink(input)."""
        return F.tanhshrink(input)


class GELU(TensorModule):
    """x F(x), F the normal distribution function; approximate="tanh": by a tanh."""

    approximate: str

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """F.gelu(input)."""
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        """The approximation."""
        return f"approximate={self.approximate!r}"


class GLU(TensorModule):
    """a sigmoid(b), a and b the halves of `dim`: (..., 2 n, ...) -> (..., n, ...)."""

    dim: int

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """F.glu(input)."""
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        """The dimension."""
        return f"dim={self.dim}"


class Softmax(TensorModule):
    """exp(x) / sum(exp(x)) along dim."""

    dim: int | None

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """F.softmax(input)."""
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        """The dimension."""
        return f"dim={self.dim}"


class Softmin(TensorModule):
    """softmax(-x) along dim."""

    dim: int | None

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """F.softmin(input)."""
        return F.softmin(input, self.dim)

    def extra_repr(self) -> str:
        """The dimension."""
        return f"dim={self.dim}"


class LogSoftmax(TensorModule):
    """log(softmax(x)) along dim."""

    dim: int | None

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """F.log_softmax(input)."""
        return F.log_softmax(input, self.dim)

    def extra_repr(self) -> str:
        """The dimension."""
        return f"dim={self.dim}"


class Softmax2d(TensorModule):
    """Softmax over the channels of (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Tensor) -> Tensor:
        """F.softmax(input, -3)."""
        if input.dim() not in (3, 4):
            raise ValueError(
                f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead"
            )
        return F.softmax(input, -3)

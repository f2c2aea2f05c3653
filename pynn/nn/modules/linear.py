"""Linear layers."""

from __future__ import annotations

import math
from typing import Any

from pynn import _core
from pynn._core import Parameter, Tensor
from pynn.nn import functional as F, init
from pynn.nn.modules.module import Module, TensorModule

__all__ = ["Identity", "Linear"]


class Identity(Module):
    """Gives back its input; takes and ignores any arguments."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    @_core._forward("identity")
    def forward(self, input: Tensor) -> Tensor:
        """input."""
        return input


class Linear(TensorModule):
    """y = x W^T + b: (..., in_features) -> (..., out_features).

    weight is (out_features, in_features), bias (out_features); both start
    uniform in +-1/sqrt(in_features), as torch.nn.Linear's.
    """

    in_features: int
    out_features: int
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: str | None = None,
        dtype: _core.dtype | None = None,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(_core.empty(out_features, in_features, dtype=dtype))
        if bias:
            self.bias = Parameter(_core.empty(out_features, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weight and bias anew."""
        # kaiming_uniform with a = sqrt(5) is the bound 1 / sqrt(in_features).
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    @_core._forward("linear")
    def forward(self, input: Tensor) -> Tensor:
        """input @ weight.T + bias."""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )

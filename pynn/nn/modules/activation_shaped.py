"""Activation modules that constants or weights give their shape."""

from __future__ import annotations

from pynn import _core
from pynn._core import Parameter, Tensor
from pynn.nn import functional as F, init
from pynn.nn.modules.module import TensorModule

__all__ = [
    "CELU",
    "ELU",
    "Hardshrink",
    "Hardtanh",
    "LeakyReLU",
    "PReLU",
    "RReLU",
    "ReLU6",
    "Softplus",
    "Softshrink",
    "Threshold",
]


def _inplace(inplace: bool) -> str:
    return ", inplace=True" if inplace else ""


class CELU(TensorModule):
    """x where x > 0, else alpha (e**(x / alpha) - 1)."""

    alpha: float
    inplace: bool

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """F.celu(input)."""
        return F.celu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"alpha={self.alpha}" + _inplace(self.inplace)


class ELU(TensorModule):
    """x where x > 0, else alpha (e**x - 1)."""

    alpha: float
    inplace: bool

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """F.elu(input)."""
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"alpha={self.alpha}" + _inplace(self.inplace)


class LeakyReLU(TensorModule):
    """x where x > 0, else negative_slope x."""

    negative_slope: float
    inplace: bool

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """F.leaky_relu(input)."""
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"negative_slope={self.negative_slope}" + _inplace(self.inplace)


class Threshold(TensorModule):
    """x where x > threshold, else value."""

    threshold: float
    value: float
    inplace: bool

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """F.threshold(input)."""
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"threshold={self.threshold}, value={self.value}" + _inplace(self.inplace)


class Hardshrink(TensorModule):
    """x where |x| > lambd, else 0."""

    lambd: float

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """F.hardshrink(input)."""
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"{self.lambd}"


class Softshrink(TensorModule):
    """x nearer to 0 by lambd, not beyond it."""

    lambd: float

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """F.softshrink(input)."""
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"{self.lambd}"


class Softplus(TensorModule):
    """log(1 + e**(beta x)) / beta; x where beta x > threshold."""

    beta: float
    threshold: float

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        """F.softplus(input)."""
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"beta={self.beta}, threshold={self.threshold}"


class Hardtanh(TensorModule):
    """x moved into [min_val, max_val]."""

    min_val: float
    max_val: float
    inplace: bool

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        self.inplace = inplace
        if self.max_val <= self.min_val:
            raise ValueError(f"max_val must be above min_val, not {self.max_val} <= {self.min_val}")

    def forward(self, input: Tensor) -> Tensor:
        """F.hardtanh(input)."""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        """The bounds."""
        return f"min_val={self.min_val}, max_val={self.max_val}" + _inplace(self.inplace)


class ReLU6(Hardtanh):
    """min(max(x, 0), 6)."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        """inplace=True, where it is."""
        return "inplace=True" if self.inplace else ""


class RReLU(TensorModule):
    """x where x > 0, else slope x: random from [lower, upper) in training, else their mean."""

    lower: float
    upper: float
    inplace: bool

    def __init__(
        self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False
    ) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """F.rrelu(input)."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        """The range of the slopes."""
        return f"lower={self.lower}, upper={self.upper}" + _inplace(self.inplace)


class PReLU(TensorModule):
    """x where x > 0, else weight x; weight is one number, or one per channel (dimension 1)."""

    num_parameters: int
    init: float
    weight: Parameter

    def __init__(
        self,
        num_parameters: int = 1,
        init: float = 0.25,
        device: str | None = None,
        dtype: _core.dtype | None = None,
    ) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(_core.empty(num_parameters, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """weight becomes init."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        """F.prelu(input, weight)."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """The number of weights."""
        return f"num_parameters={self.num_parameters}"

"""Initial values, written into a tensor in place and returned.

fan_in and fan_out are the inputs and outputs of one unit: of a weight
(out, in, ...) they are in and out times the size of the rest.  Xavier is Glorot
and Bengio 2010, Kaiming is He et al. 2015.
"""

from __future__ import annotations

import math
import warnings

import numpy as np

from pynn import _core
from pynn._core import Generator, Tensor

_LINEAR = {"linear", "sigmoid"} | {f"conv{n}d" for n in (1, 2, 3)}
_LINEAR |= {f"conv_transpose{n}d" for n in (1, 2, 3)}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps variances through a nonlinearity; param: leaky_relu's slope."""
    if nonlinearity in _LINEAR:
        return 1.0
    if nonlinearity == "tanh":
        return 5.0 / 3.0
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        if isinstance(param, bool) or not isinstance(param, (int, float, type(None))):
            raise ValueError(f"negative_slope {param} not a valid number")
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1.0 + slope**2))
    if nonlinearity == "selu":
        return 3.0 / 4.0
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Uniform between a and b."""
    with _core.no_grad():
        drawn = _core.rand(tensor.shape, dtype=tensor.dtype, generator=generator)
        return tensor.copy_(drawn * (b - a) + a)


def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Normal with this mean and standard deviation."""
    with _core.no_grad():
        drawn = _core.randn(tensor.shape, dtype=tensor.dtype, generator=generator)
        return tensor.copy_(drawn * std + mean)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """One value everywhere."""
    with _core.no_grad():
        return tensor.fill_(val)


def zeros_(tensor: Tensor) -> Tensor:
    """0 everywhere."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """1 everywhere."""
    return constant_(tensor, 1.0)


def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Uniform within gain * sqrt(6 / (fan_in + fan_out))."""
    fan_in, fan_out = _fans(tensor)
    bound = math.sqrt(3.0) * gain * math.sqrt(2.0 / (fan_in + fan_out))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out))."""
    fan_in, fan_out = _fans(tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / (fan_in + fan_out)), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Uniform within gain * sqrt(3 / fan); a is leaky_relu's slope."""
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Normal with standard deviation gain / sqrt(fan); a is leaky_relu's slope."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def lecun_uniform_(tensor: Tensor, generator: Generator | None = None) -> Tensor:
    """Uniform within sqrt(3 / fan_in): variance 1 / fan_in (LeCun et al. 1998)."""
    fan_in, _ = _fans(tensor)
    bound = math.sqrt(3.0 / fan_in) if fan_in else 0.0
    return uniform_(tensor, -bound, bound, generator)


def lecun_normal_(tensor: Tensor, generator: Generator | None = None) -> Tensor:
    """Normal with variance 1 / fan_in (LeCun et al. 1998; Klambauer et al. 2017 for SELU)."""
    fan_in, _ = _fans(tensor)
    return normal_(tensor, 0.0, 1.0 / math.sqrt(fan_in) if fan_in else 0.0, generator)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Normal with this mean and standard deviation, conditioned on lying in [a, b].

    By the inverse of the distribution function, of uniform numbers.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of "
            "values may be incorrect.",
            stacklevel=2,
        )
    with _core.no_grad():
        scaled = [(limit - mean) / (std * math.sqrt(2.0)) for limit in (a, b)]
        low, high = _core.ops.erf(_core.tensor(scaled, dtype=_core.float64)).tolist()
        u = _core.rand(tensor.shape, dtype=_core.float64, generator=generator)
        x: Tensor = _core.ops.erfinv(u * (high - low) + low) * (std * math.sqrt(2.0)) + mean
        return tensor.copy_(x.clamp(a, b))


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    with _core.no_grad():
        return tensor.copy_(_core.eye(*tensor.shape, dtype=tensor.dtype))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """A convolution's weight that passes as many channels on as it can, in each group."""
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if groups <= 0 or tensor.shape[0] % groups:
        raise ValueError("dim 0 must be divisible by groups")
    rows = tensor.shape[0] // groups
    passed = min(rows, tensor.shape[1])
    weight = np.zeros(tensor.shape)
    centre = weight
    for size in tensor.shape[2:]:
        centre = centre[:, :, size // 2]
    for g in range(groups):
        centre[np.arange(g * rows, g * rows + passed), np.arange(passed)] = 1
    with _core.no_grad():
        return tensor.copy_(_core.from_numpy(weight))


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """gain times a (semi) orthogonal matrix, of the first dimension by the rest.

    The Q of a random normal matrix with R's diagonal positive (Saxe, McClelland
    and Ganguli 2014), by Gram-Schmidt, twice for every column, in float64.
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows, columns = tensor.shape[0], tensor.numel() // tensor.shape[0]
    with _core.no_grad():
        drawn = _core.randn(rows, columns, dtype=_core.float64, generator=generator)
        long = drawn if rows < columns else drawn.t()
        q = _core.zeros(long.shape, dtype=_core.float64)  # its rows
        for k in range(long.shape[0]):
            v, before = long[k], q[:k]
            for _ in range(2 if k else 0):
                v = v - before.t().matmul(before.matmul(v))
            q[k] = v / (v * v).sum().sqrt()
        flat = q if rows < columns else q.t()
        return tensor.copy_(flat.reshape(tensor.shape) * gain)


def sparse_(
    tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None
) -> Tensor:
    """Normal with standard deviation std, but for a part `sparsity` of every column: 0.

    Martens 2010.
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    zeros = math.ceil(sparsity * tensor.shape[0])
    with _core.no_grad():
        normal_(tensor, 0.0, std, generator)
        order = _core.rand(tensor.shape, dtype=_core.float64, generator=generator)
        rank = order.numpy().argsort(0, kind="stable").argsort(0, kind="stable")
        return tensor.mul_(_core.from_numpy(rank >= zeros).to(tensor.dtype))


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    fan = _fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan) if fan else 0.0


def _fans(tensor: Tensor) -> tuple[int, int]:
    if tensor.ndim < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions: "
            f"the shape is {tensor.shape}"
        )
    rest = math.prod(tensor.shape[2:])
    return tensor.shape[1] * rest, tensor.shape[0] * rest

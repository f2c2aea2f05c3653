"""Random tensors: every draw is Philox, indexed by element, from the default stream or a Generator.

The distributions are PyTorch's; the numbers are not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pynn import _core
from pynn._core import Generator, Tensor, dtype as _dtype

__all__ = [
    "bernoulli",
    "multinomial",
    "normal",
    "randint",
    "randint_like",
    "randperm",
]
METHODS: tuple[str, ...] = (
    "bernoulli",
    "bernoulli_",
    "cauchy_",
    "exponential_",
    "geometric_",
    "log_normal_",
    "multinomial",
    "normal_",
    "random_",
    "uniform_",
)
INPLACE: tuple[str, ...] = ()

_INTEGERS = {
    "pynn.int64": 63,
    "pynn.int32": 31,
    "pynn.int8": 7,
    "pynn.uint8": 8,
    "pynn.bool": 1,
    "pynn.float32": 24,
    "pynn.float64": 53,
    "pynn.float16": 11,
    "pynn.bfloat16": 8,
}
"""Bits of the whole numbers 0 .. 2**bits - 1 that random_() draws for a dtype."""


# ---- whole tensors of a shape like another's ------------------------------------------
def _real(input: Tensor, name: str) -> _dtype:
    """The dtype to draw in; storage types are drawn in float32."""
    if not input.is_floating_point():
        raise RuntimeError(f"{name}() is not defined for {input.dtype}: it takes floating tensors")
    return input.dtype if input.dtype == _core.float64 else _core.float32


def uniform(
    input: Tensor, low: float = 0.0, high: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Numbers from [low, high) in input's shape."""
    if low > high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found {low} > {high}"
        )
    return _core._uniform(input.shape, low, high, generator, _real(input, "uniform_"))


def exponential(input: Tensor, lambd: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Numbers of density lambd e**(-lambd x) in input's shape; never 0."""
    if lambd <= 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
    dtype = _real(input, "exponential_")
    least = 2.0**-25 if dtype == _core.float32 else 2.0**-54
    u = _core._uniform(input.shape, 0.0, 1.0, generator, dtype) + least
    return u.log() * (-1.0 / lambd)


# ---- in place -------------------------------------------------------------------------
def uniform_(
    input: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fills with numbers from [from_, to)."""
    return input.copy_(uniform(input, from_, to, generator))


def normal_(
    input: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fills with numbers of the normal distribution."""
    _check_std(std)
    dtype = _real(input, "normal_")
    return input.copy_(_core._normal(input.shape, mean, std, generator, dtype))


def log_normal_(
    input: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None
) -> Tensor:
    """Fills with e**x, x of the normal distribution with this mean and std."""
    if std <= 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std}")
    dtype = _real(input, "log_normal_")
    return input.copy_(_core._normal(input.shape, mean, std, generator, dtype).exp())


def exponential_(
    input: Tensor, lambd: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fills with numbers of density lambd e**(-lambd x)."""
    return input.copy_(exponential(input, lambd, generator))


def cauchy_(
    input: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """Fills with numbers of the Cauchy distribution."""
    if sigma <= 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
    half = _core._uniform(input.shape, -0.5, 0.5, generator, _real(input, "cauchy_"))
    return input.copy_(median + sigma * (half * math.pi).tan())


def geometric_(input: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fills with the number of trials up to the first success, each of probability p."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
    u = _core._uniform(input.shape, 0.0, 1.0, generator, _core.float64)
    trials = ((-u).log1p() / math.log1p(-p)).ceil()
    return input.copy_(_core.clamp(trials, 1.0))


def bernoulli_(
    input: Tensor, p: float | Tensor = 0.5, *, generator: Generator | None = None
) -> Tensor:
    """Fills with 1 of probability p (a number, or a tensor that broadcasts), else 0."""
    if isinstance(p, Tensor):
        _check_probabilities(p)
        dtype = p.dtype if p.is_floating_point() else _core.float32
        u = _core._uniform(input.shape, 0.0, 1.0, generator, dtype)
        return input.copy_(u < p)
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
    dtype = input.dtype if input.dtype == _core.float64 else _core.float32
    return input.copy_(_core._bernoulli(input.shape, p, 1.0, generator, dtype))


def random_(
    input: Tensor,
    from_: int = 0,
    to: int | None = None,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Fills with integers from [from_, to), or [0, from_) if only one number is given.

    Without arguments: all numbers from 0 up that the dtype holds exactly.
    """
    if to is None:
        to = from_ if from_ else 1 << _INTEGERS[str(input.dtype)]
        from_ = 0
    return input.copy_(_integers(input.shape, from_, to, generator))


def _check_std(std: float) -> None:
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")


def _check_probabilities(p: Tensor) -> None:
    """A recording cannot look at values: there nothing is checked."""
    if _core._is_recording() or p.numel() == 0:
        return
    valid = (p >= 0) & (p <= 1)
    if valid.sum().item() != p.numel():
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true, but got false.")


# ---- functions --------------------------------------------------------------------------
def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None
) -> Tensor:
    """1 with the probability that input has there (or p), else 0; no gradient."""
    if p is not None:
        return bernoulli_(_core.empty_like(input), p, generator=generator)
    if not input.is_floating_point():
        raise RuntimeError(f"bernoulli(): expected floating probabilities, not {input.dtype}")
    with _core.no_grad():
        return bernoulli_(_core.empty_like(input), input, generator=generator)


def normal(
    mean: float | Tensor,
    std: float | Tensor = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: _dtype | None = None,
) -> Tensor:
    """Numbers of the normal distribution: mean and std are numbers with a size, or tensors."""
    if not isinstance(std, Tensor):
        _check_std(std)
    if isinstance(mean, Tensor) or isinstance(std, Tensor):
        with _core.no_grad():
            like = mean + std * 0
            z = _core._normal(like.shape, 0.0, 1.0, generator, like.dtype)
            return mean + std * z
    if size is None:
        raise TypeError("normal(): mean and std are numbers, so size is needed")
    return _core._normal(tuple(size), mean, std, generator, dtype)


def _integers(size: Sequence[int], low: int, high: int, generator: Generator | None) -> Tensor:
    """int64 from [low, high): floor(u n), for n above 2**48 from 62 bits modulo n."""
    n = high - low
    if n <= 0:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got {low} >= {high}")
    u = _core._uniform(tuple(size), 0.0, 1.0, generator, _core.float64)
    if n <= 1 << 48:
        return (u * float(n)).floor().to(_core.int64) + low
    upper = (u * 2.0**31).floor().to(_core.int64)
    v = _core._uniform(tuple(size), 0.0, 1.0, generator, _core.float64)
    bits = upper * (1 << 32) + (v * 2.0**32).floor().to(_core.int64)
    return (bits if n >= 1 << 63 else bits % n) + low


def _bounds(low: int, high: int | None) -> tuple[int, int]:
    return (0, low) if high is None else (low, high)


def randint(
    low: int,
    high: int | Sequence[int] | None = None,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: _dtype | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Integers from [low, high), int64 unless dtype: randint(high, size) or (low, high, size)."""
    if size is None:
        if not isinstance(high, Sequence):
            raise TypeError("randint(): expected (high, size) or (low, high, size)")
        low, high, size = 0, low, high
    if isinstance(high, Sequence):
        raise TypeError("randint(): high is an integer, size a tuple")
    low, high = _bounds(low, high)
    result = _integers(size, low, high, generator).to(_core.int64 if dtype is None else dtype)
    return result.requires_grad_() if requires_grad else result


def randint_like(
    input: Tensor,
    low: int,
    high: int | None = None,
    *,
    generator: Generator | None = None,
    dtype: _dtype | None = None,
) -> Tensor:
    """randint() in input's shape and dtype: randint_like(input, high) or (input, low, high)."""
    low, high = _bounds(low, high)
    return _integers(input.shape, low, high, generator).to(input.dtype if dtype is None else dtype)


def randperm(n: int, *, generator: Generator | None = None, dtype: _dtype | None = None) -> Tensor:
    """The integers 0 .. n - 1 in random order."""
    if n < 0:
        raise RuntimeError(f"n must be non-negative, but got {n}")
    keys = _core._uniform((n,), 0.0, 1.0, generator, _core.float64)
    order = keys.argsort()
    return order if dtype is None else order.to(dtype)


def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Indices of the last dimension, drawn with weights input: (n,) or (m, n) -> (..., samples).

    With replacement by inversion of the cumulated weights; else the greatest of weight divided
    by an exponential number (Efraimidis and Spirakis 2006).
    """
    if input.dim() not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if not input.is_floating_point():
        raise RuntimeError(f"multinomial only supports floating-point dtypes, not {input.dtype}")
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > input.shape[-1]:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
        )
    with _core.no_grad():
        weight = input.to(_core.float64)
        _check_weights(weight)
        if not replacement:
            keys = weight / exponential(weight, 1.0, generator)
            order = keys.argsort(-1, True)
            return order.narrow(-1, 0, num_samples).clone()
        total = weight.cumsum(-1)
        shape = (*input.shape[:-1], num_samples)
        u = _core._uniform(shape, 0.0, 1.0, generator, _core.float64)
        u = u * total.narrow(-1, input.shape[-1] - 1, 1)
        return (total.unsqueeze(-2) <= u.unsqueeze(-1)).sum(-1)


def _check_weights(weight: Tensor) -> None:
    if _core._is_recording() or weight.numel() == 0:
        return
    if weight.isfinite().sum().item() != weight.numel() or (weight < 0).sum().item():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if (weight.sum(-1) <= 0).sum().item():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")

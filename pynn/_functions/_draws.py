"""Draws in the shape of a tensor, and the methods that fill a tensor with them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pynn import _core
from pynn._core import Generator, Tensor, dtype as _dtype

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
    return input.copy_(integers(input.shape, from_, to, generator))


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


def integers(size: Sequence[int], low: int, high: int, generator: Generator | None) -> Tensor:
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


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Numbers of the Poisson distribution with the rates input.

    Below 10 by multiplying uniform numbers (Knuth 1969), above by transformed rejection
    (Hoermann 1993, PTRS); in float64, until every element is accepted.
    """
    _real(input, "poisson")
    with _core.no_grad():
        rate = input.to(_core.float64)
        if not _core._is_recording() and (rate < 0).sum().item():
            raise RuntimeError("poisson: expected all elements of input to be non-negative")
        small = _poisson_small(_core.clamp(rate, 0.0, 10.0), generator)
        large = _poisson_large(_core.clamp(rate, 10.0), generator)
        return _core.where(rate < 10, small, large).to(input.dtype)


def _poisson_small(rate: Tensor, generator: Generator | None) -> Tensor:
    """How often a product of uniform numbers stays above e**-rate."""
    limit = (-rate).exp()
    count = _core.zeros(rate.shape, dtype=_core.float64)
    product = _core._uniform(rate.shape, 0.0, 1.0, generator, _core.float64)
    while (product > limit).sum().item():
        count = count + (product > limit)
        product = product * _core._uniform(rate.shape, 0.0, 1.0, generator, _core.float64)
    return count


def _log_factorial(k: Tensor) -> Tensor:
    """log k! by Stirling's series at k + 8, less the factors k + 1 .. k + 8."""
    n = k + 8
    factors = k + 1
    for j in range(2, 9):
        factors = factors * (k + j)
    series = 1 / (12 * n) - 1 / (360 * n**3) + 1 / (1260 * n**5)
    return (n + 0.5) * n.log() - n + 0.5 * math.log(2 * math.pi) + series - factors.log()


def _poisson_large(rate: Tensor, generator: Generator | None) -> Tensor:
    """Transformed rejection with squeeze; rate >= 10."""
    b = 0.931 + 2.53 * rate.sqrt()
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    quick = 0.9277 - 3.6224 / (b - 2)
    result = _core.full(rate.shape, -1.0, dtype=_core.float64)
    while (result < 0).sum().item():
        u = _core._uniform(rate.shape, -0.5, 0.5, generator, _core.float64)
        v = _core._uniform(rate.shape, 0.0, 1.0, generator, _core.float64)
        us = 0.5 - u.abs()
        k = ((2 * a / us + b) * u + rate + 0.43).floor()
        valid = (k >= 0) & ((us >= 0.013) | (v <= us))
        bound = -rate + k * rate.log() - _log_factorial(_core.clamp(k, 0.0))
        slow = (v * inverse_alpha / (a / (us * us) + b)).log() <= bound
        accepted = ((us >= 0.07) & (v <= quick)) | (valid & slow)
        result = _core.where((result < 0) & accepted, k, result)
    return result

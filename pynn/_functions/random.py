"""Random tensors: every draw is Philox, indexed by element, from the default stream or a Generator.

The distributions are PyTorch's; the numbers are not.
"""

from __future__ import annotations

from collections.abc import Sequence

from pynn import _core
from pynn._core import Generator, Tensor, dtype as _dtype
from pynn._functions._draws import (
    bernoulli_ as bernoulli_,
    cauchy_ as cauchy_,
    exponential,
    exponential_ as exponential_,
    geometric_ as geometric_,
    integers,
    log_normal_ as log_normal_,
    normal_ as normal_,
    poisson as poisson,
    random_ as random_,
    uniform_ as uniform_,
)

__all__ = [
    "bernoulli",
    "multinomial",
    "normal",
    "poisson",
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
    if not isinstance(std, Tensor) and std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    if isinstance(mean, Tensor) or isinstance(std, Tensor):
        with _core.no_grad():
            like = _core.add(mean, _core.mul(std, 0) if isinstance(std, Tensor) else 0)
            z = _core._normal(like.shape, 0.0, 1.0, generator, like.dtype)
            return _core.add(mean, std * z)
    if size is None:
        raise TypeError("normal(): mean and std are numbers, so size is needed")
    return _core._normal(tuple(size), mean, std, generator, dtype)


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
    if isinstance(high, Sequence):
        if size is not None:
            raise TypeError("randint(): expected (high, size) or (low, high, size)")
        size, high = high, None
    if size is None:
        raise TypeError("randint(): expected (high, size) or (low, high, size)")
    low, high = _bounds(low, high)
    result = integers(size, low, high, generator).to(_core.int64 if dtype is None else dtype)
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
    return integers(input.shape, low, high, generator).to(input.dtype if dtype is None else dtype)


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

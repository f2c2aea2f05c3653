"""Products of elements, truth, logarithms of sums, norms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from optable import INTEGER, Op, Sample, away, integers, signed, ulp, uniform

import pynn
from operators.reductions import CASES, EMPTY, GRAD, HASH, axes, term_length


def one_axis(draw: Any, smooth: Any = None, **more: Any) -> Callable[..., Iterator[Sample]]:
    """Of all elements and along one dimension."""

    def samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        cases = {"sizes": CASES + EMPTY, "grad": GRAD, "hash": HASH}[purpose]
        pick = smooth if smooth and purpose == "grad" else draw
        for i, (shape, dim) in enumerate(cases):
            if isinstance(dim, tuple):
                continue
            kwargs: dict[str, Any] = {} if dim is None else {"dim": dim, "keepdim": i % 2 == 0}
            yield Sample((pick(rng, shape, dtype),), kwargs | more)

    return samples


def any_axes(draw: Any, empty: bool, **more: Any) -> Callable[..., Iterator[Sample]]:
    def samples(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
        every = {"sizes": CASES + (EMPTY if empty else []), "grad": GRAD, "hash": HASH}[purpose]
        for i, (shape, dim) in enumerate(every):
            given = tuple(range(len(shape))) if dim is None else dim
            yield Sample((draw(rng, shape, dtype),), {"dim": given, "keepdim": i % 2 == 0} | more)

    return samples


def odd(rng: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """1, 3 or 5: a product of them is never 0, however often it wraps."""
    return np.asarray(2 * integers(0, 2)(rng, shape, dtype) + 1, dtype)


def nearly_all(rng: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Ones, and in every third tensor one zero."""
    made = np.ones(shape, dtype)
    if made.size and rng.randint(3) == 0:
        made.flat[rng.randint(made.size)] = 0
    return made


def prod(x: np.ndarray, dim: Any = None, keepdim: bool = False) -> np.ndarray:
    return np.prod(x, axis=axes(dim), keepdims=keepdim)


def prod_bound(
    want: np.ndarray, x: np.ndarray, dtype: np.dtype, dim: Any = None, keepdim: bool = False
) -> np.ndarray:
    """Every factor after the first rounds."""
    limits, count = np.finfo(dtype), x.size if dim is None or not x.ndim else x.shape[dim]
    return limits.eps * count * np.abs(want) + limits.smallest_subnormal * count


def truth(function: Any) -> Callable[..., np.ndarray]:
    def oracle(x: np.ndarray, dim: Any = None, keepdim: bool = False) -> np.ndarray:
        found = function(x, axis=axes(dim), keepdims=keepdim)
        return np.asarray(found, np.uint8 if x.dtype == np.uint8 else np.bool_)

    return oracle


def logsumexp(x: np.ndarray, dim: Any, keepdim: bool = False) -> np.ndarray:
    top = np.max(x, axis=axes(dim), keepdims=True, initial=-1e4)
    found = np.log(np.sum(np.exp(x - top), axis=axes(dim), keepdims=True)) + top
    return found if keepdim else np.squeeze(found, axis=axes(dim))


def logsumexp_bound(
    want: np.ndarray, x: np.ndarray, dtype: np.dtype, dim: Any, keepdim: bool = False
) -> np.ndarray:
    eps, spread = np.finfo(dtype).eps / 2, 12  # of values from -6 to 6
    return eps * (term_length(x, dim or None, dtype) + spread + 12 + 4 * np.abs(want))


def norm(x: np.ndarray, p: float, dim: Any = None, keepdim: bool = False) -> np.ndarray:
    size = np.abs(x)
    if np.isinf(p):
        return (np.max if p > 0 else np.min)(size, axis=axes(dim), keepdims=keepdim)
    if p == 0:
        return np.sum(size != 0, axis=axes(dim), keepdims=keepdim).astype(x.dtype)
    total = np.sum(size**p, axis=axes(dim), keepdims=keepdim)
    return total ** (np.asarray(1, x.dtype) / np.asarray(p, x.dtype))


def norm_bound(
    want: np.ndarray,
    x: np.ndarray,
    dtype: np.dtype,
    p: float,
    dim: Any = None,
    keepdim: bool = False,
) -> np.ndarray:
    if np.isinf(p) or p == 0:
        return np.zeros(np.shape(want))
    eps, power = np.finfo(dtype).eps / 2, max(p, 1 / p)
    return eps * (term_length(x, dim or None, dtype) + 8) * power * want + 2 * ulp(want, dtype)


def orders(rng: Any, dtype: np.dtype, purpose: str) -> Iterator[Sample]:
    """Every order of norm in turn."""
    every = [2.0, 1.0, 0.0, float("inf"), 3.0, 1.5, -float("inf"), 0.5]
    cases = {"sizes": CASES, "grad": GRAD, "hash": HASH}[purpose]
    for i, (shape, dim) in enumerate(cases):
        for p in every if purpose != "sizes" else every[i % 8 : i % 8 + 1]:
            kwargs = {} if dim is None else {"dim": dim, "keepdim": i % 2 == 0}
            yield Sample((away(0.0)(rng, shape, dtype),), {"p": p} | kwargs)


OPS = [
    Op(
        "prod",
        pynn.prod,
        prod,
        one_axis(signed(0.9, 1.1), signed(0.5, 1.5)),
        prod_bound,
        grad=(0,),
        grad_ulps=1024,
    ),
    Op(
        "prod_int",
        pynn.prod,
        lambda x, **k: prod(x.astype(np.int64), **k),
        one_axis(odd),
        dtypes=INTEGER,
        stub=("pynn.prod",),
    ),
    *(
        Op(
            name,
            getattr(pynn, name),
            truth(getattr(np, name)),
            any_axes(draw, True),
            dtypes=("float32", "float64", *INTEGER, "bool"),
        )
        for name, draw in (("any", integers(0, 1)), ("all", nearly_all))
    ),
    Op(
        "logsumexp",
        pynn.logsumexp,
        logsumexp,
        any_axes(uniform(-6, 6), False),
        logsumexp_bound,
        grad=(0,),
        grad_ulps=64,
    ),
    Op("norm", pynn.norm, norm, orders, norm_bound, grad=(0,), grad_ulps=256),
]

"""Norms, distances, covariance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pynn import _core
from pynn._core import Tensor, dtype as _dtype

__all__ = [
    "cdist",
    "corrcoef",
    "cosine_similarity",
    "cov",
    "dist",
    "norm",
    "pairwise_distance",
    "renorm",
]
METHODS: tuple[str, ...] = ("corrcoef", "cov", "dist", "norm", "renorm")
INPLACE: tuple[str, ...] = ("renorm",)


def norm(
    input: Tensor,
    p: float | str | None = "fro",
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    *,
    dtype: _dtype | None = None,
) -> Tensor:
    """(sum |x|^p)^(1/p) over dim (None: all elements).

    p = 0 counts what is not 0; p = inf and -inf are the greatest and the smallest |x|; 'fro'
    and None are 2.  Where the norm is 0 its gradient is 0.
    """
    if isinstance(p, str):
        if p != "fro":
            raise RuntimeError(f"norm(): p is a number or 'fro', not {p!r}")
        p = 2.0
    if dtype is not None:
        input = input.to(dtype)
    order = 2.0 if p is None else float(p)
    return _core.ops.norm(input, order, _core._axes(dim, input.ndim), bool(keepdim))


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """norm(input - other, p)."""
    return norm(input - other, p)


def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """norm(x1 - x2 + eps, p) over the last dimension."""
    return norm(x1 - x2 + eps, p, -1, keepdim)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x1 . x2 / (max(|x1|, eps) max(|x2|, eps)) over dim."""
    if not (x1.dtype.is_floating_point and x2.dtype.is_floating_point):
        raise RuntimeError(
            f"expected common dtype to be floating point, yet common dtype is "
            f"{_core.promote_types(x1.dtype, x2.dtype)}"
        )
    shape = (x1 * 0.0 + x2 * 0.0).shape if x1.shape != x2.shape else x1.shape
    x1, x2 = x1.expand(shape), x2.expand(shape)
    return (_unit(x1, dim, eps) * _unit(x2, dim, eps)).sum(dim)


def _unit(x: Tensor, dim: int, eps: float) -> Tensor:
    return x / norm(x, 2.0, dim, True).clamp(min=eps)


def cdist(
    x1: Tensor,
    x2: Tensor,
    p: float = 2.0,
    compute_mode: str = "use_mm_for_euclid_dist_if_necessary",
) -> Tensor:
    """Distances between all rows: (..., P, M) and (..., R, M) give (..., P, R).

    Always from the differences; compute_mode is checked and changes nothing.
    """
    modes = (
        "use_mm_for_euclid_dist_if_necessary",
        "use_mm_for_euclid_dist",
        "donot_use_mm_for_euclid_dist",
    )
    if compute_mode not in modes:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    if x1.ndim < 2 or x2.ndim < 2 or x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(
            f"cdist() needs (..., P, M) and (..., R, M), not {x1.shape} and {x2.shape}"
        )
    if p < 0:
        raise RuntimeError(f"cdist only supports non-negative p values, not {p}")
    return norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, -1)


def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Slices along dim scaled down to a p-norm of maxnorm where theirs is greater."""
    if p <= 0:
        raise RuntimeError(f"renorm: non-positive-norm not supported (p = {p})")
    if input.ndim < 2:
        raise RuntimeError(
            f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions"
        )
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    if not -input.ndim <= dim < input.ndim:
        raise IndexError(f"renorm: dimension {dim} is out of range for shape {input.shape}")
    others = [d for d in range(input.ndim) if d != dim % input.ndim]
    sizes = norm(input, p, others, True)
    return input * _core.where(sizes.gt(maxnorm), maxnorm / (sizes + 1e-7), 1.0)


def cov(
    input: Tensor,
    *,
    correction: int = 1,
    fweights: Tensor | None = None,
    aweights: Tensor | None = None,
) -> Tensor:
    """The covariance matrix of variables (rows) over observations (columns).

    fweights (whole numbers) repeat observations, aweights weigh them.
    """
    if input.ndim > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with "
            f"{input.ndim} dimensions"
        )
    rows = input.reshape(1, -1) if input.ndim < 2 else input
    weights = _observation_weights(fweights, aweights, rows.shape[1])
    if weights is None:
        total: Any = float(rows.shape[1])
        mean = rows.sum(1, True) / total
        centred = rows - mean
        weighted = centred
    else:
        total = weights.sum()
        mean = (rows * weights).sum(1, True) / total
        centred = rows - mean
        weighted = centred * weights
    if weights is not None and aweights is not None and correction:
        squares = (weights * aweights).sum() / total
        left: Any = total - correction * squares
    else:
        left = total - correction
    left = left.clamp(min=0) if isinstance(left, Tensor) else max(left, 0.0)
    found = centred @ weighted.t() / left
    return found.squeeze()


def _observation_weights(
    fweights: Tensor | None, aweights: Tensor | None, count: int
) -> Tensor | None:
    for name, weights in (("fweights", fweights), ("aweights", aweights)):
        if weights is not None and tuple(weights.shape) != (count,):
            raise RuntimeError(
                f"cov(): expected {name} to have one weight for each of {count} observations, "
                f"got shape {weights.shape}"
            )
        if weights is not None and weights.lt(0).any():
            raise RuntimeError(f"cov(): {name} cannot be negative")
    if fweights is not None and fweights.dtype.is_floating_point:
        raise RuntimeError(
            f"cov(): expected fweights to have integral dtype but got fweights with "
            f"{fweights.dtype} dtype"
        )
    if fweights is None or aweights is None:
        return fweights if aweights is None else aweights
    return fweights * aweights


def corrcoef(input: Tensor) -> Tensor:
    """The matrix of correlation coefficients of variables (rows), within -1 and 1."""
    if input.ndim > 2:
        raise RuntimeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with "
            f"{input.ndim} dimensions"
        )
    found = cov(input)
    if found.ndim == 0:
        return found / found
    deviation = found.diagonal().sqrt()
    return (found / deviation.unsqueeze(1) / deviation.unsqueeze(0)).clamp(-1, 1)

"""New tensors from shapes and numbers, and matrices of a pattern."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations as _combinations, combinations_with_replacement
from typing import Any

from pynn import _core
from pynn._core import Tensor, dtype as _dtype
from pynn._functions._arguments import tensors as _tensors, unpack
from pynn._functions.movement import stack

__all__ = [
    "asarray",
    "cartesian_prod",
    "combinations",
    "empty_strided",
    "logspace",
    "meshgrid",
    "scalar_tensor",
]
METHODS = (
    "new_empty",
    "new_empty_strided",
    "new_full",
    "new_ones",
    "new_tensor",
    "new_zeros",
)
INPLACE: tuple[str, ...] = ()


# ---- like another tensor ---------------------------------------------------------------


def new_tensor(
    input: Tensor, data: Any, *, dtype: _dtype | None = None, requires_grad: bool = False
) -> Tensor:
    """A new tensor with a copy of `data`, of input's dtype."""
    return _core.tensor(data, dtype=dtype or input.dtype, requires_grad=requires_grad)


def new_empty(
    input: Tensor,
    *size: int | Sequence[int],
    dtype: _dtype | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """empty(size) of input's dtype."""
    return _core.empty(*size, dtype=dtype or input.dtype, requires_grad=requires_grad)


def new_zeros(
    input: Tensor,
    *size: int | Sequence[int],
    dtype: _dtype | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """zeros(size) of input's dtype."""
    return _core.zeros(*size, dtype=dtype or input.dtype, requires_grad=requires_grad)


def new_ones(
    input: Tensor,
    *size: int | Sequence[int],
    dtype: _dtype | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """ones(size) of input's dtype."""
    return _core.ones(*size, dtype=dtype or input.dtype, requires_grad=requires_grad)


def new_full(
    input: Tensor,
    size: Sequence[int],
    fill_value: Any,
    *,
    dtype: _dtype | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """full(size, fill_value) of input's dtype."""
    return _core.full(size, fill_value, dtype=dtype or input.dtype, requires_grad=requires_grad)


def new_empty_strided(
    input: Tensor,
    size: Sequence[int],
    stride: Sequence[int],
    dtype: _dtype | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """empty_strided(size, stride) of input's dtype."""
    return empty_strided(size, stride, dtype=dtype or input.dtype, requires_grad=requires_grad)


def scalar_tensor(s: Any, *, dtype: _dtype | None = None, requires_grad: bool = False) -> Tensor:
    """A 0-d tensor of a number, of the default dtype."""
    return _core.full((), s, dtype=dtype or _core.get_default_dtype(), requires_grad=requires_grad)


def asarray(
    obj: Any,
    *,
    dtype: _dtype | None = None,
    copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """obj as a tensor; copy True always copies, False never (ValueError if it must)."""
    found = _core.as_tensor(obj, dtype)
    shared = found is obj or (hasattr(obj, "__array__") and found.data_ptr() == _address(obj))
    if copy is False and not shared:
        raise ValueError(f"asarray(): a copy of the {type(obj).__name__} is needed")
    if copy and shared:
        found = _core.clone(found.detach())
    return found.requires_grad_() if requires_grad else found


def _address(obj: Any) -> int:
    import numpy as np

    return int(np.asarray(obj).__array_interface__["data"][0])


def empty_strided(
    size: Sequence[int],
    stride: Sequence[int],
    *,
    dtype: _dtype | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of these sizes and strides whose values are whatever the memory holds."""
    sizes, strides = unpack((size,)), unpack((stride,))
    if len(sizes) != len(strides):
        raise RuntimeError(
            f"dimensionality of sizes ({len(sizes)}) must match dimensionality of strides "
            f"({len(strides)})"
        )
    reach = 0 if 0 in sizes else 1 + sum((n - 1) * s for n, s in zip(sizes, strides, strict=True))
    found: Tensor = _core.ops.as_strided(_core.empty(reach, dtype=dtype), sizes, strides, 0)
    return found.requires_grad_() if requires_grad else found


# ---- sequences and grids -----------------------------------------------------------------


def logspace(
    start: float,
    end: float,
    steps: int,
    base: float = 10.0,
    *,
    dtype: _dtype | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """`steps` numbers from base**start to base**end whose logarithms are evenly spaced."""
    kind = dtype or _core.get_default_dtype()
    if not kind.is_floating_point:
        start, end = int(start), int(end)
    powers = _core.linspace(start, end, steps, dtype=_core.float64)
    found = _core.pow(float(base), powers).to(kind)
    return found.requires_grad_() if requires_grad else found


def meshgrid(
    *tensors: Tensor | Sequence[Tensor], indexing: str | None = None
) -> tuple[Tensor, ...]:
    """The coordinates of a grid: tensor k expanded along dimension k.

    indexing: "ij" (as None), or "xy", which exchanges the first two dimensions.
    """
    listed = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    found = _tensors(listed, "meshgrid")  # type: ignore[arg-type]
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(
            f"meshgrid: indexing must be one of 'xy' or 'ij', but received: {indexing}"
        )
    if not found:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    for t in found:
        if t.ndim > 1:
            raise RuntimeError(f"Expected 0D or 1D tensor in the tensor list but got: {t.shape}")
        if t.dtype != found[0].dtype:
            raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    swap = indexing == "xy" and len(found) >= 2
    if swap:
        found[0], found[1] = found[1], found[0]
    sizes = [t.numel() for t in found]
    grids = []
    for k, t in enumerate(found):
        shape = (1,) * k + (sizes[k],) + (1,) * (len(found) - k - 1)
        grids.append(t.reshape(shape).expand(*sizes))
    if swap:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """Every combination of one element of each 1-d tensor: (product of sizes, tensors)."""
    found = _tensors(tensors, "cartesian_prod")
    for t in found:
        if t.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {t.shape}")
    if len(found) == 1:
        return found[0]
    return stack([g.reshape(-1) for g in meshgrid(found)], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Every choice of r elements of a 1-d tensor, in order: (choices, r)."""
    if input.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {input.shape}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return _core.empty(0, dtype=input.dtype)
    choose = combinations_with_replacement if with_replacement else _combinations
    rows = list(choose(range(input.numel()), r))
    index = _core.tensor(rows, dtype=_core.int64).reshape(len(rows), r)
    return _core.ops.index(input, index)

"""Functions of tensors that are written in Python, on the operators of pynn._core.

Each family lists its public functions (`__all__`), those that are methods of Tensor too (METHODS;
their first argument is the tensor), and those with an in-place method `name_` (INPLACE).
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from pynn import _core
from pynn._functions import (
    arithmetic as _arithmetic,
    creation as _creation,
    distinct as _distinct,
    einsum as _einsum,
    indexing as _indexing,
    logic as _logic,
    masks as _masks,
    math as _math,
    movement as _movement,
    norms as _norms,
    patterns as _patterns,
    pieces as _pieces,
    products as _products,
    quantiles as _quantiles,
    random as _random,
    reduction as _reduction,
    rounding as _rounding,
    scan as _scan,
    scattering as _scattering,
    sorting as _sorting,
    views as _views,
)
from pynn._functions.arithmetic import *
from pynn._functions.creation import *
from pynn._functions.distinct import *
from pynn._functions.einsum import *
from pynn._functions.indexing import *
from pynn._functions.logic import *
from pynn._functions.masks import *
from pynn._functions.math import *
from pynn._functions.movement import *
from pynn._functions.norms import *
from pynn._functions.patterns import *
from pynn._functions.pieces import *
from pynn._functions.products import *
from pynn._functions.quantiles import *
from pynn._functions.random import *
from pynn._functions.reduction import *
from pynn._functions.rounding import *
from pynn._functions.scan import *
from pynn._functions.scattering import *
from pynn._functions.sorting import *
from pynn._functions.views import *
from pynn._guard import guard as _guard, guarded as _guarded

__all__: list[str] = []
__all__ += _arithmetic.__all__
__all__ += _creation.__all__
__all__ += _patterns.__all__
__all__ += _einsum.__all__
__all__ += _indexing.__all__
__all__ += _scattering.__all__
__all__ += _masks.__all__
__all__ += _logic.__all__
__all__ += _math.__all__
__all__ += _movement.__all__
__all__ += _norms.__all__
__all__ += _products.__all__
__all__ += _random.__all__
__all__ += _reduction.__all__
__all__ += _rounding.__all__
__all__ += _scan.__all__
__all__ += _sorting.__all__
__all__ += _quantiles.__all__
__all__ += _distinct.__all__
__all__ += _views.__all__
__all__ += _pieces.__all__

_FAMILIES: tuple[ModuleType, ...] = (
    _arithmetic,
    _creation,
    _patterns,
    _einsum,
    _indexing,
    _scattering,
    _masks,
    _logic,
    _math,
    _movement,
    _norms,
    _products,
    _random,
    _reduction,
    _rounding,
    _scan,
    _sorting,
    _quantiles,
    _distinct,
    _views,
    _pieces,
)


def _in_place(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(input: _core.Tensor, *args: Any, **kwargs: Any) -> _core.Tensor:
        return _core._assign_result(input, function, args, kwargs)

    method.__name__ = method.__qualname__ = function.__name__ + "_"
    method.__wrapped__ = function  # type: ignore[attr-defined]  # its signature
    method.__doc__ = f"{function.__name__}() in place."
    return method


def _methods() -> dict[str, Callable[..., Any]]:
    found: dict[str, Callable[..., Any]] = {}
    for family in _FAMILIES:
        for name in family.METHODS:
            found[name] = _guarded(getattr(family, name))
        for name in family.INPLACE:
            found[name + "_"] = _guarded(_in_place(getattr(family, name)))
    return found


_core._add_methods(_methods())
_guard(globals(), __all__)

"""Views: what a call costs that copies nothing; and the copies that follow from views."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import pynn
from pynn.bench.case import Array, Case, Pair, tensors, uniform

_SIZE = 30
_T = pynn.Tensor
_ND = np.ndarray
_pick = operator.getitem
_all = slice(None)
_transposed = operator.attrgetter("T")


def _flat_copy(x: Any) -> Any:
    return x.T.reshape(-1)


def _solid(x: _T) -> _T:
    return x.T.contiguous()


def _solid_array(x: Array) -> Array:
    return np.ascontiguousarray(x.T)


# Operator: pynn's call and NumPy's, both on (n, 4, n); "1": on (n, 1, n); "2": on (n, n).
_VIEWS: dict[str, tuple[tuple[Any, ...], tuple[Any, ...], str]] = {
    "reshape": ((_T.reshape, 4, -1), (_ND.reshape, (4, -1)), ""),
    "view": ((_T.view, 4, -1), (_ND.reshape, (4, -1)), ""),
    "flatten": ((_T.flatten, 0), (_ND.reshape, -1), ""),
    "transpose": ((_T.transpose, 0, 2), (_ND.swapaxes, 0, 2), ""),
    "permute": ((_T.permute, 2, 0, 1), (_ND.transpose, 2, 0, 1), ""),
    "T": ((_transposed,), (_transposed,), "2"),
    "mT": ((operator.attrgetter("mT"),), (_ND.swapaxes, -1, -2), ""),
    "t": ((_T.t,), (_ND.transpose,), "2"),
    "squeeze": ((_T.squeeze, 1), (_ND.squeeze, 1), "1"),
    "unsqueeze": ((_T.unsqueeze, 1), (np.expand_dims, 1), ""),
    "expand": ((_T.expand, -1, 6, -1), (np.broadcast_to, (_SIZE, 6, _SIZE)), "1"),
    "select": ((_T.select, 1, -1), (_pick, (_all, -1)), ""),
    "narrow": ((_T.narrow, 1, 1, 2), (_pick, (_all, slice(1, 3))), ""),
    "slice": ((_pick, (slice(1, None), slice(None, None, 2))),) * 2 + ("",),
    "newaxis": ((_pick, (..., None, 0)),) * 2 + ("",),
    "detach": ((_T.detach,), (_ND.view,), ""),
    "clone": ((_T.clone,), (_ND.copy,), ""),
    "contiguous": ((_solid,), (_solid_array,), "2"),
    "reshape_copy": ((_flat_copy,), (_flat_copy,), "2"),
}
_COPIES = {"clone", "contiguous", "reshape_copy"}
_SHAPES: dict[str, Callable[[int], tuple[int, ...]]] = {
    "": lambda n: (n, 4, n),
    "1": lambda n: (n, 1, n),
    "2": lambda n: (n, n),
}


def cases() -> Iterator[Case]:
    """Views are small, for their size is no matter; copies have a large one too."""
    for name, (ours, theirs, kind) in _VIEWS.items():
        build = partial(_pair, ours, theirs, _SHAPES[kind])
        for size in (_SIZE, 10 * _SIZE) if name in _COPIES else (_SIZE,):
            shape = "x".join(map(str, _SHAPES[kind](size)))
            yield Case("views", f"{name} of {shape}", build, size, small=_SIZE, operator=name)


def _pair(ours: Any, theirs: Any, shape: Callable[[int], tuple[int, ...]], n: int) -> Pair:
    x = uniform(-4, 4, *shape(n))
    (function, *rest), (numpy_function, *numpy_rest) = ours, theirs
    return Pair((function, *tensors(x), *rest), (numpy_function, x, *numpy_rest))

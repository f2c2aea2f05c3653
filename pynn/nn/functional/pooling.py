"""Pooling: the greatest or the mean element of windows."""

from __future__ import annotations

from pynn.nn.functional import (
    _avg_pooling,
    _max_pooling,
    _unpooling,
)
from pynn.nn.functional._avg_pooling import *
from pynn.nn.functional._max_pooling import *
from pynn.nn.functional._unpooling import *

__all__: list[str] = []
__all__ += _avg_pooling.__all__
__all__ += _max_pooling.__all__
__all__ += _unpooling.__all__

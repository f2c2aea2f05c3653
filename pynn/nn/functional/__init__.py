"""Functions of networks, with the names and arguments of torch.nn.functional."""

from __future__ import annotations

from pynn._guard import guard as _guard
from pynn.nn.functional import (
    activation as _activation,
    attention as _attention,
    conv as _conv,
    distance as _distance,
    dropout as _dropout,
    linear as _linear,
    loss as _loss,
    norm as _norm,
    padding as _padding,
    pooling as _pooling,
    probability as _probability,
    sparse as _sparse,
    vision as _vision,
)
from pynn.nn.functional.activation import *
from pynn.nn.functional.attention import *
from pynn.nn.functional.conv import *
from pynn.nn.functional.distance import *
from pynn.nn.functional.dropout import *
from pynn.nn.functional.linear import *
from pynn.nn.functional.loss import *
from pynn.nn.functional.norm import *
from pynn.nn.functional.padding import *
from pynn.nn.functional.pooling import *
from pynn.nn.functional.probability import *
from pynn.nn.functional.sparse import *
from pynn.nn.functional.vision import *

__all__: list[str] = []
__all__ += _activation.__all__
__all__ += _attention.__all__
__all__ += _conv.__all__
__all__ += _distance.__all__
__all__ += _dropout.__all__
__all__ += _linear.__all__
__all__ += _loss.__all__
__all__ += _norm.__all__
__all__ += _padding.__all__
__all__ += _pooling.__all__
__all__ += _probability.__all__
__all__ += _sparse.__all__
__all__ += _vision.__all__

_guard(globals(), __all__)

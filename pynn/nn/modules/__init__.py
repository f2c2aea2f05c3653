"""The modules of torch.nn, by family."""

from __future__ import annotations

from pynn.nn.modules import (
    activation as _activation,
    activation_shaped as _activation_shaped,
    adaptive as _adaptive,
    attention as _attention,
    batchnorm as _batchnorm,
    container as _container,
    conv as _conv,
    distance as _distance,
    dropout as _dropout,
    flatten as _flatten,
    fold as _fold,
    instancenorm as _instancenorm,
    linear as _linear,
    loss as _loss,
    module as _module,
    normalization as _normalization,
    padding as _padding,
    parameters as _parameters,
    pixelshuffle as _pixelshuffle,
    pooling as _pooling,
    rnn as _rnn,
    sparse as _sparse,
    transformer as _transformer,
    upsampling as _upsampling,
)
from pynn.nn.modules.activation import *
from pynn.nn.modules.activation_shaped import *
from pynn.nn.modules.adaptive import *
from pynn.nn.modules.attention import *
from pynn.nn.modules.batchnorm import *
from pynn.nn.modules.container import *
from pynn.nn.modules.conv import *
from pynn.nn.modules.distance import *
from pynn.nn.modules.dropout import *
from pynn.nn.modules.flatten import *
from pynn.nn.modules.fold import *
from pynn.nn.modules.instancenorm import *
from pynn.nn.modules.linear import *
from pynn.nn.modules.loss import *
from pynn.nn.modules.module import *
from pynn.nn.modules.normalization import *
from pynn.nn.modules.padding import *
from pynn.nn.modules.parameters import *
from pynn.nn.modules.pixelshuffle import *
from pynn.nn.modules.pooling import *
from pynn.nn.modules.rnn import *
from pynn.nn.modules.sparse import *
from pynn.nn.modules.transformer import *
from pynn.nn.modules.upsampling import *

__all__: list[str] = []
__all__ += _activation.__all__
__all__ += _activation_shaped.__all__
__all__ += _adaptive.__all__
__all__ += _attention.__all__
__all__ += _batchnorm.__all__
__all__ += _container.__all__
__all__ += _conv.__all__
__all__ += _distance.__all__
__all__ += _dropout.__all__
__all__ += _flatten.__all__
__all__ += _fold.__all__
__all__ += _instancenorm.__all__
__all__ += _linear.__all__
__all__ += _loss.__all__
__all__ += _module.__all__
__all__ += _normalization.__all__
__all__ += _padding.__all__
__all__ += _parameters.__all__
__all__ += _pixelshuffle.__all__
__all__ += _pooling.__all__
__all__ += _rnn.__all__
__all__ += _sparse.__all__
__all__ += _transformer.__all__
__all__ += _upsampling.__all__

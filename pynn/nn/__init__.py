"""Building blocks of networks: modules, functions and initialisers."""

from pynn._core import Buffer as Buffer, Parameter as Parameter
from pynn.nn import functional as functional, init as init, utils as utils
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

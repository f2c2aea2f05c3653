"""Building blocks of networks: modules, functions and initialisers."""

from pynn._core import Parameter as Parameter
from pynn.nn import functional as functional, init as init, utils as utils
from pynn.nn.modules import *

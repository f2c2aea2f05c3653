"""Building blocks of networks: modules, functions and initialisers."""

from pynn.nn import functional as functional, init as init
from pynn.nn.modules import *

"""Building blocks of networks: functions and initialisers."""

from pynn.nn import functional as functional
from pynn.nn import init as init

"""Building blocks of networks: functions and initialisers."""

from pynn.nn import functional as functional, init as init

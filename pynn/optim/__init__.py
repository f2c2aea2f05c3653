"""Optimisers."""

from pynn.optim.sgd import SGD as SGD

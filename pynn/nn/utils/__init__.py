"""Helpers around modules."""

from pynn.nn.utils import rnn as rnn

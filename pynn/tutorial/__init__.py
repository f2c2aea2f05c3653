"""The classes and functions of the tutorial "Neural Networks: Teaching Machines to Think".

The tutorial's code runs with its class and function definitions deleted and
`from pynn.tutorial import *` in their place: same names, same printed lines, same numbers.
docs/tutorial.md lists the tutorial's quirks and what became of each.
"""

from pynn.tutorial.network import NeuralNetwork as NeuralNetwork
from pynn.tutorial.perceptron import Perceptron as Perceptron
from pynn.tutorial.plots import (
    compare_network_capacities as compare_network_capacities,
    visualize_activation_functions as visualize_activation_functions,
)
from pynn.tutorial.recipes import (
    batch_norm as batch_norm,
    cosine_annealing as cosine_annealing,
    dropout as dropout,
    exponential_decay as exponential_decay,
    he_init as he_init,
    l2_penalty as l2_penalty,
    xavier_init as xavier_init,
)

__all__ = [
    "NeuralNetwork",
    "Perceptron",
    "batch_norm",
    "compare_network_capacities",
    "cosine_annealing",
    "dropout",
    "exponential_decay",
    "he_init",
    "l2_penalty",
    "visualize_activation_functions",
    "xavier_init",
]

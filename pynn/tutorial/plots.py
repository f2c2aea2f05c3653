"""The tutorial's two plotting functions."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

import pynn
from pynn.data import make_moons
from pynn.tutorial.network import NeuralNetwork

_CAPACITIES = (2, 4, 8, 16)
_EPOCHS = 5000
_TITLES = (
    "Sigmoid: σ(x) = 1/(1+e^(-x))",
    "Tanh: tanh(x)",
    "ReLU: max(0, x)",
    "Leaky ReLU: max(0.01x, x)",
)


def activations_of(t: Any) -> list[Any]:
    """Sigmoid, tanh, ReLU and leaky ReLU of a tensor."""
    return [
        pynn.sigmoid(t),
        pynn.tanh(t),
        pynn.relu(t),
        pynn.nn.functional.leaky_relu(t, 0.01),
    ]


def activation_curves() -> tuple[np.ndarray, list[tuple[str, np.ndarray]]]:
    """100 points from -5 to 5, and (title, values) of the four functions there."""
    x = np.linspace(-5, 5, 100)
    values = [curve.numpy() for curve in activations_of(pynn.as_tensor(x))]
    return x, list(zip(_TITLES, values, strict=True))


def visualize_activation_functions() -> None:
    """Plot sigmoid, tanh, ReLU and leaky ReLU."""
    from pynn import viz

    with viz.shown((12, 10)) as figure:
        viz.activation_functions(figure, *activation_curves())
        figure.tight_layout()


def compare_network_capacities() -> None:
    """Train networks of 2, 4, 8 and 16 hidden units on two moons and plot what they learned."""
    from pynn import viz

    X, y = _moons()(n_samples=200, noise=0.2, random_state=42)
    with viz.shown((12, 10)) as figure:
        for ax, hidden_size in zip(figure.subplots(2, 2).ravel(), _CAPACITIES, strict=True):
            nn = NeuralNetwork(
                input_size=2, hidden_size=hidden_size, output_size=1, learning_rate=0.5
            )
            nn.train(X, y.reshape(-1, 1), epochs=_EPOCHS, verbose=False)
            viz.decision_regions(ax, nn.forward, X, y, f"{hidden_size} hidden neurons")
        figure.tight_layout()


def _moons() -> Any:
    """scikit-learn's make_moons if it is installed, else ours; the arrays are the same."""
    try:
        return import_module("sklearn.datasets").make_moons
    except ImportError:
        return make_moons

"""Chapter 4: what more hidden neurons can do."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from pynn import viz
from pynn.data import make_moons
from pynn.tour.report import Report, timed
from pynn.tour.rival import NumpyNetwork
from pynn.tutorial import NeuralNetwork

_RATE = 0.5
_SIZES = (2, 4, 8, 16)

_STORY = """
Two interleaving moons of 200 points are harder than XOR. Four networks of 2, 4, 8 and 16 hidden
neurons learn them: each neuron adds one more bend to the border that a network can draw.
"""


def visit(report: Report) -> None:
    """Train the tutorial's four capacities, show their borders."""
    report.chapter("Capacity", _STORY)
    epochs = 500 if report.options.quick else 5000
    seed = report.options.seed
    X, labels = make_moons(n_samples=200, noise=0.2, random_state=42)
    y = labels.reshape(-1, 1)
    networks, seconds, numpy_seconds = [], 0.0, 0.0
    for hidden in report.progress(_SIZES, "training"):
        network = NeuralNetwork(2, hidden, 1, _RATE, seed=seed)
        rival = NumpyNetwork(2, hidden, 1, _RATE, seed)
        seconds += timed(partial(network.train, X, y, epochs, verbose=False))[0]
        numpy_seconds += timed(partial(rival.train, X, y, epochs))[0]
        networks.append(network)

    accuracies = [float((n.predict(X) == y).mean()) for n in networks]
    for hidden, accuracy, network in zip(_SIZES, accuracies, networks, strict=True):
        print(f"{hidden:2d} hidden: {accuracy:6.1%} right, loss {network.losses[-1]:.4f}")
    report.plot("4-capacity", (12, 10), lambda figure: _draw(figure, networks, X, labels))
    result = f"{accuracies[0]:.0%} right with 2 hidden, {accuracies[-1]:.0%} with 16"
    report.close("capacity", result, seconds, numpy_seconds)


def _draw(figure: Any, networks: list[NeuralNetwork], X: np.ndarray, y: np.ndarray) -> None:
    axes = figure.subplots(2, 2).ravel()
    for ax, hidden, network in zip(axes, _SIZES, networks, strict=True):
        viz.decision_regions(ax, network.forward, X, y, f"{hidden} hidden neurons")

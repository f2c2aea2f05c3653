"""Chapter 3: two layers solve XOR."""

from __future__ import annotations

from typing import Any

import numpy as np

from pynn import viz
from pynn.tour.neuron import INPUTS, XOR
from pynn.tour.report import Report, timed
from pynn.tour.rival import NumpyNetwork
from pynn.tutorial import NeuralNetwork

_RATE = 0.5
_HIDDEN = 4
_REPEATS = 3

_STORY = """
Four hidden neurons in between, and XOR is learned: the errors at the output are sent backwards
through the layers, and every weight takes a small step downhill. That is backpropagation, and
here are all its epochs.
"""


def visit(report: Report) -> None:
    """Train the tutorial's network on XOR, compare every loss with NumPy's."""
    report.chapter("XOR, solved", _STORY)
    epochs = 3000 if report.options.quick else 10000
    seed = report.options.seed
    targets = XOR.reshape(-1, 1)

    def train(kind: Any, **options: Any) -> Any:
        network = kind(2, _HIDDEN, 1, _RATE, seed=seed)
        network.train(INPUTS, targets, epochs, **options)
        return network

    network = train(NeuralNetwork)
    seconds, _ = timed(lambda: train(NeuralNetwork, verbose=False), _REPEATS)
    numpy_seconds, rival = timed(lambda: train(NumpyNetwork), _REPEATS)

    apart = float(np.abs(np.array(network.losses) - np.array(rival.losses)).max())
    outputs = network.forward(INPUTS).ravel()
    right = int(((outputs > 0.5) == XOR).sum())
    print()
    for (a, b), target, output in zip(INPUTS, XOR, outputs, strict=True):
        print(f"{a} xor {b} = {target}, the network says {output:.3f}")
    if right < len(XOR):
        report.say(
            "This start leads nowhere, as about one in a hundred does; "
            f"another one is --seed {seed + 1}."
        )
    report.say(f"All {epochs:,} losses are NumPy's within {apart:.0e}.")
    report.plot("3-xor", (13, 5), lambda figure: _draw(figure, network))
    result = f"{right} of 4, loss {network.losses[-1]:.1e}"
    report.close("XOR", result, seconds, numpy_seconds)


def _draw(figure: Any, network: NeuralNetwork) -> None:
    left, right = figure.subplots(1, 2)
    viz.training_loss(left, network.losses)
    title = "Neural Network Decision Boundary"
    viz.decision_regions(right, network.forward, INPUTS, XOR, title, "Input", 100)

"""Chapter 2: the functions between the layers."""

from __future__ import annotations

import numpy as np

import pynn
from pynn import viz
from pynn.tour.report import Report, timed
from pynn.tour.rival import numpy_activations
from pynn.tutorial.plots import activation_curves, activations_of

_POINTS = 100_000
_REPEATS = 5
_NAMES = ("sigmoid", "tanh", "ReLU", "leaky ReLU")

_STORY = """
Layers without something bent between them are one straight layer again. Four functions do the
bending: sigmoid squeezes into (0, 1), tanh into (-1, 1), ReLU cuts off below zero, and leaky
ReLU lets a little through, so that no neuron dies.
"""


def visit(report: Report) -> None:
    """Evaluate the four functions, show their curves."""
    report.chapter("Activation functions", _STORY)
    x = np.linspace(-5, 5, _POINTS)
    t = pynn.as_tensor(x)
    seconds, ours = timed(lambda: activations_of(t), _REPEATS)
    numpy_seconds, theirs = timed(lambda: numpy_activations(x), _REPEATS)
    points = [-2.0, 0.0, 2.0]
    print("x           " + "".join(f"{p:10.1f}" for p in points))
    for name, curve in zip(_NAMES, activations_of(pynn.as_tensor(np.array(points))), strict=True):
        print(f"{name:12s}" + "".join(f"{value:10.4f}" for value in curve.tolist()))
    apart = max(float(np.abs(a.numpy() - b).max()) for a, b in zip(ours, theirs, strict=True))
    report.say(f"At {_POINTS:,} points from -5 to 5, NumPy's values are within {apart:.0e}.")
    x100, curves = activation_curves()
    report.plot("2-activations", (10, 8), lambda f: viz.activation_functions(f, x100, curves))
    result = f"4 functions at {_POINTS:,} points"
    report.close("activation functions", result, seconds, numpy_seconds)

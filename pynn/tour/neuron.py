"""Chapter 1: one neuron learns AND and fails at XOR."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from pynn import viz
from pynn.tour.report import Report, timed
from pynn.tour.rival import NumpyPerceptron
from pynn.tutorial import Perceptron

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
AND = np.array([0, 0, 0, 1])
XOR = np.array([0, 1, 1, 0])
_RATE = 0.01
_REPEATS = 3

_STORY = """
One artificial neuron adds up its weighted inputs and answers 1 if the sum is above zero. It
learns from its mistakes alone. AND it can learn, because one straight line parts the answers;
for XOR there is no such line, however long it tries.
"""


def visit(report: Report) -> None:
    """Train both, show both lines."""
    report.chapter("The neuron", _STORY)
    epochs = 100 if report.options.quick else 1000
    seed = report.options.seed
    and_neuron, xor_neuron = _train(Perceptron, epochs, seed)
    with redirect_stdout(io.StringIO()):
        seconds, _ = timed(lambda: _train(Perceptron, epochs, seed), _REPEATS)
    numpy_seconds, _ = timed(lambda: _train(NumpyPerceptron, epochs, seed), _REPEATS)

    right = int((xor_neuron.predict(INPUTS) == XOR).sum())
    report.say(f"AND: {_answers(and_neuron, AND)}")
    report.say(f"XOR: {_answers(xor_neuron, XOR)}")
    if xor_neuron.circling_at is not None:
        report.say(
            f"From epoch {xor_neuron.circling_at} on, every epoch of XOR ends with the weights it "
            f"began with; pynn sees that, the tutorial's loop goes on for {epochs:,}."
        )
    report.plot("1-neuron", (12, 5), lambda figure: _draw(figure, and_neuron, xor_neuron))
    learned = f"AND learned in epoch {and_neuron.converged_at}"
    report.close("the neuron", f"{learned}, XOR {right} of 4", seconds, numpy_seconds)


def _train(kind: Any, epochs: int, seed: int) -> list[Any]:
    neurons = [kind(2, _RATE, seed=seed) for _ in range(2)]
    neurons[0].train(INPUTS, AND, 100)
    neurons[1].train(INPUTS, XOR, epochs)
    return neurons


def _answers(neuron: Perceptron, targets: np.ndarray) -> str:
    said = neuron.predict(INPUTS)
    pairs = ", ".join(f"{a} {b} -> {s}" for (a, b), s in zip(INPUTS, said, strict=True))
    return f"{pairs} ({int((said == targets).sum())} of {len(targets)} right)"


def _draw(figure: Any, and_neuron: Perceptron, xor_neuron: Perceptron) -> None:
    cases = (("AND: learned", and_neuron, AND), ("XOR: impossible", xor_neuron, XOR))
    for ax, (title, neuron, y) in zip(figure.subplots(1, 2), cases, strict=True):
        viz.decision_line(ax, neuron.weights, neuron.bias, INPUTS, y, title)

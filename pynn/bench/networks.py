"""Whole trainings: the tutorial's, and a user's own step."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

import pynn
from pynn.bench.measure import Case
from pynn.data import digits_parts, make_moons
from pynn.tour.rival import NumpyNetwork, NumpyReader
from pynn.tutorial import NeuralNetwork

XOR_X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
XOR_Y = np.array([[0], [1], [1], [0]])


def cases(quick: bool) -> Iterator[Case]:
    """The cases of this family."""
    epochs = 1000 if quick else 10_000
    yield Case(
        f"tutorial: XOR, 4 hidden, {epochs:,} epochs",
        partial(_tutorial, XOR_X, XOR_Y, 4, 0.5, epochs),
        partial(_numpy, XOR_X, XOR_Y, 4, 0.5, epochs),
        1e-10,
    )
    X, y = make_moons(200, noise=0.2, random_state=0)
    y = y.reshape(-1, 1)
    epochs = 500 if quick else 5000
    yield Case(
        f"tutorial: moons, 16 hidden, {epochs:,} epochs",
        partial(_tutorial, X, y, 16, 0.5, epochs),
        partial(_numpy, X, y, 16, 0.5, epochs),
        1e-8,
    )
    epochs = 1000 if quick else 10_000
    yield Case(
        f"capture: the same XOR step, {epochs:,} times",
        partial(_captured, epochs),
        partial(_tutorial, XOR_X, XOR_Y, 4, 0.5, epochs),
        1e-10,
        "NeuralNetwork.train",
    )
    yield digits(2 if quick else 10)
    yield Case(
        "import, NumPy's included", _importing("pynn"), _importing("numpy"), 0, "import numpy"
    )


def _importing(module: str) -> Callable[[], object]:
    def run() -> object:
        folder = Path(sys.executable).parent  # where no pynn lies beside
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True, cwd=folder)
        return 1

    return run


def _tutorial(X: np.ndarray, y: np.ndarray, hidden: int, rate: float, epochs: int) -> object:
    net = NeuralNetwork(X.shape[1], hidden, 1, rate, seed=0)
    net.train(X, y, epochs, verbose=False)
    return net.losses


def _numpy(X: np.ndarray, y: np.ndarray, hidden: int, rate: float, epochs: int) -> object:
    net = NumpyNetwork(X.shape[1], hidden, 1, rate, 0)
    net.train(X, y, epochs)
    return net.losses


def _captured(epochs: int) -> object:
    """What a user would write: the tutorial's formulas on tensors, captured."""
    start = NumpyNetwork(2, 4, 1, 0.5, 0)
    W1, b1, W2, b2 = (pynn.from_numpy(a) for a in (start.W1, start.b1, start.W2, start.b2))
    m = len(XOR_X)

    @pynn.capture
    def step(X: pynn.Tensor, y: pynn.Tensor) -> pynn.Tensor:
        a1 = pynn.sigmoid(X @ W1 + b1)
        a2 = pynn.sigmoid(a1 @ W2 + b2)
        dz2 = a2 - y
        dW2, db2 = (a1.T @ dz2) * (1 / m), dz2.sum(0, keepdim=True) * (1 / m)
        dz1 = (dz2 @ W2.T) * (a1 * (1 - a1))
        dW1, db1 = (X.T @ dz1) * (1 / m), dz1.sum(0, keepdim=True) * (1 / m)
        for w, d in ((W2, dW2), (b2, db2), (W1, dW1), (b1, db1)):
            w -= 0.5 * d
        return (dz2**2).mean()

    return step.run(epochs, XOR_X.astype(np.float64), XOR_Y.astype(np.float64))


def digits(epochs: int) -> Case:
    """64-64-10 on the handwritten digits, mini-batches of 63, momentum; float32."""
    parts = digits_parts()
    X, y = parts.X_train.reshape(19, 63, 64), parts.y_train.reshape(19, 63)
    rng = np.random.RandomState(0)
    shapes = ((64, 64), (64,), (64, 10), (10,))
    start = [(rng.randn(*s) * 0.15).astype(np.float32) for s in shapes]

    def ours() -> object:
        W1, b1, W2, b2 = params = [pynn.tensor(w, requires_grad=True) for w in start]
        optimiser = pynn.optim.SGD(params, lr=0.05, momentum=0.9)

        def step(x: pynn.Tensor, labels: pynn.Tensor) -> pynn.Tensor:
            optimiser.zero_grad()
            hidden = pynn.relu(x @ W1 + b1)
            loss = pynn.nn.functional.cross_entropy(hidden @ W2 + b2, labels)
            loss.backward()
            optimiser.step()
            return loss

        captured = pynn.capture(step)
        return np.concatenate([captured.scan(X, y) for _ in range(epochs)])

    def theirs() -> object:
        reader = NumpyReader(start, 0.9, 0.0)
        return [reader.step(a, b, 0.05) for _ in range(epochs) for a, b in zip(X, y, strict=True)]

    return Case(f"digits: 64-64-10, batches of 63, {epochs} epochs", ours, theirs, 1e-3)

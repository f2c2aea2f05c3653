"""Training: the tutorial's networks, a user's own step, an epoch of digits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import pynn
from pynn.bench.case import Array, Case, Pair, rounded, within
from pynn.bench.cases.steps import STEPS, OwnStep
from pynn.data import digits_parts, make_moons
from pynn.tour.digits import Reader, initial_weights, plan
from pynn.tour.rival import NumpyNetwork, NumpyReader
from pynn.tutorial import NeuralNetwork

_XOR_EPOCHS, _MOONS_EPOCHS = 10_000, 5_000
_FEW = 50  # epochs for a check alone
_APART = 1e-10
"""How far float64 trajectories may be from the tutorial's after all epochs."""


class Problem(NamedTuple):
    """Data, and the tutorial's network for them."""

    X: Array
    y: Array
    hidden: int
    learning_rate: float

    def network(self, kind: Any) -> Any:
        """A fresh network, always the same one."""
        return kind(self.X.shape[1], self.hidden, 1, self.learning_rate, seed=0)


def _xor() -> Problem:
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    return Problem(X.astype(np.float64), np.array([[0.0], [1.0], [1.0], [0.0]]), 4, 0.5)


def _moons() -> Problem:
    X, y = make_moons(200, noise=0.2, random_state=42)
    return Problem(X, y.reshape(-1, 1).astype(np.float64), 16, 0.5)


def cases() -> Iterator[Case]:
    """Against the tutorial's class; against pynn's own `train`; mini-batches."""
    problems = (
        ("XOR", _xor, _XOR_EPOCHS, 100.0),
        ("moons", _moons, _MOONS_EPOCHS, 7.0),
    )
    for title, problem, epochs, least in problems:
        name = f"{title}, {epochs:,} epochs"
        build = partial(_network_pair, problem)
        yield Case("training", name, build, epochs, small=_FEW, least=least)
    yield Case("training", "digits, one epoch of 37 batches", _digits_pair, 37, small=3)
    for title, problem, epochs, _ in problems:
        for words, kind in STEPS.items():
            yield Case(
                "own step",
                f"{title}, {epochs:,} epochs, {words}",
                partial(_own_pair, problem, kind),
                epochs,
                small=_FEW,
                rival="train",
                least=0.9,
            )


def _network_pair(problem: Callable[[], Problem], epochs: int) -> Pair:
    """From fresh weights at every call; the losses and the weights are compared."""
    given = problem()

    def train(kind: Any, **options: Any) -> list[Array]:
        network = given.network(kind)
        network.train(given.X, given.y, epochs, **options)
        return [np.array(network.losses), network.W1, network.b1, network.W2, network.b2]

    return Pair(
        (partial(train, verbose=False), NeuralNetwork), (train, NumpyNetwork), within(_APART)
    )


def _own_pair(problem: Callable[[], Problem], kind: type[OwnStep], epochs: int) -> Pair:
    """Both go back to the same weights at every call."""
    given = problem()
    network = given.network(NeuralNetwork)
    weights = (network.W1, network.b1, network.W2, network.b2)
    start = [w.copy() for w in weights]
    own = kind(start, given.learning_rate)

    def train(X: Array, y: Array) -> tuple[Array, ...]:
        for w, first in zip(weights, start, strict=True):
            np.copyto(w, first)
        network.losses.clear()
        network.train(X, y, epochs, verbose=False)
        return weights

    def own_train(X: Array, y: Array) -> list[Array]:
        for w, first in zip(own.arrays, start, strict=True):
            np.copyto(w, first)
        own.run(epochs, X, y)
        return own.arrays

    return Pair((own_train, given.X, given.y), (train, given.X, given.y), within(_APART))


def _digits_pair(batches: int) -> Pair:
    """Training goes on from call to call; the first epoch is compared, at a tenth of its rate."""
    momentum = 0.9
    x, y, _ = plan(digits_parts(), epochs=1, seed=0)[0]
    x, y = x[:batches], y[:batches]
    weights = initial_weights(seed=0)
    reader = Reader(weights)
    rival = NumpyReader(weights, momentum, 1e-4)
    rate = 0.01

    def epoch() -> list[pynn.Tensor]:
        reader.train_epoch(x, y, rate)
        return reader.parameters

    def numpy_epoch() -> list[Array]:
        for images, labels in zip(x, y, strict=True):
            rival.step(images, labels, rate)
        return rival.parameters

    # Every step adds the roundings of three products of 64 terms, to weights of about 1.
    return Pair((epoch,), (numpy_epoch,), rounded(4 * 64, lambda: 1.0))

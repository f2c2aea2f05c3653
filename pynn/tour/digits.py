"""Chapter 5: real handwritten digits."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

import pynn
import pynn.nn.functional as F
from pynn import viz
from pynn.data import DigitsParts, digits_parts
from pynn.tour.report import Report, timed
from pynn.tour.rival import NumpyReader
from pynn.tutorial import cosine_annealing, he_init

_SIZES = (64, 64, 64, 10)
_BATCH = 32
_RATE, _MOMENTUM, _DECAY = 0.1, 0.9, 1e-4

_GRID_TITLE = "50 of the test digits and what was read, the wrong ones first"

_STORY = """
1,797 digits written by 13 people, 8 x 8 pixels each (E. Alpaydin and C. Kaynak, "Optical
Recognition of Handwritten Digits", UCI, CC BY 4.0). Two thirds are for learning, in mini-batches
of 32, a sixth to watch it learn, and a sixth is looked at once, at the end.
"""


class Reader:
    """A network 64-64-64-10 with ReLU, whose training step is captured."""

    def __init__(self, weights: list[np.ndarray]) -> None:
        self.parameters = [pynn.tensor(w, requires_grad=True) for w in weights]
        self.optimiser = pynn.optim.SGD(
            self.parameters, lr=_RATE, momentum=_MOMENTUM, weight_decay=_DECAY
        )
        self.step = pynn.capture(self._step)

    def forward(self, x: Any) -> Any:
        """The logits (n, 10) of images (n, 64)."""
        W1, b1, W2, b2, W3, b3 = self.parameters
        hidden = pynn.relu(pynn.addmm(b1, x, W1))
        hidden = pynn.relu(pynn.addmm(b2, hidden, W2))
        return pynn.addmm(b3, hidden, W3)

    def _step(self, x: Any, y: Any) -> Any:
        self.optimiser.zero_grad()
        loss = F.cross_entropy(self.forward(x), y)
        loss.backward()
        self.optimiser.step()
        return loss

    def train_epoch(self, x: np.ndarray, y: np.ndarray, rate: float) -> float:
        """All mini-batches x (n, 32, 64), y (n, 32) in one call; returns their mean loss."""
        self.optimiser.param_groups[0]["lr"] = rate
        return float(self.step.scan(x, y).mean())

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The digits (n,) in images (n, 64)."""
        with pynn.no_grad():
            digits: np.ndarray = self.forward(pynn.as_tensor(x)).argmax(1).numpy()
        return digits


def visit(report: Report) -> None:
    """Learn to read digits, show what is read."""
    report.chapter("Real digits", _STORY)
    epochs = 8 if report.options.quick else 30
    parts = digits_parts()
    weights = initial_weights(report.options.seed)
    reader, rival = Reader(weights), NumpyReader(weights, _MOMENTUM, _DECAY)
    seconds = numpy_seconds = 0.0
    batches = plan(parts, epochs, report.options.seed)
    for epoch, (x, y, rate) in enumerate(report.progress(batches, "epochs")):
        passed, loss = timed(partial(reader.train_epoch, x, y, rate))
        seconds += passed
        numpy_seconds += timed(partial(_train_epoch, rival, x, y, rate))[0]
        if epoch % 5 == 0 or epoch == epochs - 1:
            accuracy = (reader.predict(parts.X_validation) == parts.y_validation).mean()
            print(f"Epoch {epoch:2d}, loss {loss:.4f}, validation {accuracy:.1%}", flush=True)

    digits = reader.predict(parts.X_test)
    accuracy = float((digits == parts.y_test).mean())
    theirs = rival.forward(parts.X_test)[-1].argmax(axis=1)
    report.say(
        f"Test: {accuracy:.1%} of {len(digits)} digits read right, "
        f"{int((digits != parts.y_test).sum())} wrong "
        f"(NumPy: {(theirs == parts.y_test).mean():.1%})."
    )
    _plot(report, parts, digits, accuracy)
    report.close("digits", f"{accuracy:.1%} of the test digits", seconds, numpy_seconds)


def initial_weights(seed: int) -> list[np.ndarray]:
    """He's weights and zero biases of all layers, float32, a stream of its own for each layer."""
    weights: list[np.ndarray] = []
    for layer, (n_in, n_out) in enumerate(pairwise(_SIZES)):
        stream_seed = (seed + layer * 1_000_003) % 2**32
        weights.append(he_init(n_in, n_out, seed=stream_seed).astype(np.float32))
        weights.append(np.zeros(n_out, np.float32))
    return weights


def plan(parts: DigitsParts, epochs: int, seed: int) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """For every epoch the shuffled mini-batches and the learning rate; a rest is left out."""
    numbers = np.random.RandomState(seed)
    count = len(parts.y_train) // _BATCH
    batches = []
    for epoch in range(epochs):
        order = numbers.permutation(len(parts.y_train))[: count * _BATCH].reshape(count, _BATCH)
        rate = cosine_annealing(0.0, _RATE, epoch, epochs)
        batches.append((parts.X_train[order], parts.y_train[order], rate))
    return batches


def _train_epoch(rival: NumpyReader, x: np.ndarray, y: np.ndarray, rate: float) -> None:
    for images, labels in zip(x, y, strict=True):
        rival.step(images, labels, rate)


def _plot(report: Report, parts: DigitsParts, digits: np.ndarray, accuracy: float) -> None:
    wrong_first = np.argsort(digits == parts.y_test, kind="stable")[:50]
    images = parts.X_test.reshape(-1, 8, 8)[wrong_first]
    labels, said = parts.y_test[wrong_first], digits[wrong_first]
    report.plot("5-digits", (11, 7), lambda f: viz.image_grid(f, images, labels, said, _GRID_TITLE))
    title = f"{len(digits)} test digits, {accuracy:.1%} read right"
    report.plot(
        "5-confusion",
        (7, 6.5),
        lambda f: viz.confusion_matrix(f.add_subplot(), parts.y_test, digits, title),
    )

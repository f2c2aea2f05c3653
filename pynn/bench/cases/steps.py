"""One epoch of the tutorial's network, written by hand in three ways, captured."""

from __future__ import annotations

from typing import Any

import numpy as np

import pynn
import pynn.nn.functional as F
from pynn.bench.case import Array
from pynn.tutorial._step import step as library_step


class OwnStep:
    """A captured step and its weights W1 (n, h), b1 (1, h), W2 (h, k), b2 (1, k), float64."""

    def __init__(self, weights: list[Array], learning_rate: float) -> None:
        self.arrays = [w.copy() for w in weights]
        self.learning_rate = learning_rate
        self.tensors = [pynn.from_numpy(w) for w in self.arrays]
        self.step: Any = pynn.capture(self.one)

    def run(self, epochs: int, X: Array, y: Array) -> None:
        """So many steps in one call."""
        self.step.run(epochs, X, y)

    def one(self, X: Any, y: Any) -> Any:
        """One step; returns the loss before it."""
        raise NotImplementedError


class SameStep(OwnStep):
    """The operations of `NeuralNetwork.train`, called as anybody can."""

    def __init__(self, weights: list[Array], learning_rate: float) -> None:
        super().__init__(weights, learning_rate)
        self.step = pynn.capture(library_step)

    def run(self, epochs: int, X: Array, y: Array) -> None:
        """So many steps in one call."""
        scale = np.array(-self.learning_rate / len(X))
        self.step.run(epochs, X, y, *self.arrays, scale)


class TutorialStep(OwnStep):
    """The tutorial's formulas, with the update at the end."""

    def one(self, X: Any, y: Any) -> Any:
        """Forward, backward, update."""
        W1, b1, W2, b2 = self.tensors
        m = len(X)
        a1 = pynn.sigmoid(X @ W1 + b1)
        a2 = pynn.sigmoid(a1 @ W2 + b2)
        loss = pynn.mean((a2 - y) ** 2)
        dz2 = a2 - y
        dW2 = (1 / m) * (a1.T @ dz2)
        db2 = (1 / m) * dz2.sum(0, keepdim=True)
        dz1 = (dz2 @ W2.T) * (a1 * (1 - a1))
        dW1 = (1 / m) * (X.T @ dz1)
        db1 = (1 / m) * dz1.sum(0, keepdim=True)
        W2 -= self.learning_rate * dW2
        b2 -= self.learning_rate * db2
        W1 -= self.learning_rate * dW1
        b1 -= self.learning_rate * db1
        return loss


class AutogradStep(OwnStep):
    """backward() and SGD: the mean binary cross-entropy has the tutorial's gradient."""

    def __init__(self, weights: list[Array], learning_rate: float) -> None:
        super().__init__(weights, learning_rate)
        for t in self.tensors:
            t.requires_grad_()
        self.optimiser = pynn.optim.SGD(self.tensors, lr=learning_rate)

    def one(self, X: Any, y: Any) -> Any:
        """Forward, backward, update."""
        W1, b1, W2, b2 = self.tensors
        self.optimiser.zero_grad()
        a1 = pynn.sigmoid(X @ W1 + b1)
        loss = F.binary_cross_entropy_with_logits(a1 @ W2 + b2, y)
        loss.backward()
        self.optimiser.step()
        return loss


STEPS: dict[str, type[OwnStep]] = {
    "the library's operations": SameStep,
    "the tutorial's formulas": TutorialStep,
    "autograd and SGD": AutogradStep,
}

"""The tutorial's single neuron."""

from __future__ import annotations

from typing import Any

import numpy as np

from pynn.tutorial._mistakes import Learner
from pynn.tutorial._stream import stream

_EXACT_KINDS = "biu"


class Perceptron:
    """A single artificial neuron: 1 if w . x + b > 0, else 0.

    The weights start as `randn(n_features) * 0.01`, drawn from NumPy's global generator as in the
    tutorial, or from a private one for a `seed`; the bias starts as 0.

    `train` makes the tutorial's corrections, one by one, and ends with its weights, bit for bit.
    Beyond the tutorial: `predict` and `activate` take whole arrays too (the tutorial's code raises
    "truth value of an array is ambiguous"), and `converged_at` tells how the training ended.

    Attributes:
        weights: (n_features,) float64, corrected in place.
        bias: a number.
        learning_rate: the size of a correction.
        converged_at: the epoch, counted from 0, in which the last `train` made no mistake; None if
            there was none, as on XOR, which no single neuron can learn.
        circling_at: the epoch that ended, its mistakes made, with the weights it began with; all
            further ones would do the same and are left out.  None if there was none.
    """

    def __init__(
        self, n_features: int, learning_rate: float = 0.01, *, seed: int | None = None
    ) -> None:
        self.weights = stream(seed).randn(n_features) * 0.01
        self.bias: Any = 0
        self.learning_rate = learning_rate
        self.converged_at: int | None = None
        self.circling_at: int | None = None

    def activate(self, x: Any) -> Any:
        """Step function: 1 where x > 0, else 0 (so exactly 0 gives 0); an int for one number."""
        if np.ndim(x) == 0:
            return 1 if x > 0 else 0
        return (np.asarray(x) > 0).astype(int)

    def predict(self, X: Any) -> Any:
        """The class of one sample (n,) as an int, or of every row of an array (m, n) as (m,)."""
        shape = np.shape(X)
        if not shape or shape[-1] != len(self.weights):
            raise ValueError(
                f"X of shape {shape} does not fit {len(self.weights)} weights: "
                f"expected ({len(self.weights)},) or (m, {len(self.weights)})"
            )
        return self.activate(np.dot(X, self.weights) + self.bias)

    def train(self, X: Any, y: Any, epochs: int = 100) -> None:
        """Go through the samples up to `epochs` times and correct the weights at each mistake.

        X is (m, n_features), y (m,) with 0 and 1.  Stops after an epoch without a mistake and
        prints "Converged at epoch N", N counted from 0.
        """
        X, y = np.asarray(X), np.asarray(y)
        self._check(X, y)
        self.converged_at = self.circling_at = None
        learner = self._learner(X, y)
        try:
            for epoch in range(epochs):
                if (learner.epoch() if learner else self._epoch(X, y.reshape(-1))) == 0:
                    self.converged_at = epoch
                    print(f"Converged at epoch {epoch}")
                    break
                if learner and learner.circling:
                    self.circling_at = epoch
                    break
        finally:
            if learner and learner.corrections:
                self.weights[:] = learner.weights
                self.bias = np.float64(learner.bias)

    def visualize_decision_boundary(self, X: Any, y: Any) -> None:
        """Plot the samples (m, 2) and the line on which w . x + b = 0."""
        from pynn import viz

        with viz.shown((8, 6)) as figure:
            viz.decision_line(figure.add_subplot(), self.weights, self.bias, X, y)

    def _check(self, X: np.ndarray, y: np.ndarray) -> None:
        n = len(self.weights)
        if X.ndim != 2 or X.shape[1] != n:
            raise ValueError(f"X of shape {X.shape} does not fit {n} weights: expected (m, {n})")
        if y.shape not in ((len(X),), (len(X), 1)):
            raise ValueError(
                f"y of shape {y.shape} does not fit X of shape {X.shape}: expected ({len(X)},)"
            )

    def _learner(self, X: np.ndarray, y: np.ndarray) -> Learner | None:
        if not self._is_plain(X, y):
            return None
        X, y = X.astype(np.float64), y.reshape(-1).astype(np.float64)
        return Learner(X, y, self.weights, float(self.bias), float(self.learning_rate))

    def _is_plain(self, X: np.ndarray, y: np.ndarray) -> bool:
        """Whether `Learner` does what the loop would: finite numbers, own methods."""
        own = type(self)
        replaced = (
            own.predict is not Perceptron.predict
            or own.activate is not Perceptron.activate
            or not {"predict", "activate"}.isdisjoint(vars(self))
        )
        exact = y.dtype.kind in _EXACT_KINDS or y.dtype == np.float64
        real = X.dtype.kind in "biuf" and X.dtype.itemsize <= 8
        plain_weights = (
            isinstance(self.weights, np.ndarray)
            and self.weights.dtype == np.float64
            and self.weights.shape == X.shape[1:]
        )
        finite = exact and real and np.isfinite(X).all() and np.isfinite(y).all()
        return bool(
            not replaced
            and plain_weights
            and finite
            and X.size
            and np.isfinite(self.weights).all()
            and np.ndim(self.bias) == 0
            and np.isfinite(self.bias)
            and np.ndim(self.learning_rate) == 0
        )

    def _epoch(self, X: np.ndarray, y: np.ndarray) -> int:
        """One epoch as the tutorial writes it, sample by sample."""
        corrections = 0
        for xi, yi in zip(X, y, strict=True):
            error = yi - self.predict(xi)
            if error != 0:
                self.weights += self.learning_rate * error * xi
                self.bias += self.learning_rate * error
                corrections += 1
        return corrections

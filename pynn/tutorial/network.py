"""The tutorial's network of two layers."""

from __future__ import annotations

import numbers
import operator
from itertools import combinations
from typing import Any, Literal

import numpy as np

import pynn
from pynn.tutorial._arrays import as_float64, check_targets, check_training, check_width
from pynn.tutorial._step import captured_step
from pynn.tutorial._stream import stream

_PRINT_EVERY = 1000
_PLAIN: tuple[Literal["C", "A"], ...] = ("C", "A")
_LONGEST_RUN = 100_000


class NeuralNetwork:
    """A simple 2-layer neural network: sigmoid(sigmoid(X W1 + b1) W2 + b2), in float64.

    The weights are drawn from NumPy's global generator in the tutorial's order, so that
    `np.random.seed(0)` gives the tutorial's own run, or from a private one for a `seed`.

    Kept as the tutorial has it:
    - it speaks of Xavier initialisation; sqrt(2 / inputs) is He's, see `xavier_init`, `he_init`;
    - `losses` are mean squared errors, while the gradient, output - y, is that of the mean binary
      cross-entropy;
    - `backward` updates too, from what the last `forward` left: a `predict` between the two
      changes the step.

    Attributes:
        W1, b1, W2, b2: (n, h), (1, h), (h, k), (1, k); updated in place, so aliases see it.
        losses: the loss of every epoch so far, before its update.
        learning_rate: may be changed between two calls of `train`.
        z1, a1, z2, a2: left by `forward`; dz2, dW2, db2, dz1, dW1, db1: left by `backward`.
            Always new arrays: nothing handed out is overwritten later.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        learning_rate: float = 0.1,
        *,
        seed: int | None = None,
    ) -> None:
        numbers = stream(seed)
        self.W1 = numbers.randn(input_size, hidden_size) * np.sqrt(2.0 / input_size)
        self.b1 = np.zeros((1, hidden_size))
        self.W2 = numbers.randn(hidden_size, output_size) * np.sqrt(2.0 / hidden_size)
        self.b2 = np.zeros((1, output_size))
        self.learning_rate = learning_rate
        self.losses: list[float] = []

    def sigmoid(self, x: Any) -> Any:
        """1 / (1 + exp(-x)).

        Exact also beyond +-500, where the tutorial's code clips x.
        """
        result = pynn.sigmoid(_tensor(as_float64("x", x))).numpy()
        return result if np.ndim(x) else np.float64(result)

    def sigmoid_derivative(self, x: Any) -> Any:
        """The derivative of the sigmoid at x, not at sigmoid(x)."""
        sx = self.sigmoid(x)
        return sx * (1 - sx)

    def forward(self, X: Any) -> np.ndarray:
        """The output (..., k) for X (..., n); leaves z1, a1, z2 and a2."""
        X = as_float64("X", X)
        check_width(X, self.W1)
        self.z1 = _affine(X, self.W1, self.b1)
        self.a1 = self.sigmoid(self.z1)
        self.z2 = _affine(self.a1, self.W2, self.b2)
        output: np.ndarray = self.sigmoid(self.z2)
        self.a2 = output
        return output

    def backward(self, X: Any, y: Any, output: Any) -> None:
        """One step of gradient descent for X (m, n), y (m, k) and output (m, k) of `forward`."""
        X, y, output = as_float64("X", X), as_float64("y", y), as_float64("output", output)
        check_targets(y, output.shape)
        self._gradients(X, y, output)
        self.W2 -= self.learning_rate * self.dW2
        self.b2 -= self.learning_rate * self.db2
        self.W1 -= self.learning_rate * self.dW1
        self.b1 -= self.learning_rate * self.db1

    def train(self, X: Any, y: Any, epochs: int = 10000, verbose: bool = True) -> None:
        """Train for `epochs` full-batch steps on X (m, n) and y (m, k).

        Appends to `losses` and, if `verbose`, prints every 1,000th epoch.  All epochs but the last
        are one captured step replayed; the last goes through `forward` and `backward`, which leave
        their attributes.  Where a subclass or the instance replaces `forward`, `backward`,
        `sigmoid` or `sigmoid_derivative`, every epoch does.  Ctrl-C ends after a whole step.
        """
        X, y, epochs = as_float64("X", X), as_float64("y", y), operator.index(epochs)
        check_training(X, y, self.W1, self.W2)
        run = self._replay if self._is_replayable(X, y) else self._loop
        X, y = np.require(X, requirements=_PLAIN), np.require(y, requirements=_PLAIN)
        done = 0
        while done < epochs:
            # Up to the next epoch to print, and that one.
            stretch = min(-done % _PRINT_EVERY + 1 if verbose else epochs, epochs - done)
            run(X, y, stretch, done + stretch == epochs)
            done += stretch
            if verbose and (done - 1) % _PRINT_EVERY == 0:
                print(f"Epoch {done - 1}, Loss: {self.losses[-1]:.4f}")

    def predict(self, X: Any) -> np.ndarray:
        """The classes, 1 where the output is above 0.5; leaves what `forward` leaves."""
        return (self.forward(X) > 0.5).astype(int)

    def visualize_training(self) -> None:
        """Plot the losses."""
        from pynn import viz

        with viz.shown((10, 6)) as figure:
            viz.training_loss(figure.add_subplot(), self.losses)

    def visualize_decision_boundary(self, X: Any, y: Any) -> None:
        """Plot the samples X (m, 2) on the classes that `predict` gives to the plane."""
        from pynn import viz

        with viz.shown((8, 6)) as figure:
            title = "Neural Network Decision Boundary"
            viz.decision_regions(figure.add_subplot(), self.predict, X, y, title, "Input", 100)

    def _gradients(self, X: np.ndarray, y: np.ndarray, output: np.ndarray) -> None:
        m = X.shape[0]
        self.dz2 = output - y
        self.dW2 = (1 / m) * _product(self.a1.T, self.dz2)
        self.db2 = (1 / m) * _column_sums(self.dz2)

        da1 = _product(self.dz2, self.W2.T)
        self.dz1 = da1 * self.sigmoid_derivative(self.z1)
        self.dW1 = (1 / m) * _product(X.T, self.dz1)
        self.db1 = (1 / m) * _column_sums(self.dz1)

    def _loop(self, X: np.ndarray, y: np.ndarray, epochs: int, last: bool) -> None:
        """The tutorial's loop, through whatever the methods are."""
        for _ in range(epochs):
            output = self.forward(X)
            self.losses.append(_mean_square(output - y))
            self.backward(X, y, output)

    def _replay(self, X: np.ndarray, y: np.ndarray, epochs: int, last: bool) -> None:
        """The captured step, `epochs` times; before the last one of all, the attributes it has."""
        if last:
            self._run(X, y, epochs - 1)
            self._gradients(X, y, self.forward(X))
            epochs = 1
        self._run(X, y, epochs)

    def _run(self, X: np.ndarray, y: np.ndarray, epochs: int) -> None:
        step = captured_step()
        scale = np.array(-self.learning_rate / len(X))
        shape = (len(X), self.W2.shape[1])
        if y.shape != shape:
            y = np.broadcast_to(y, shape).copy()
        while epochs:
            some = min(epochs, _LONGEST_RUN)
            weights = (self.W1, self.b1, self.W2, self.b2)
            step._run_into(self.losses, some, X, y, *weights, scale)
            epochs -= some

    def _is_replayable(self, X: np.ndarray, y: np.ndarray) -> bool:
        """Whether `step` does what the loop would do: own methods, four plain separate arrays."""
        if any(
            getattr(type(self), name) is not method or name in vars(self)
            for name, method in _METHODS.items()
        ):
            return False
        weights = (self.W1, self.b1, self.W2, self.b2)
        n, h, k = X.shape[1], self.W1.shape[-1], self.W2.shape[-1]
        return (
            all(map(_is_plain, weights, ((n, h), (1, h), (h, k), (1, k))))
            and not any(np.may_share_memory(a, b) for a, b in combinations((X, y, *weights), 2))
            and isinstance(self.learning_rate, numbers.Real)
        )


_METHODS = {
    name: vars(NeuralNetwork)[name]
    for name in ("forward", "backward", "sigmoid", "sigmoid_derivative")
}


def _is_plain(array: Any, shape: tuple[int, int]) -> bool:
    """Whether an array is one of float64 that can be written in place, of this shape."""
    return (
        type(array) is np.ndarray
        and array.dtype == np.float64
        and array.shape == shape
        and array.flags.behaved
    )


def _tensor(array: np.ndarray) -> pynn.Tensor:
    return pynn.as_tensor(np.asarray(array, np.float64))


def _affine(X: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """X W + b for X (..., n), W (n, h), b (1, h)."""
    rows = _tensor(X.reshape(-1, X.shape[-1]))
    result = pynn.addmm(_tensor(b), rows, _tensor(W)).numpy()
    return result.reshape(np.broadcast_shapes((*X.shape[:-1], W.shape[1]), b.shape))


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return pynn.matmul(_tensor(a), _tensor(b)).numpy()


def _column_sums(x: np.ndarray) -> np.ndarray:
    return _tensor(x).sum(0, keepdim=True).numpy()


def _mean_square(x: np.ndarray) -> float:
    return float(pynn.mean(_tensor(x * x)).item())

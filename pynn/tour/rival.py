"""The tutorial's formulas in NumPy: what the tour times pynn against.

They are the tutorial's own lines, with a private random stream in place of the global one so that
both start from the same weights.
"""

from __future__ import annotations

import numpy as np


class NumpyPerceptron:
    """The tutorial's loop over samples."""

    def __init__(self, n_features: int, learning_rate: float, seed: int) -> None:
        self.weights = np.random.RandomState(seed).randn(n_features) * 0.01
        self.bias = 0
        self.learning_rate = learning_rate

    def predict(self, x: np.ndarray) -> int:
        """The class of one sample."""
        return 1 if np.dot(x, self.weights) + self.bias > 0 else 0

    def train(self, X: np.ndarray, y: np.ndarray, epochs: int) -> None:
        """Go through the samples up to `epochs` times."""
        for _ in range(epochs):
            errors = 0
            for xi, yi in zip(X, y, strict=True):
                error = yi - self.predict(xi)
                if error != 0:
                    self.weights += self.learning_rate * error * xi
                    self.bias += self.learning_rate * error
                    errors += 1
            if errors == 0:
                break


class NumpyNetwork:
    """The tutorial's two layers, full batch."""

    def __init__(self, n_in: int, n_hidden: int, n_out: int, learning_rate: float, seed: int):
        numbers = np.random.RandomState(seed)
        self.W1 = numbers.randn(n_in, n_hidden) * np.sqrt(2.0 / n_in)
        self.b1 = np.zeros((1, n_hidden))
        self.W2 = numbers.randn(n_hidden, n_out) * np.sqrt(2.0 / n_hidden)
        self.b2 = np.zeros((1, n_out))
        self.learning_rate = learning_rate
        self.losses: list[float] = []

    def sigmoid(self, x: np.ndarray) -> np.ndarray:
        """1 / (1 + exp(-x)), x clipped."""
        s: np.ndarray = 1 / (1 + np.exp(-np.clip(x, -500, 500)))
        return s

    def sigmoid_derivative(self, x: np.ndarray) -> np.ndarray:
        """The derivative at x."""
        sx = self.sigmoid(x)
        derivative: np.ndarray = sx * (1 - sx)
        return derivative

    def forward(self, X: np.ndarray) -> np.ndarray:
        """The output for X."""
        self.z1 = np.dot(X, self.W1) + self.b1
        self.a1 = self.sigmoid(self.z1)
        self.z2 = np.dot(self.a1, self.W2) + self.b2
        self.a2 = self.sigmoid(self.z2)
        return self.a2

    def backward(self, X: np.ndarray, y: np.ndarray, output: np.ndarray) -> None:
        """Gradients and update."""
        m = X.shape[0]
        self.dz2 = output - y
        self.dW2 = (1 / m) * np.dot(self.a1.T, self.dz2)
        self.db2 = (1 / m) * np.sum(self.dz2, axis=0, keepdims=True)
        da1 = np.dot(self.dz2, self.W2.T)
        self.dz1 = da1 * self.sigmoid_derivative(self.z1)
        self.dW1 = (1 / m) * np.dot(X.T, self.dz1)
        self.db1 = (1 / m) * np.sum(self.dz1, axis=0, keepdims=True)
        self.W2 -= self.learning_rate * self.dW2
        self.b2 -= self.learning_rate * self.db2
        self.W1 -= self.learning_rate * self.dW1
        self.b1 -= self.learning_rate * self.db1

    def train(self, X: np.ndarray, y: np.ndarray, epochs: int) -> None:
        """Full-batch gradient descent."""
        for _ in range(epochs):
            output = self.forward(X)
            self.losses.append(np.mean((output - y) ** 2))
            self.backward(X, y, output)


def numpy_activations(x: np.ndarray) -> list[np.ndarray]:
    """Sigmoid, tanh, ReLU and leaky ReLU as the tutorial plots them."""
    return [
        1 / (1 + np.exp(-x)),
        np.tanh(x),
        np.maximum(0, x),
        np.where(x > 0, x, 0.01 * x),
    ]


class NumpyReader:
    """The digits network: ReLU layers, softmax and cross-entropy, momentum and L2, float32."""

    def __init__(self, weights: list[np.ndarray], momentum: float, weight_decay: float) -> None:
        self.parameters = [w.copy() for w in weights]
        self.velocities = [np.zeros_like(w) for w in weights]
        self.momentum, self.weight_decay = np.float32(momentum), np.float32(weight_decay)

    def forward(self, x: np.ndarray) -> list[np.ndarray]:
        """The input and the output of every layer."""
        outputs = [x]
        for W, b in zip(self.parameters[:-2:2], self.parameters[1:-2:2], strict=True):
            outputs.append(np.maximum(0, np.dot(outputs[-1], W) + b))
        W, b = self.parameters[-2:]
        return [*outputs, np.dot(outputs[-1], W) + b]

    def step(self, x: np.ndarray, y: np.ndarray, learning_rate: float) -> float:
        """One mini-batch; returns its mean cross-entropy before the update."""
        outputs = self.forward(x)
        rows = np.arange(len(y))
        shifted = outputs[-1] - outputs[-1].max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -log_p[rows, y].mean()
        dz = np.exp(log_p)
        dz[rows, y] -= 1
        dz /= np.float32(len(y))
        gradients: list[np.ndarray] = []
        for layer in reversed(range(len(outputs) - 1)):
            gradients[:0] = [np.dot(outputs[layer].T, dz), dz.sum(axis=0)]
            if layer:
                dz = np.dot(dz, self.parameters[2 * layer].T) * (outputs[layer] > 0)
        rate = np.float32(learning_rate)
        for p, v, g in zip(self.parameters, self.velocities, gradients, strict=True):
            v *= self.momentum
            v += g + self.weight_decay * p
            p -= rate * v
        return float(loss)

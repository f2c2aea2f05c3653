"""One epoch of the tutorial's network, as pynn operations on float64 tensors.

m samples, n inputs, h hidden units, k outputs:
X (m, n), y (m, k), W1 (n, h), b1 (1, h), W2 (h, k), b2 (1, k).
"""

from __future__ import annotations

import threading
from typing import Any

import pynn

_of_this_thread = threading.local()


def step(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any, rate: float) -> Any:
    """Forward, the tutorial's backward, update in place; returns the loss before the update."""
    m = X.shape[0]
    a1 = pynn.sigmoid(pynn.addmm(b1, X, W1))  # (m, h)
    a2 = pynn.sigmoid(pynn.addmm(b2, a1, W2))  # (m, k)
    dz2 = a2 - y
    loss = (dz2 * dz2).mean()
    dW2 = (a1.T @ dz2) * (1 / m)
    db2 = dz2.sum(0, keepdim=True) * (1 / m)
    dz1 = (dz2 @ W2.T) * (a1 * (1 - a1))
    dW1 = (X.T @ dz1) * (1 / m)
    db1 = dz1.sum(0, keepdim=True) * (1 / m)
    W2 -= rate * dW2
    b2 -= rate * db2
    W1 -= rate * dW1
    b1 -= rate * db1
    return loss


def captured_step() -> Any:
    """The captured `step` of this thread: its programs serve all networks of equal shapes."""
    try:
        return _of_this_thread.step
    except AttributeError:
        _of_this_thread.step = pynn.capture(step)
        return _of_this_thread.step

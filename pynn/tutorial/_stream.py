"""Where random numbers come from."""

from __future__ import annotations

import numpy as np


def stream(seed: int | None) -> np.random.RandomState:
    """NumPy's global generator for None, as in the tutorial; else a private one with its stream.

    `stream(0)` draws what the global generator draws after `np.random.seed(0)`.
    """
    return np.random.mtrand._rand if seed is None else np.random.RandomState(seed)

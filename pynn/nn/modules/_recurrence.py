"""What recurrent layers and cells share: sizes, initial values, the call of the operator."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pynn import _core
from pynn._core import Tensor
from pynn.nn import init
from pynn.nn.modules.module import Module

MODES = {"RNN_TANH": 0, "RNN_RELU": 1, "LSTM": 2, "GRU": 3}
GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}

Weights = tuple[Tensor, Tensor, Tensor | None, Tensor | None]


def reset(module: Module, hidden_size: int) -> None:
    """Every parameter uniform in +-1/sqrt(hidden_size)."""
    bound = 1.0 / math.sqrt(hidden_size) if hidden_size > 0 else 0
    for weight in module.parameters():
        init.uniform_(weight, -bound, bound)


def run(
    mode: str,
    x: Tensor,
    state: Sequence[Tensor],
    weights: Weights,
    steps: int,
    sizes: list[int] | None = None,
    reverse: bool = False,
) -> tuple[Tensor, ...]:
    """One direction of one layer over all steps.

    x (rows of all steps, I), state h0 (B, H) and for LSTM c0; sizes are the rows of every step,
    None where each has B.  Gives y (rows, H), h and for LSTM c after the last step.
    """
    h0 = state[0]
    c0 = state[1] if mode == "LSTM" else None
    w_ih, w_hh, b_ih, b_hh = weights
    out: tuple[Tensor, ...] = _core.ops.recurrent(
        x, h0, c0, w_ih, w_hh, b_ih, b_hh, MODES[mode], reverse, steps, sizes or ()
    )
    return out

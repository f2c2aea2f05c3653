"""Recurrent networks: layers over whole sequences, and cells."""

from __future__ import annotations

from typing import Any

from pynn import _core
from pynn._core import Tensor
from pynn.nn.modules._cells import GRUCell, LSTMCell, RNNCell, RNNCellBase
from pynn.nn.modules._rnn_base import RNNBase

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNBase", "RNNCell", "RNNCellBase"]


class RNN(RNNBase):
    """h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), or relu, in num_layers layers.

    input (T, B, I), with batch_first (B, T, I), unbatched (T, I), or a PackedSequence;
    hx (D layers, B, H), None: zeros.  Gives the last layer's h of every step, (T, B, D H), and
    h after the last step, (D layers, B, H); D is 2 if bidirectional, else 1.
    """

    nonlinearity: str

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: str | None = None,
        dtype: _core.dtype | None = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        mode = f"RNN_{nonlinearity.upper()}"
        super().__init__(
            mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
            device, dtype,
        )  # fmt: skip
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        """(output, h_n)."""
        y, states = self._run(input, () if hx is None else (hx,))
        return y, states[0]


class _Gated(RNNBase):
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: str | None = None,
        dtype: _core.dtype | None = None,
    ) -> None:
        mode = "LSTM" if isinstance(self, LSTM) else "GRU"
        super().__init__(
            mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
            device, dtype,
        )  # fmt: skip


class LSTM(_Gated):
    """Long short-term memory (Hochreiter and Schmidhuber 1997), with gates i, f, g, o:

    i, f, o = sigmoid, g = tanh of W_ih x + b_ih + W_hh h + b_hh;  c' = f c + i g;
    h' = o tanh(c').  Arguments and shapes are those of RNN; hx is (h_0, c_0).
    """

    def forward(
        self, input: Any, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Any, tuple[Tensor, Tensor]]:
        """(output, (h_n, c_n))."""
        y, (h, c) = self._run(input, () if hx is None else tuple(hx))
        return y, (h, c)


class GRU(_Gated):
    """Gated recurrent units (Cho et al. 2014), with gates r, z, n:

    r, z = sigmoid(W_ih x + b_ih + W_hh h + b_hh);
    n = tanh(W_in x + b_in + r (W_hn h + b_hn));  h' = (1 - z) n + z h.
    Arguments and shapes are those of RNN.
    """

    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        """(output, h_n)."""
        y, states = self._run(input, () if hx is None else (hx,))
        return y, states[0]

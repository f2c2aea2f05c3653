"""What RNN, LSTM and GRU have in common."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from pynn import _core
from pynn._core import Parameter, Tensor
from pynn._functions.movement import cat, stack
from pynn.nn import functional as F
from pynn.nn.modules import _recurrence
from pynn.nn.modules.module import Module
from pynn.nn.utils.rnn import PackedSequence

__all__ = ["RNNBase"]


class RNNBase(Module):
    """The parameters of num_layers layers, and what RNN, LSTM and GRU have in common.

    Layer k has weight_ih_l<k> (G H, I or D H), weight_hh_l<k> (G H, H), bias_ih_l<k> and
    bias_hh_l<k> (G H); the direction backwards in time has the suffix _reverse.  All start
    uniform in +-1/sqrt(hidden_size).
    """

    mode: str
    input_size: int
    hidden_size: int
    num_layers: int
    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool

    def __init__(
        self,
        mode: str,
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
        super().__init__()
        _check_options(input_size, hidden_size, num_layers, dropout)
        if mode not in _recurrence.MODES:
            raise ValueError(f"Unrecognized RNN mode: {mode}")
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        rows = _recurrence.GATES[mode] * hidden_size
        directions = 2 if bidirectional else 1
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * directions
            shapes = [(rows, width), (rows, hidden_size), *([(rows,), (rows,)] if bias else [])]
            for direction in range(directions):
                for name, shape in zip(_names(layer, direction, bias), shapes, strict=True):
                    setattr(self, name, Parameter(_core.empty(shape, dtype=dtype)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws every parameter anew, uniform in +-1/sqrt(hidden_size)."""
        _recurrence.reset(self, self.hidden_size)

    def flatten_parameters(self) -> None:
        """Nothing to do: the operators read the parameters where they lie."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [
            [getattr(self, name) for name in _names(layer, direction, self.bias)]
            for layer in range(self.num_layers)
            for direction in range(2 if self.bidirectional else 1)
        ]

    def extra_repr(self) -> str:
        """The sizes, and what is not the default."""
        text = f"{self.input_size}, {self.hidden_size}"
        if self.num_layers != 1:
            text += f", num_layers={self.num_layers}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if self.batch_first is not False:
            text += f", batch_first={self.batch_first}"
        if self.dropout != 0:
            text += f", dropout={self.dropout}"
        if self.bidirectional is not False:
            text += f", bidirectional={self.bidirectional}"
        return text

    def _layers(
        self, x: Tensor, state: Sequence[Tensor], steps: int, sizes: list[int] | None
    ) -> tuple[Tensor, list[Tensor]]:
        """All layers: x (rows, I), state (D layers, B, H) each."""
        last: list[tuple[Tensor, ...]] = []
        directions = 2 if self.bidirectional else 1
        parameters = self.all_weights
        for layer in range(self.num_layers):
            outputs = []
            for direction in range(directions):
                k = len(last)
                own: list[Any] = [*parameters[k], None, None]
                before = [s.select(0, k) for s in state]
                y, *after = _recurrence.run(
                    self.mode, x, before, tuple(own[:4]), steps, sizes, direction == 1
                )
                outputs.append(y)
                last.append(tuple(after))
            x = cat(outputs, 1) if directions > 1 else outputs[0]
            if self.dropout > 0 and self.training and layer + 1 < self.num_layers:
                x = F.dropout(x, self.dropout, True)
        states = [
            stack(parts) if len(parts) > 1 else parts[0].unsqueeze(0)
            for parts in zip(*last, strict=True)
        ]
        return x, states

    def _check_state(self, state: Sequence[Tensor], batch: int) -> None:
        expected = (self.num_layers * (2 if self.bidirectional else 1), batch, self.hidden_size)
        for k, s in enumerate(state):
            if tuple(s.shape) != expected:
                name = f"hidden[{k}]" if len(state) > 1 else "hidden"
                raise RuntimeError(f"Expected {name} size {expected}, got {list(s.shape)}")

    def _run_packed(
        self, packed: PackedSequence, state: tuple[Tensor, ...]
    ) -> tuple[PackedSequence, list[Tensor]]:
        data, batch_sizes, order, back = packed
        self._check_width(data)
        sizes: list[int] = batch_sizes.tolist()
        if not state:
            state = self._zeros(sizes[0], data)
        elif order is not None:
            state = tuple(s.index_select(1, order) for s in state)
        self._check_state(state, sizes[0])
        y, states = self._layers(data, state, len(sizes), sizes)
        if back is not None:
            states = [s.index_select(1, back) for s in states]
        return PackedSequence(y, batch_sizes, order, back), states

    def _run_padded(self, input: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, list[Tensor]]:
        batched = input.dim() == 3
        x = input if batched else input.unsqueeze(0 if self.batch_first else 1)
        if self.batch_first:
            x = x.transpose(0, 1)
        self._check_width(x)
        steps, batch = x.size(0), x.size(1)
        if steps == 0:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        if not state:
            state = self._zeros(batch, x)
        elif not batched:
            state = tuple(s.unsqueeze(1) for s in state)
        self._check_state(state, batch)
        y, states = self._layers(x.reshape(steps * batch, x.size(2)), state, steps, None)
        y = y.reshape(steps, batch, y.size(1))
        if self.batch_first:
            y = y.transpose(0, 1)
        if not batched:
            return y.squeeze(0 if self.batch_first else 1), [s.squeeze(1) for s in states]
        return y, states

    def _check_width(self, x: Tensor) -> None:
        if x.size(-1) != self.input_size:
            raise RuntimeError(
                "input.size(-1) must be equal to input_size. "
                f"Expected {self.input_size}, got {x.size(-1)}"
            )

    def _zeros(self, batch: int, like: Tensor) -> tuple[Tensor, ...]:
        rows = self.num_layers * (2 if self.bidirectional else 1)
        zero = _core.zeros(rows, batch, self.hidden_size, dtype=like.dtype)
        return (zero, zero) if self.mode == "LSTM" else (zero,)

    def _run(self, input: Any, state: tuple[Tensor, ...]) -> tuple[Any, list[Tensor]]:
        if isinstance(input, PackedSequence):
            return self._run_packed(input, state)
        if input.dim() not in (2, 3):
            raise ValueError(
                f"{type(self).__name__}: Expected input to be 2D or 3D, got {input.dim()}D instead"
            )
        for s in state:
            if s.dim() != input.dim():
                kind = "batched 3-D" if input.dim() == 3 else "unbatched 2-D"
                raise RuntimeError(
                    f"For {kind} input, hx should also be {input.dim()}-D but got {s.dim()}-D "
                    "tensor"
                )
        return self._run_padded(input, state)


def _names(layer: int, direction: int, bias: bool) -> list[str]:
    suffix = f"_l{layer}" + ("_reverse" if direction else "")
    kinds = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if bias else [])]
    return [kind + suffix for kind in kinds]


def _check_options(input_size: int, hidden_size: int, num_layers: int, dropout: float) -> None:
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an "
            "element being zeroed"
        )
    if not isinstance(hidden_size, int):
        raise TypeError(f"hidden_size should be of type int, got: {type(hidden_size).__name__}")
    if input_size <= 0:
        raise ValueError("input_size must be greater than zero")
    if hidden_size <= 0:
        raise ValueError("hidden_size must be greater than zero")
    if num_layers <= 0:
        raise ValueError("num_layers must be greater than zero")
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout "
            f"expects num_layers greater than 1, but got dropout={dropout} and "
            f"num_layers={num_layers}",
            stacklevel=4,
        )

"""summary(): what the layers of a model put out, hold, compute and need."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pynn import _core, nn
from pynn._core import Tensor

__all__ = ["LayerSummary", "Summary", "summary"]


@dataclass
class LayerSummary:
    """One call of one module."""

    name: str  # its path in the model
    kind: str
    depth: int
    input_shape: tuple[int, ...] | None
    output_shape: Any  # of a tensor, or a list of shapes
    params: int  # of this module alone (and of those that it uses without a call)
    trainable: int
    multiply_adds: int  # of this module alone
    output_bytes: int  # of this call, if no module below made it
    repeated: bool  # this module was called before


@dataclass
class Summary:
    """A model's layers with their totals; print it."""

    layers: list[LayerSummary]
    total_params: int
    trainable_params: int
    total_multiply_adds: int
    input_bytes: int
    param_bytes: int
    """Parameters and buffers."""
    activation_bytes: int
    """Outputs of the layers that have none below: about what a training step keeps."""
    depth: int = field(default=3, repr=False)

    @property
    def total_bytes(self) -> int:
        """Input, parameters, buffers and activations."""
        return self.input_bytes + self.param_bytes + self.activation_bytes

    def __str__(self) -> str:
        head = ("Layer (type)", "Output shape", "Parameters", "Multiply-adds")
        rows = [
            (
                "  " * row.depth
                + (f"{row.name.rpartition('.')[2]}: " if row.name else "")
                + row.kind,
                _shape_text(row.output_shape),
                "(again)" if row.repeated else f"{row.params:,}" if row.params else "-",
                f"{row.multiply_adds:,}" if row.multiply_adds else "-",
            )
            for row in self.layers
            if row.depth <= self.depth
        ]
        width = [max(len(r[k]) for r in [head, *rows]) for k in range(4)]

        def line(r: Sequence[str]) -> str:
            texts = [r[0].ljust(width[0]), r[1].ljust(width[1])]
            return "  ".join([*texts, r[2].rjust(width[2]), r[3].rjust(width[3])]).rstrip()

        rule = "-" * (sum(width) + 6)
        fixed = self.total_params - self.trainable_params
        return "\n".join(
            [
                line(head),
                rule,
                *[line(r) for r in rows],
                rule,
                f"Parameters: {self.total_params:,} ({self.trainable_params:,} trainable, "
                f"{fixed:,} fixed)",
                f"Multiply-adds: {self.total_multiply_adds:,}",
                f"Memory: {_bytes(self.input_bytes)} input + {_bytes(self.param_bytes)} parameters "
                f"and buffers + {_bytes(self.activation_bytes)} activations = "
                f"{_bytes(self.total_bytes)}",
            ]
        )


def summary(
    model: nn.Module,
    input_size: Any = None,
    input_data: Any = None,
    *,
    dtype: _core.dtype | None = None,
    depth: int = 3,
) -> Summary:
    """Runs the model once, in evaluation mode and without gradients, and tells per layer
    the output's shape, the parameters, the multiply-adds and the memory.

    input_size is the shape of one input, batch included, or a list of shapes;
    the inputs are zeros of dtype.  input_data instead is a tensor, or a tuple or
    dict of arguments.  Multiply-adds are those of products: linear and
    convolution layers, recurrent layers, attention.
    """
    args, kwargs = _arguments(input_size, input_data, dtype)
    watch = _Watch(model)
    modes = [(m, m.training) for m in model.modules()]
    try:
        model.eval()
        with _core.no_grad():
            model(*args, **kwargs)
    finally:
        watch.remove()
        for module, mode in modes:
            module.training = mode
    watch.add_uncalled(model)
    given = [t for t in [*args, *kwargs.values()] if isinstance(t, Tensor)]
    state = [*model.parameters(), *model.buffers()]
    return Summary(
        watch.layers,
        sum(p.numel() for p in model.parameters()),
        sum(p.numel() for p in model.parameters() if p.requires_grad),
        sum(row.multiply_adds for row in watch.layers),
        sum(_size(t) for t in given),
        sum(_size(t) for t in state),
        sum(row.output_bytes for row in watch.layers),
        depth,
    )


def _arguments(
    input_size: Any, input_data: Any, dtype: _core.dtype | None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if (input_size is None) == (input_data is None):
        raise ValueError("summary() takes either input_size or input_data")
    if isinstance(input_data, Tensor):
        return (input_data,), {}
    if isinstance(input_data, dict):
        return (), input_data
    if input_data is not None:
        return tuple(input_data), {}
    sizes = list(input_size)
    shapes = [sizes] if all(isinstance(n, int) for n in sizes) else sizes
    return tuple(_core.zeros(*shape, dtype=dtype) for shape in shapes), {}


class _Watch:
    """Hooks on every module that write down its calls, outermost first."""

    def __init__(self, model: nn.Module) -> None:
        self.layers: list[LayerSummary] = []
        self.open: list[int] = []  # rows whose call has not ended
        self.called: set[nn.Module] = set()
        self.counted: set[int] = set()
        self.handles: list[Any] = []
        for name, module in model.named_modules():
            self.handles.append(module.register_forward_pre_hook(self._enter(name)))
            self.handles.append(module.register_forward_hook(self._leave, always_call=True))

    def add_uncalled(self, model: nn.Module) -> None:
        """Parameters of modules that their owner used without a call count as its own."""
        rows = {row.name: row for row in reversed(self.layers)}
        for name, module in model.named_modules():
            if module in self.called:
                continue
            owner = name
            while owner and owner not in rows:
                owner = owner.rpartition(".")[0]
            for p in module.parameters(recurse=False):
                if id(p) not in self.counted and owner in rows:
                    self.counted.add(id(p))
                    rows[owner].params += p.numel()
                    rows[owner].trainable += p.numel() if p.requires_grad else 0

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()

    def _enter(self, name: str) -> Callable[[nn.Module, tuple[Any, ...]], None]:
        def enter(module: nn.Module, args: tuple[Any, ...]) -> None:
            own = [p for p in module.parameters(recurse=False) if id(p) not in self.counted]
            self.counted.update(id(p) for p in own)
            self.open.append(len(self.layers))
            self.layers.append(
                LayerSummary(
                    name,
                    type(module).__name__,
                    len(self.open) - 1,
                    args[0].shape if args and isinstance(args[0], Tensor) else None,
                    None,
                    sum(p.numel() for p in own),
                    sum(p.numel() for p in own if p.requires_grad),
                    0,
                    0,
                    module in self.called,
                )
            )
            self.called.add(module)

        return enter

    def _leave(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        number = self.open.pop()
        row = self.layers[number]
        tensors = _tensors(output)
        shapes = [t.shape for t in tensors]
        row.output_shape = shapes[0] if isinstance(output, Tensor) else shapes
        row.multiply_adds = _multiply_adds(module, args, tensors)
        if number == len(self.layers) - 1:
            row.output_bytes = sum(_size(t) for t in tensors)


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return [t for item in value for t in _tensors(item)]
    return []


def _multiply_adds(module: nn.Module, args: tuple[Any, ...], outputs: list[Tensor]) -> int:
    """Of the layer's products; 0 for layers without."""
    if not outputs or not args or not isinstance(args[0], Tensor):
        return 0
    kinds = [kind.__name__ for kind in type(module).__mro__]
    weight = getattr(module, "weight", None)
    if isinstance(module, nn.Linear):
        return outputs[0].numel() * module.in_features
    if any(k.startswith("ConvTranspose") for k in kinds) and weight is not None:
        return int(args[0].numel() * math.prod(weight.shape[1:]))
    if any(k in ("Conv1d", "Conv2d", "Conv3d") for k in kinds) and weight is not None:
        return int(outputs[0].numel() * math.prod(weight.shape[1:]))
    if any(k in ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell") for k in kinds):
        # Every row of every matrix meets every step of every sequence once.
        steps = math.prod(args[0].shape[:-1])
        return steps * sum(p.numel() for p in module.parameters() if p.ndim == 2)
    if "MultiheadAttention" in kinds:
        return _attention(module, args, outputs)
    return 0


def _attention(module: Any, args: tuple[Any, ...], outputs: list[Tensor]) -> int:
    """Four projections, scores, and their weighted sum."""
    query, key = args[0], args[1] if len(args) > 1 else args[0]
    width = module.embed_dim
    rows, columns = query.numel() // query.shape[-1], key.numel() // key.shape[-1]
    batch_dim = 0 if module.batch_first else 1
    batch = query.shape[batch_dim] if query.ndim == 3 else 1
    # The output projection is a Linear, called as a function: it has no row of its own.
    projections = 2 * rows * width * width + 2 * columns * key.shape[-1] * width
    return int(projections + 2 * rows * (columns // max(1, batch)) * width)


def _size(t: Tensor) -> int:
    return t.numel() * t.element_size()


def _shape_text(shape: Any) -> str:
    if isinstance(shape, list):
        return ", ".join(_shape_text(s) for s in shape) or "-"
    return "-" if shape is None else str(list(shape))


def _bytes(n: int) -> str:
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if n >= size:
            return f"{n / size:.2f} {unit}"
    return f"{n} B"

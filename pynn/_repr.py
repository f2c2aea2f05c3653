"""How a tensor prints: PyTorch's rules."""

from __future__ import annotations

import math

import numpy as np

from pynn import _core
from pynn._core import Tensor

PRECISION = 4
THRESHOLD = 1000  # elements above which the middle is left out
EDGE = 3  # elements that stay at each end then
WIDTH = 80


def tensor_repr(tensor: Tensor) -> str:
    """tensor([[1., 2.]], requires_grad=True)."""
    prefix = "tensor("
    values = _values(tensor)
    suffix = _suffix(tensor, values)
    if values.size == 0:
        body = "[]"
    elif values.ndim == 0:
        body = _Show(values)(values.reshape(-1)[0])
    else:
        body = _nested(values, values.size > THRESHOLD, len(prefix))
    return _joined(prefix + body, suffix, len(prefix))


def _values(tensor: Tensor) -> np.ndarray:
    bare = tensor.detach()
    if bare.dtype in (_core.bfloat16, _core.float16):
        bare = bare.float()
    return bare.numpy()


def _suffix(tensor: Tensor, values: np.ndarray) -> list[str]:
    plain = (_core.get_default_dtype(), _core.int64, _core.bool)
    parts = []
    if values.size == 0 and values.ndim != 1:
        parts.append(f"size={tuple(values.shape)}")
    if tensor.dtype not in plain or (values.size == 0 and tensor.dtype is not plain[0]):
        parts.append(f"dtype={tensor.dtype}")
    if tensor.grad_fn is not None:
        parts.append(f"grad_fn={tensor.grad_fn!r}")
    elif tensor.requires_grad:
        parts.append("requires_grad=True")
    return parts


def _joined(text: str, suffix: list[str], indent: int) -> str:
    line = len(text) - text.rfind("\n") - 1
    for part in suffix:
        if line + len(part) + 2 >= WIDTH:
            text += f",\n{' ' * indent}{part}"
            line = indent + len(part)
        else:
            text += f", {part}"
            line += len(part) + 2
    return text + ")"


def _nested(values: np.ndarray, shorten: bool, indent: int) -> str:
    shown = _edges(values) if shorten else values
    return _level(values, _Show(shown), shorten, indent)


def _edges(values: np.ndarray) -> np.ndarray:
    """The elements that are shown when the middle is left out."""
    for axis in range(values.ndim):
        if values.shape[axis] > 2 * EDGE:
            index = [*range(EDGE), *range(-EDGE, 0)]
            values = values.take(index, axis)
    return values


def _level(values: np.ndarray, show: _Show, shorten: bool, indent: int) -> str:
    cut = shorten and len(values) > 2 * EDGE
    rows = [*values[:EDGE], *values[-EDGE:]] if cut else list(values)
    flat = values.ndim == 1
    inner = [show(row) if flat else _level(row, show, shorten, indent + 1) for row in rows]
    if cut:
        inner.insert(EDGE, " ..." if flat else "...")
    if flat:
        return _lines(inner, show.width + 2, indent)
    gap = "," + "\n" * (values.ndim - 1) + " " * (indent + 1)
    return "[" + gap.join(inner) + "]"


def _lines(items: list[str], width: int, indent: int) -> str:
    """One row, broken where it would pass the width."""
    per_line = max(1, (WIDTH - indent) // width)
    lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


class _Show:
    """Formats the elements of one tensor alike: same width, same notation."""

    def __init__(self, values: np.ndarray) -> None:
        self.kind = values.dtype.kind
        self.integral = True
        self.scientific = False
        if self.kind == "f":
            values = values[np.isfinite(values) & (values != 0)]
            self._choose(np.abs(values.astype(np.float64)))
        texts = [self._text(v) for v in values.reshape(-1)]
        self.width = max((len(t) for t in texts), default=0)

    def _choose(self, finite: np.ndarray) -> None:
        """The notation, by the finite values that are not 0."""
        if finite.size == 0:
            return
        low, high = float(finite.min()), float(finite.max())
        self.integral = bool(np.all(finite == np.ceil(finite)))
        self.scientific = high / low > 1000.0 or high > 1.0e8
        if not self.integral:
            self.scientific = self.scientific or low < 1.0e-4

    def _text(self, value: np.generic) -> str:
        if self.kind != "f":
            return str(value)
        number = float(value)
        if self.scientific:
            return f"{number:.{PRECISION}e}"
        if self.integral and math.isfinite(number):
            return f"{number:.0f}."
        return f"{number:.{PRECISION}f}"

    def __call__(self, value: np.generic) -> str:
        return self._text(value).rjust(self.width)

"""Arguments and results between PyTorch and pynn."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import pynn

torch.set_num_threads(1)  # its threads wait for each other on a busy machine

DTYPES = {
    torch.float32: pynn.float32,
    torch.float64: pynn.float64,
    torch.bfloat16: pynn.bfloat16,
    torch.float16: pynn.float16,
    torch.int64: pynn.int64,
    torch.int32: pynn.int32,
    torch.int8: pynn.int8,
    torch.uint8: pynn.uint8,
    torch.bool: pynn.bool,
}
DROPPED = {"device", "layout", "pin_memory", "memory_format", "out", "non_blocking"}
FALSE = {"proj_size", "sparse"}
"""What pynn has not, and PyTorch's samples pass as False or 0 all the same."""


class Unsupported(Exception):
    """An argument that pynn has no word for: complex numbers, other devices, sparse layouts."""


class Mirror:
    """A pynn tensor that PyTorch's functions take: they come back here, and go on to pynn's."""

    def __init__(self, tensor: pynn.Tensor):
        self.tensor = tensor

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        target = counterpart(function)
        return traced(place(function), target, to_pynn(args), keywords(kwargs or {}))

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.tensor, name)
        if not callable(value):
            return wrapped(value)
        method = getattr(pynn.Tensor, name)
        return lambda *args, **kwargs: traced(
            f"Tensor.{name}", method, (self.tensor, *to_pynn(args)), keywords(kwargs)
        )

    def __getitem__(self, index: Any) -> Any:
        method = pynn.Tensor.__getitem__
        return traced("Tensor.__getitem__", method, (self.tensor, to_pynn(index)), {})


def _operator(name: str) -> Any:
    def call(self: Mirror, *args: Any) -> Any:
        method = getattr(pynn.Tensor, name)
        return traced(f"Tensor.{name}", method, (self.tensor, *to_pynn(args)), {})

    return call


_OPERATORS = """add radd sub rsub mul rmul truediv rtruediv pow rpow matmul rmatmul mod rmod
and or xor rand ror rxor floordiv rfloordiv lshift rshift lt le gt ge eq ne neg invert"""
for _name in _OPERATORS.split():
    setattr(Mirror, f"__{_name}__", _operator(f"__{_name}__"))


def wrapped(value: Any) -> Any:
    if isinstance(value, pynn.Tensor):
        return Mirror(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return tuple(wrapped(v) for v in value)
    if isinstance(value, (tuple, list)):
        return type(value)(wrapped(v) for v in value)
    return value


TRACE: list[tuple[str, Any, Any]] = []
"""The calls that came back to pynn: (place, args, kwargs)."""


def traced(where: str, function: Any, args: Any, kwargs: Any) -> Any:
    TRACE.append((where, args, kwargs))
    return wrapped(function(*args, **kwargs))


def place(function: Any) -> str:
    """A function of PyTorch by its public name, without "torch."."""
    name = torch.overrides.resolve_name(function) or getattr(function, "__qualname__", "")
    if name.startswith("torch._C._nn."):
        name = "torch.nn.functional." + name[len("torch._C._nn.") :]
    name = name.replace("_VariableFunctionsClass.", "torch.")
    name = name.replace("torch._C._VariableFunctions", "torch").replace(
        "torch._C.TensorBase", "torch.Tensor"
    )
    name = name.removeprefix("torch.").removeprefix("functional.")
    return {"spmm": "mm"}.get(name, name)  # one function, two names


def counterpart(function: Any) -> Any:
    """pynn's function for one of PyTorch's."""
    name = place(function)
    if name.startswith("Tensor."):
        method = name[len("Tensor.") :]
        if method.endswith(".__get__"):
            return lambda self: getattr(self, method[: -len(".__get__")])
        return lambda self, *args, **kwargs: getattr(self, method)(*args, **kwargs)
    found: Any = pynn
    for part in name.split("."):
        if not hasattr(found, part):
            raise NotImplementedError(f"pynn has no {name}")
        found = getattr(found, part)
    return found


def tensor(value: torch.Tensor) -> pynn.Tensor:
    """The same values, dtype, strides where NumPy can have them, and requires_grad."""
    if value.dtype not in DTYPES or value.layout != torch.strided:
        raise Unsupported(f"{value.dtype} {value.layout}")
    source = value.detach().resolve_neg()
    if value.dtype is torch.bfloat16:
        made = pynn.from_numpy(source.float().numpy().copy(order="K")).to(pynn.bfloat16)
    else:
        made = pynn.from_numpy(source.numpy().copy(order="K"))
    return made.requires_grad_() if value.requires_grad else made


def to_pynn(value: Any) -> Any:
    if isinstance(value, Mirror):
        return value.tensor
    if isinstance(value, torch.nn.Parameter):
        return pynn.nn.Parameter(tensor(value.detach()))
    if isinstance(value, torch.Tensor):
        return tensor(value)
    if isinstance(value, torch.dtype):
        if value not in DTYPES:
            raise Unsupported(str(value))
        return DTYPES[value]
    if isinstance(value, torch.nn.utils.rnn.PackedSequence):
        return pynn.nn.utils.rnn.PackedSequence(*[to_pynn(v) for v in value])
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[to_pynn(v) for v in value])
    if isinstance(value, (tuple, list)):
        return (tuple if isinstance(value, tuple) else list)(to_pynn(v) for v in value)
    if isinstance(value, dict):
        return {key: to_pynn(v) for key, v in value.items()}
    if isinstance(value, slice):
        return slice(to_pynn(value.start), to_pynn(value.stop), to_pynn(value.step))
    if isinstance(value, (complex, torch.Generator)) or (
        isinstance(value, torch.device) and value.type != "cpu"
    ):
        raise Unsupported(repr(value))
    if isinstance(value, torch.nn.Module) and not list(value.parameters()):
        return getattr(pynn.nn, type(value).__name__)()
    if callable(value) and str(getattr(value, "__module__", "")).startswith("torch"):
        return counterpart(value)
    if callable(value) and not isinstance(value, type):
        return value
    return value


def keywords(kwargs: dict[str, Any]) -> dict[str, Any]:
    if any(kwargs.get(key) for key in FALSE):
        raise Unsupported(f"{sorted(FALSE & kwargs.keys())}")
    deprecated = ("size_average", "reduce") if kwargs.get("reduce") is None else ()
    left_out = {*DROPPED, *FALSE, *deprecated}
    return {key: to_pynn(value) for key, value in kwargs.items() if key not in left_out}


def flat(value: Any) -> list[Any]:
    """Tensors and numbers of a result, in order."""
    if isinstance(value, Mirror):
        return [value.tensor]
    if type(value).__name__ == "PackedSequence":
        return flat(value.data)
    if isinstance(value, (tuple, list)):
        return [item for v in value for item in flat(v)]
    if value is None:
        return []
    return [value]


def array(value: Any) -> np.ndarray:
    if isinstance(value, torch.Tensor):
        value = value.detach()
        return (value.float() if value.dtype is torch.bfloat16 else value).numpy(force=True)
    if isinstance(value, pynn.Tensor):
        value = value.detach()
        return (value.float() if value.dtype is pynn.bfloat16 else value).numpy()
    return np.asarray(value)


def difference(theirs: Any, ours: Any, rtol: float, atol: float) -> str | None:
    """What differs between two results, or None."""
    a, b = flat(theirs), flat(ours)
    if len(a) != len(b):
        return f"{len(b)} outputs instead of {len(a)}"
    for k, (x, y) in enumerate(zip(a, b, strict=True)):
        if isinstance(x, torch.Tensor):
            if not isinstance(y, pynn.Tensor):
                return f"output {k} is a {type(y).__name__}, not a Tensor"
            if tuple(x.shape) != tuple(y.shape):
                return f"output {k} has shape {tuple(y.shape)}, not {tuple(x.shape)}"
            if DTYPES.get(x.dtype) != y.dtype:
                return f"output {k} is {y.dtype}, not {x.dtype}"
        want, have = array(x), array(y)
        if want.dtype.kind in "fc":
            scale = np.abs(want[np.isfinite(want)]).max(initial=1.0)
            bad = ~np.isclose(have, want, rtol=rtol, atol=atol * scale, equal_nan=True)
        else:
            bad = have != want
        if np.any(bad):
            where = tuple(int(i[0]) for i in np.nonzero(np.atleast_1d(bad)))
            got, expected = np.atleast_1d(have)[where], np.atleast_1d(want)[where]
            count = f"{int(np.sum(bad))} of {bad.size}"
            return f"output {k}: {count} differ; at {where} {got!r}, not {expected!r}"
    return None

"""Makes tests/golden/parity.json: one small sample of every compared operator, with PyTorch's
results, for machines without PyTorch.

`python tests/parity/golden.py` writes it.  Arguments are float32 numbers held in float64; results
are PyTorch's in float64, kept in float32.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
import torch

import pynn
from parity import convert, names, operators

FILE = Path(__file__).parents[1] / "golden" / "parity.json"
MOST = 80
"""Elements of all tensors of a sample."""


class NotPlain(Exception):
    """An argument that JSON cannot hold."""


def packed(value: Any) -> Any:
    """Tensors as {"dtype", "shape", "data"}, the rest as JSON has it."""
    if isinstance(value, (torch.Tensor, pynn.Tensor)):
        array = convert.array(value)
        kept = array.astype("<f4") if array.dtype.kind == "f" else array
        data = base64.b64encode(np.ascontiguousarray(kept).tobytes()).decode()
        grad = bool(value.requires_grad)
        return {"dtype": str(array.dtype), "shape": list(array.shape), "data": data, "grad": grad}
    if isinstance(value, pynn.dtype):
        return {"name": str(value).rpartition(".")[2]}
    if isinstance(value, slice):
        return {"slice": [value.start, value.stop, value.step]}
    if isinstance(value, (tuple, list)):
        return {"tuple" if isinstance(value, tuple) else "list": [packed(v) for v in value]}
    if value is Ellipsis:
        return {"ellipsis": True}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise NotPlain(repr(value))


def rounded(value: Any) -> Any:
    """Tensors of numbers that float32 has."""
    if isinstance(value, torch.Tensor) and value.dtype is torch.float64:
        made = value.detach().float().double()
        return made.requires_grad_(value.requires_grad)
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return type(value)(rounded(v) for v in value)
    return value


def size(value: Any) -> int:
    return sum(t.numel() for t in operators.flat_mirrors(value) if isinstance(t, torch.Tensor))


def entry(op: Any, sample: Any) -> dict[str, Any] | None:
    """The call that reaches pynn, and what PyTorch gives for it; None where it is not one call."""
    args = rounded((sample.input, *sample.args))
    kwargs = {key: rounded(value) for key, value in sample.kwargs.items()}
    theirs = op.op(*args, **kwargs)
    convert.TRACE.clear()
    ours_kwargs = {k: operators.mirrored(v) for k, v in kwargs.items()}
    operators.call_pynn(op, operators.mirrored(args), ours_kwargs)
    if len(convert.TRACE) != 1:
        return None
    where, call_args, call_kwargs = convert.TRACE[0]
    outputs = [t for t in convert.flat(theirs) if isinstance(t, torch.Tensor)]
    half = (torch.bfloat16, torch.float16)
    if not outputs or any(t.dtype not in convert.DTYPES or t.dtype in half for t in outputs):
        return None
    leaves = operators.torch_leaves((args, tuple(kwargs.values())))
    roots = [o for o in outputs if o.requires_grad]
    grads: list[Any] = []
    if roots and leaves:
        total = sum((o * o).sum() for o in roots)
        grads = list(torch.autograd.grad(total, leaves, allow_unused=True))
    return {
        "call": where,
        "args": [packed(a) for a in call_args],
        "kwargs": {key: packed(value) for key, value in call_kwargs.items()},
        "outputs": [packed(o.detach()) for o in outputs],
        "gradients": [packed(g) for g in grads],
    }


def smallest(name: str) -> dict[str, Any] | None:
    """The smallest sample of more than one element that is one plain call."""
    found: list[tuple[int, Any, Any]] = []
    for op in operators.OPS[name]:
        if torch.float64 not in op.supported_dtypes("cpu"):
            continue
        for sample in operators.samples(op, torch.float64, op.supports_autograd):
            if names.DEVIATIONS.get(name, lambda s: False)(sample):
                continue
            n = size((sample.input, sample.args, tuple(sample.kwargs.values())))
            if 2 <= n <= MOST:
                found.append((n, op, sample))
    for _, op, sample in sorted(found, key=lambda f: abs(f[0] - 12)):
        try:
            made = entry(op, sample)
        except (NotPlain, convert.Unsupported, RuntimeError, NotImplementedError, TypeError):
            continue
        if made is not None:
            return made
    return None


def main() -> None:
    made = {n: e for n in names.OPERATORS if not valueless(n) and (e := smallest(n)) is not None}
    lines = [f"{json.dumps(n)}: {json.dumps(e)}" for n, e in made.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(made)} of {len(names.OPERATORS)} operators, {FILE.stat().st_size} bytes")


def valueless(name: str) -> bool:
    return name.rpartition(".")[2] in operators.VALUELESS


if __name__ == "__main__":
    main()

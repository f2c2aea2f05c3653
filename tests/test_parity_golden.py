"""PyTorch's results, for machines without it: tests/golden/parity.json."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

import pynn

ENTRIES = json.loads((Path(__file__).parent / "golden" / "parity.json").read_text())


def unpacked(value, leaves):
    """What golden.py packed; tensors that require grad are appended to `leaves`."""
    if not isinstance(value, dict):
        return value
    if "data" in value:
        kind = "<f4" if value["dtype"].startswith("float") else value["dtype"]
        array = np.frombuffer(base64.b64decode(value["data"]), kind).reshape(value["shape"])
        made = pynn.tensor(array.astype(value["dtype"]))
        if value["grad"]:
            leaves.append(made.requires_grad_())
        return made
    if "name" in value:
        return getattr(pynn, value["name"])
    if "slice" in value:
        return slice(*value["slice"])
    if "ellipsis" in value:
        return ...
    ((kind, items),) = value.items()
    return (tuple if kind == "tuple" else list)(unpacked(v, leaves) for v in items)


def target(path):
    found = pynn
    for part in path.split("."):
        found = getattr(found, part)
    return found


def flat(value):
    if isinstance(value, (tuple, list)):
        return [item for v in value for item in flat(v)]
    return [value] if isinstance(value, pynn.Tensor) else []


def close(ours, packed):
    theirs = unpacked(packed, [])
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours.detach().numpy(), theirs.numpy(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ENTRIES)
def test_as_pytorch(name):
    entry, leaves = ENTRIES[name], []
    args = [unpacked(a, leaves) for a in entry["args"]]
    kwargs = {key: unpacked(value, leaves) for key, value in entry["kwargs"].items()}
    outputs = flat(target(entry["call"])(*args, **kwargs))
    assert len(outputs) == len(entry["outputs"])
    for ours, theirs in zip(outputs, entry["outputs"], strict=True):
        close(ours, theirs)
    if not entry["gradients"]:
        return
    total = sum((o * o).sum() for o in outputs if o.requires_grad)
    gradients = pynn.autograd.grad(total, leaves, allow_unused=True)
    for ours, theirs in zip(gradients, entry["gradients"], strict=True):
        if theirs is not None and ours is not None:
            close(ours, theirs)


def test_there_are_many():
    assert len(ENTRIES) >= 200

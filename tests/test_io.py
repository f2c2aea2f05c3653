"""Files of tensors: whole or not at all, read back bit for bit, refused when damaged."""

import json
import os
import random
import struct

import numpy as np
import pytest

import pynn
import pynn.nn as nn

DTYPES = ["float64", "float32", "bfloat16", "float16", "int64", "int32", "int8", "uint8", "bool"]


def tensors():
    rng = np.random.default_rng(0)
    found = {}
    for name in DTYPES:
        for shape in ((), (3,), (2, 0), (2, 3, 4)):
            values = pynn.tensor(rng.integers(0, 2, shape))
            found[f"{name}.{len(shape)}.{shape}"] = values.to(getattr(pynn, name))
    return found


def same(a, b):
    assert a.dtype == b.dtype
    assert a.shape == b.shape
    left, right = (t.contiguous().reshape(-1).view(pynn.uint8).numpy() for t in (a, b))
    assert left.tobytes() == right.tobytes()


def test_round_trip(tmp_path):
    path = tmp_path / "all.safetensors"
    given = tensors()
    pynn.save(given, path)
    found = pynn.load(path)
    assert set(found) == set(given)
    for name, tensor in given.items():
        same(found[name], tensor)
    found["float32.3.(2, 3, 4)"].add_(1)  # memory of its own
    assert os.listdir(tmp_path) == ["all.safetensors"]


def test_a_module_comes_back(tmp_path):
    path = tmp_path / "net.safetensors"
    one, other = (nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)) for _ in range(2))
    one(pynn.randn(8, 3))
    pynn.save(one.state_dict(), path)
    other.load_state_dict(pynn.load(path))
    for name, tensor in one.state_dict().items():
        same(other.state_dict()[name], tensor)


def test_views_are_written_as_they_read(tmp_path):
    x = pynn.arange(12.0).reshape(3, 4)
    pynn.save({"t": x.t(), "s": x[:, ::2], "g": x.clone().requires_grad_()}, tmp_path / "v")
    found = pynn.load(tmp_path / "v")
    np.testing.assert_array_equal(found["t"].numpy(), x.numpy().T)
    np.testing.assert_array_equal(found["s"].numpy(), x.numpy()[:, ::2])
    assert not found["g"].requires_grad


def test_the_bytes_are_the_formats(tmp_path):
    path = tmp_path / "x"
    pynn.save({"b": pynn.tensor([1, 2], dtype=pynn.uint8), "a": pynn.tensor([1.0])}, path)
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    assert length % 8 == 0
    assert header == {
        "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
        "b": {"dtype": "U8", "shape": [2], "data_offsets": [4, 6]},
    }
    assert data[8 + length :] == np.float32(1).tobytes() + b"\1\2"


def test_the_reference_reads_and_writes_it(tmp_path):
    reference = pytest.importorskip("safetensors.numpy")
    given = {n: t for n, t in tensors().items() if not n.startswith("bfloat16")}
    pynn.save(given, tmp_path / "ours")
    theirs = reference.load_file(tmp_path / "ours")
    for name, tensor in given.items():
        np.testing.assert_array_equal(theirs[name], tensor.numpy())
    reference.save_file(theirs, tmp_path / "theirs")
    for name, tensor in pynn.load(tmp_path / "theirs").items():
        same(tensor, given[name])


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        (pynn.ones(2), TypeError, "named tensors"),
        ({"x": np.ones(2)}, TypeError, "'x' is a ndarray"),
        ({3: pynn.ones(2)}, TypeError, "name is a string"),
        ({"__metadata__": pynn.ones(2)}, TypeError, "__metadata__"),
    ],
)
def test_what_is_not_saved(given, error, match, tmp_path):
    with pytest.raises(error, match=match):
        pynn.save(given, tmp_path / "x")
    assert os.listdir(tmp_path) == []


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x"
    pynn.save({"x": pynn.ones(2)}, path)
    before = path.read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        pynn.save({"x": pynn.zeros(2)}, path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["x"]


def test_damaged_files_are_value_errors(tmp_path):
    path = tmp_path / "x"
    pynn.save(tensors(), path)
    data = path.read_bytes()
    rng = random.Random(0)
    refused = 0
    for _ in range(400):
        kind, at = rng.randrange(3), rng.randrange(len(data))
        if kind == 0:
            worse = data[:at]
        elif kind == 1:
            worse = data + bytes(at % 7 + 1)
        else:
            at = rng.randrange(8 + struct.unpack_from("<Q", data)[0])
            worse = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        path.write_bytes(worse)
        try:
            pynn.load(path)
        except ValueError as error:
            assert "not a whole safetensors file" in str(error)  # noqa: PT017
            refused += 1
    assert refused > 200


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b"{",
        b'{"x": 3}',
        b'{"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}}',
        b'{"x": {"dtype": "C64", "shape": [1], "data_offsets": [0, 8]}}',
        b'{"x": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}',
        b'{"x": {"dtype": "F32", "shape": [1e3], "data_offsets": [0, 4]}}',
        b'{"x": {"dtype": "F32", "shape": [4611686018427387904], "data_offsets": [0, 0]}}',
        b'{"x": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}',
        b"[" * 100000,
    ],
)
def test_headers_that_lie(header, tmp_path):
    path = tmp_path / "x"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        pynn.load(path)
    path.write_bytes(struct.pack("<Q", 2**63) + b"{}")
    with pytest.raises(ValueError, match="not a whole safetensors file"):
        pynn.load(path)

"""NumPy's door: what is shared, what is copied, what is refused."""

from __future__ import annotations

import gc
import sys

import numpy as np
import pytest

import pynn
from pynn import _debug

DTYPES = ["float32", "float64", "float16", "int64", "int32", "int8", "uint8", "bool"]


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0, 3), (1, 1, 1, 1, 1, 1, 1, 2)])
def test_round_trip_shares(name, shape):
    a = np.ones(shape, name)
    t = pynn.from_numpy(a)
    assert (t.dtype.name, t.shape) == (name, shape)
    b = t.numpy()
    assert b.dtype == a.dtype
    assert b.dtype.num == a.dtype.num
    assert b.shape == a.shape
    assert a.size == 0 or np.shares_memory(a, b)
    b[...] = 0
    assert not a.any()
    assert not t.to(pynn.float64).numpy().any()


def test_writes_go_both_ways():
    a = np.zeros((2, 3))
    t = pynn.from_numpy(a)
    t[0, 1] = 5
    a[1, 2] = 7
    assert a[0, 1] == 5
    assert t[1, 2].item() == 7
    t.add_(1)
    assert a[0, 0] == 1


@pytest.mark.parametrize(
    "layout",
    {
        "reversed": lambda a: a[::-1],
        "steps": lambda a: a[::2, 1::3],
        "fortran": np.asfortranarray,
        "transposed": lambda a: a.T,
        "broadcast": lambda a: np.broadcast_to(a[0], (3, 7)),
        "column": lambda a: a[:, 2],
        "diagonal": lambda a: np.einsum("ii->i", a[:6, :6]),
        "one": lambda a: a[1:2, ::3],
    }.items(),
    ids=lambda item: item[0],
)
def test_strides_of_any_kind(layout):
    a = np.arange(42.0).reshape(6, 7)
    b = layout[1](a)
    t = pynn.from_numpy(b)
    assert np.shares_memory(b, t.numpy())
    assert np.array_equal(t.numpy(), b)
    assert np.array_equal((t + 1).numpy(), b + 1)
    assert np.array_equal(t.clone().numpy(), b)


def test_read_only_stays_read_only():
    a = np.arange(3.0)
    a.flags.writeable = False
    t = pynn.from_numpy(a)
    assert not t.numpy().flags.writeable
    assert (t + 1).tolist() == [1, 2, 3]
    for write in (
        lambda: t.add_(1),
        lambda: t.zero_(),
        lambda: t.__setitem__(0, 1),
        lambda: t[1:].fill_(0),
    ):
        with pytest.raises(ValueError, match="read-only"):
            write()
    assert a.tolist() == [0, 1, 2]
    assert t.clone().add_(1).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "odd",
    {
        "swapped": lambda: np.arange(5.0).astype(">f8" if sys.byteorder == "little" else "<f8"),
        "misaligned": lambda: np.frombuffer(b"\0" + np.arange(5.0).tobytes(), "f8", offset=1),
        "fractional": lambda: np.rec.fromarrays(
            [np.arange(5.0), np.arange(5, dtype="i1")], names="x,y"
        )["x"],
    }.items(),
    ids=lambda item: item[0],
)
def test_what_is_copied_on_entry(odd):
    a = odd[1]()
    t = pynn.from_numpy(a)
    assert t.tolist() == [0, 1, 2, 3, 4]
    assert not np.shares_memory(a, t.numpy())
    assert t.numpy().flags.aligned
    assert (t * 2).tolist() == [0, 2, 4, 6, 8]


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([1j]), "complex128"),
        (np.array(["a"]), "<U1"),
        (np.array([b"a"]), r"\|S1"),
        (np.array([None]), "object"),
        (np.zeros(2, "M8[s]"), "datetime64"),
        (np.zeros(2, [("a", "f4")]), "'a'"),
        (np.zeros(2, ">c8"), "c8"),
        (np.zeros(2, "V3"), "V3"),
        (np.zeros(2, "u4"), "uint32"),
    ],
)
def test_unsupported_dtypes_are_named(array, words):
    for door in (pynn.from_numpy, pynn.tensor, pynn.as_tensor, lambda a: pynn.ones(1) + a):
        with pytest.raises(TypeError, match=f"{words}.*supported are float32, float64"):
            door(array)


def test_more_than_eight_dimensions():
    with pytest.raises(ValueError, match="at most 8 dimensions; the array has 9"):
        pynn.from_numpy(np.zeros((1,) * 9))


@pytest.mark.parametrize("thing", [[1.0], 1.0, np.float32(1), None, b"abc"])
def test_from_numpy_takes_arrays_only(thing):
    with pytest.raises(TypeError, match="expected a NumPy array"):
        pynn.from_numpy(thing)


def test_float16_is_storage():
    t = pynn.from_numpy(np.array([1, 2.5], "f2"))
    assert t.float().tolist() == [1, 2.5]
    assert t[1:].tolist() == [2.5]
    assert t.clone().dtype is pynn.float16
    with pytest.raises(TypeError, match=r"float16 and float16.*\.float\(\)"):
        t + t


def test_requires_grad_is_not_exported():
    w = pynn.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"Can't call numpy\(\) on Tensor that requires grad"):
        w.numpy()
    with pytest.raises(RuntimeError, match="requires grad"):
        np.asarray(w)
    with pytest.raises(BufferError, match="requires grad"):
        memoryview(w)
    with pytest.raises(BufferError, match="requires grad"):
        w.__dlpack__()
    assert w.detach().numpy().tolist() == [1, 1]
    assert w.numpy(force=True).tolist() == [1, 1]
    assert w.tolist() == [1, 1]


def test_bfloat16_is_not_numpys():
    t = pynn.ones(2, dtype=pynn.bfloat16)
    with pytest.raises(TypeError, match="no bfloat16"):
        t.numpy()
    with pytest.raises(BufferError, match="no bfloat16"):
        memoryview(t)
    assert t.tolist() == [1, 1]
    assert t.float().numpy().tolist() == [1, 1]


def test_array_function():
    t = pynn.tensor([[1.0, 2.0]])
    assert np.asarray(t).dtype == np.float32
    assert np.array(t, dtype=np.float64).dtype == np.float64
    assert np.shares_memory(np.asarray(t), t.numpy())
    assert not np.shares_memory(np.array(t), t.numpy())
    assert t.__array__(np.float64).dtype == np.float64
    assert not np.shares_memory(t.__array__(copy=True), t.numpy())
    with pytest.raises(ValueError, match="needs a copy"):
        t.__array__(np.float64, copy=False)
    assert np.stack([t, t]).shape == (2, 1, 2)


def test_arrays_are_operands():
    t = pynn.ones(3, requires_grad=True)
    a = np.array([1.0, 2.0, 3.0])
    for r in (t * a, a * t, t + a, a + t, a - t, a / t, a**t, t == a, a < t):
        assert isinstance(r, pynn.Tensor)
    (a * t).sum().backward()
    assert t.grad.tolist() == [1, 2, 3]
    assert isinstance(np.float32(2) * t, pynn.Tensor)
    assert isinstance(np.float64(2) * t, pynn.Tensor)
    assert (np.float64(2) * t).dtype is pynn.float32
    assert (np.eye(3, dtype="f4") @ t).shape == (3,)


# ---- buffer protocol -----------------------------------------------------------------------


def test_memoryview():
    t = pynn.arange(6).reshape(2, 3)
    m = memoryview(t)
    assert (m.shape, m.strides, m.itemsize, m.readonly) == ((2, 3), (24, 8), 8, False)
    assert m.tolist() == [[0, 1, 2], [3, 4, 5]]
    v = memoryview(t.T)
    assert v.strides == (8, 24)
    assert v.f_contiguous and not v.c_contiguous
    assert bytes(memoryview(pynn.tensor([1, 2], dtype=pynn.uint8))) == b"\1\2"
    with pytest.raises((BufferError, ValueError), match=r"not contiguous|not C-contiguous"):
        np.frombuffer(t.T, np.int64)


def test_export_keeps_memory_alive():
    before = _debug.live_bytes()
    t = pynn.ones(1000)
    a = t.numpy()
    m = memoryview(t)
    del t
    gc.collect()
    assert a.sum() == 1000
    assert m[999] == 1
    del a, m
    gc.collect()
    assert _debug.live_bytes() <= before


def test_import_keeps_the_array_alive_and_lets_it_go():
    a = np.ones(1000)
    n = sys.getrefcount(a)
    t = pynn.from_numpy(a)
    v = t[10:]
    with pytest.raises(ValueError, match="resize"):
        a.resize(10)
    del t
    assert sys.getrefcount(a) > n
    del v
    assert sys.getrefcount(a) == n


# ---- DLPack --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DTYPES)
def test_dlpack_round_trip(name):
    a = np.ones((2, 3), name)
    t = pynn.from_dlpack(a)
    assert (t.dtype.name, t.shape) == (name, (2, 3))
    b = np.from_dlpack(t)
    assert b.dtype == a.dtype
    assert np.shares_memory(a, b)


def test_dlpack_strides_and_life():
    t = pynn.arange(12).reshape(3, 4).T
    b = np.from_dlpack(t)
    assert np.array_equal(b, np.arange(12).reshape(3, 4).T)
    before = _debug.stats()["storages"]
    u = pynn.from_dlpack(t)
    assert u.stride() == t.stride()
    assert u.data_ptr() == t.data_ptr()
    del u
    assert _debug.stats()["storages"] == before
    assert t.__dlpack_device__() == (1, 0)


def test_dlpack_capsules_are_used_once():
    t = pynn.ones(3)
    for version in (None, (1, 0)):
        capsule = t.__dlpack__(max_version=version)
        u = pynn.from_dlpack(capsule)
        assert u.data_ptr() == t.data_ptr()
        with pytest.raises(TypeError, match="unused DLPack capsule"):
            pynn.from_dlpack(capsule)
        t.__dlpack__(max_version=version)  # dropped without being taken


def test_dlpack_read_only_and_copies():
    a = np.ones(3)
    a.flags.writeable = False
    t = pynn.from_numpy(a)
    with pytest.raises(BufferError, match="read-only"):
        t.__dlpack__()
    u = pynn.from_dlpack(t.__dlpack__(max_version=(1, 0)))
    with pytest.raises(ValueError, match="read-only"):
        u.add_(1)
    v = pynn.from_dlpack(t.__dlpack__(max_version=(1, 0), copy=True))
    assert v.data_ptr() != t.data_ptr()
    v.add_(1)


def test_dlpack_errors():
    t = pynn.ones(3)
    with pytest.raises(BufferError, match="no streams"):
        t.__dlpack__(stream=1)
    with pytest.raises(BufferError, match="on the CPU"):
        t.__dlpack__(dl_device=(2, 0))
    with pytest.raises(TypeError, match="__dlpack__"):
        pynn.from_dlpack([1, 2])
    with pytest.raises(TypeError, match="not supported"):
        pynn.from_dlpack(np.ones(2, np.complex64))
    assert pynn.from_dlpack(pynn.ones(2, dtype=pynn.bfloat16)).dtype is pynn.bfloat16

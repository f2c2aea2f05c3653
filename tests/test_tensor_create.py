"""Tensors from data, from numbers, and what cannot become one."""

from __future__ import annotations

import array
import math

import numpy as np
import pytest

import pynn

F32, F64, I64 = pynn.float32, pynn.float64, pynn.int64


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        (1, I64, ()),
        (True, pynn.bool, ()),
        (1.5, F32, ()),
        (np.float64(1.5), F32, ()),
        (np.float32(1.5), F32, ()),
        (np.int32(3), pynn.int32, ()),
        (np.bool_(True), pynn.bool, ()),
        ([], F32, (0,)),
        ([[], []], F32, (2, 0)),
        ([1, 2], I64, (2,)),
        ([1, 2.5], F32, (2,)),
        ([True, 2], I64, (2,)),
        ([True, False], pynn.bool, (2,)),
        (((1.0, 2.0), (3.0, 4.0)), F32, (2, 2)),
        ([np.float64(1.0), 2], F32, (2,)),
        ([np.array([1.0, 2.0]), np.array([3.0, 4.0])], F64, (2, 2)),
        ([np.int8(1), np.int32(2)], pynn.int32, (2,)),
        (np.arange(6, dtype=np.uint8).reshape(2, 3), pynn.uint8, (2, 3)),
        (np.float16([1, 2]), pynn.float16, (2,)),
        (range(4), I64, (4,)),
        (array.array("d", [1, 2]), F64, (2,)),
        (memoryview(b"abc"), pynn.uint8, (3,)),
    ],
)
def test_tensor_infers_dtype_and_shape(data, dtype, shape):
    t = pynn.tensor(data)
    assert t.dtype is dtype
    assert t.shape == shape
    expected = np.asarray(data.tolist() if hasattr(data, "tolist") else data, dtype=dtype.name)
    assert np.array_equal(t.numpy(), expected)


def test_default_dtype_decides_what_floats_become():
    pynn.set_default_dtype(F64)
    assert pynn.get_default_dtype() is F64
    assert pynn.tensor(1.5).dtype is F64
    assert pynn.tensor([1.5]).dtype is F64
    assert pynn.zeros(2).dtype is F64
    assert pynn.rand(2).dtype is F64
    assert pynn.full((2,), 1.0).dtype is F64
    with pytest.raises(TypeError, match="int64"):
        pynn.set_default_dtype(I64)


@pytest.mark.parametrize("dtype", [d for d in vars(pynn).values() if isinstance(d, pynn.dtype)])
def test_tensor_of_every_dtype(dtype):
    t = pynn.tensor([[0, 1], [1, 0]], dtype=dtype)
    assert t.dtype is dtype
    assert t.tolist() == [[0, 1], [1, 0]]
    assert t.element_size() == dtype.itemsize
    assert pynn.zeros(2, dtype=dtype).tolist() == [0, 0]
    assert pynn.ones_like(t).tolist() == [[1, 1], [1, 1]]


def test_tensor_copies():
    a = np.zeros(3)
    t = pynn.tensor(a)
    a[0] = 1
    assert t.tolist() == [0, 0, 0]
    u = pynn.tensor(t)
    u[1] = 1
    assert t.tolist() == [0, 0, 0]
    f = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    assert pynn.tensor(f).is_contiguous()


def test_as_tensor_shares_what_it_can():
    a = np.zeros(3)
    t = pynn.as_tensor(a)
    a[0] = 1
    assert t.tolist() == [1, 0, 0]
    assert pynn.as_tensor(t) is t
    assert pynn.as_tensor(t, dtype=F64) is t
    assert pynn.as_tensor(t, dtype=F32).dtype is F32
    assert pynn.as_tensor([1, 2]).dtype is I64


def test_python_types_name_dtypes():
    assert pynn.zeros(1, dtype=float).dtype is F64
    assert pynn.zeros(1, dtype=int).dtype is I64
    assert pynn.zeros(1, dtype=bool).dtype is pynn.bool
    with pytest.raises(TypeError, match=r"expected a dtype such as pynn.float32"):
        pynn.zeros(1, dtype="float32")
    with pytest.raises(TypeError, match=r"expected a dtype such as pynn.float32"):
        pynn.zeros(1, dtype=np.float32)


def test_dtype_objects():
    assert repr(pynn.float32) == "pynn.float32"
    assert (F64.name, F64.itemsize, F64.is_floating_point) == ("float64", 8, True)
    assert pynn.double is F64
    assert pynn.long is I64
    assert not pynn.bool.is_floating_point
    with pytest.raises(TypeError, match="there are no others"):
        pynn.dtype()


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (object(), TypeError, "not object"),
        (None, TypeError, "not NoneType"),
        ("text", TypeError, "not str"),
        (["a"], TypeError, "not str"),
        ([1, None], TypeError, "not NoneType"),
        ([1j], TypeError, "not complex"),
        ([[1, 2], [3]], ValueError, "equal lengths"),
        ([1, [2]], ValueError, "equal lengths"),
        ([2**63], OverflowError, "int too (large|big)|out of bounds"),
        (2**63, OverflowError, "int too (large|big)"),
        (np.array([1j]), TypeError, "complex128"),
        (np.array(["a"]), TypeError, "<U1"),
        (np.array([object()]), TypeError, "object"),
        (np.zeros(2, [("x", "f4"), ("y", "i4")]), TypeError, "'x'"),
        (np.array(["2020-01-01"], "M8[D]"), TypeError, "datetime64"),
        (np.zeros(2, np.uint16), TypeError, "uint16"),
        (np.zeros(2, np.uint64), TypeError, "uint64"),
        (np.zeros(2, np.longdouble), TypeError, str(np.dtype(np.longdouble))),
        (np.zeros((1,) * 9), ValueError, "at most 8 dimensions"),
    ],
)
def test_what_cannot_become_a_tensor(data, error, words):
    with pytest.raises(error, match=words.replace("[", r"\[")):
        pynn.tensor(data)


def test_deep_lists_are_refused():
    data = 0
    for _ in range(40):
        data = [data]
    with pytest.raises(ValueError, match="nested more than 8 deep"):
        pynn.tensor(data)


class Liar:
    """Claims memory that is not there; only __array__ and buffers are believed."""

    __array_interface__ = {  # noqa: RUF012
        "shape": (2,),
        "typestr": "<f8",
        "data": (8, False),
        "version": 3,
    }


def test_a_lying_array_interface_is_not_believed():
    with pytest.raises(TypeError, match="Liar"):
        pynn.tensor(Liar())
    with pytest.raises(TypeError, match="Liar"):
        pynn.tensor([Liar()])
    with pytest.raises(TypeError, match="Liar"):
        pynn.from_numpy(Liar())
    with pytest.raises(TypeError):
        pynn.ones(2) + Liar()


def test_objects_with_array_method():
    class Series:
        def __array__(self, dtype=None, copy=None):
            return np.arange(3.0)

    class Broken:
        def __array__(self, dtype=None, copy=None):
            return [1, 2]

    assert pynn.tensor(Series()).tolist() == [0, 1, 2]
    with pytest.raises(TypeError, match="gave list"):
        pynn.tensor(Broken())


# ---- from numbers --------------------------------------------------------------------------


@pytest.mark.parametrize("make", [pynn.zeros, pynn.ones, pynn.empty, pynn.rand, pynn.randn])
def test_sizes(make):
    assert make(2, 3).shape == (2, 3)
    assert make((2, 3)).shape == (2, 3)
    assert make([2, 3]).shape == (2, 3)
    assert make(()).shape == ()
    assert make(0, 3).shape == (0, 3)
    assert make(np.int64(2)).shape == (2,)
    assert make(pynn.tensor(2)).shape == (2,)
    assert make(2, requires_grad=True).requires_grad
    with pytest.raises(TypeError, match="integers, not float"):
        make(2.0)
    with pytest.raises(RuntimeError, match="negative"):
        make(-1)
    with pytest.raises(ValueError, match="at most 8"):
        make((1,) * 9)
    with pytest.raises(OverflowError):
        make(2**40, 2**40)
    with pytest.raises((MemoryError, OverflowError)):
        make(2**60)


@pytest.mark.parametrize(
    "args",
    [
        (5,),
        (2, 5),
        (0, 10, 3),
        (5, 0, -2),
        (0,),
        (3, 3),
        (0.0, 1.0, 0.25),
        (1, 2, 0.1),
        (-1.5, 2),
        (0, 1e-3, 1e-4),
    ],
)
def test_arange_is_numpys(args):
    t = pynn.arange(*args)
    expected = np.arange(*args)
    assert t.dtype is (F32 if expected.dtype.kind == "f" else I64)
    assert t.shape == expected.shape
    assert np.allclose(t.numpy(), expected, rtol=1e-7, atol=1e-7)
    start, step = (0 if len(args) == 1 else args[0]), (args[2] if len(args) == 3 else 1)
    exact = start + np.arange(len(expected)) * float(step)
    assert np.array_equal(pynn.arange(*args, dtype=F64).numpy(), exact)


def test_arange_errors():
    for args in [(1, 0), (0, 1, -1), (0, 1, 0)]:
        with pytest.raises(ValueError, match="does not lead"):
            pynn.arange(*args)
    with pytest.raises(OverflowError):
        pynn.arange(0, 1, 1e-30)
    with pytest.raises((OverflowError, ValueError)):
        pynn.arange(0, math.inf)
    with pytest.raises((OverflowError, ValueError)):
        pynn.arange(math.nan)


@pytest.mark.parametrize("steps", [0, 1, 2, 5, 11])
def test_linspace(steps):
    t = pynn.linspace(-1, 3, steps, dtype=F64)
    assert np.allclose(t.numpy(), np.linspace(-1, 3, steps), rtol=0, atol=1e-15)
    if steps > 1:
        assert t[0].item() == -1
        assert t[-1].item() == 3
    with pytest.raises(ValueError, match="negative"):
        pynn.linspace(0, 1, -1)


def test_eye_and_full():
    assert np.array_equal(pynn.eye(3).numpy(), np.eye(3, dtype="f4"))
    assert np.array_equal(pynn.eye(2, 4, dtype=I64).numpy(), np.eye(2, 4))
    assert pynn.eye(0).shape == (0, 0)
    assert pynn.full((2, 2), 7).dtype is I64
    assert pynn.full((2, 2), 7.0).dtype is F32
    assert pynn.full((2,), True).dtype is pynn.bool
    assert pynn.full(2, pynn.tensor(3.0, dtype=F64)).dtype is F64
    assert math.isnan(pynn.full((1,), math.nan).item())
    like = pynn.zeros(2, 3, dtype=F64)
    assert pynn.full_like(like, 2).tolist() == [[2.0] * 3] * 2
    assert pynn.empty_like(like, dtype=I64).dtype is I64


def test_tensor_is_not_called():
    for make in (pynn.Tensor, lambda: pynn.Tensor([1]), lambda: pynn.Tensor.__new__(pynn.Tensor)):
        with pytest.raises(TypeError):
            make()


# ---- random --------------------------------------------------------------------------------


def test_seeds_repeat():
    pynn.manual_seed(7)
    a = pynn.randn(5), pynn.rand(3)
    assert pynn.initial_seed() == 7
    pynn.manual_seed(7)
    b = pynn.randn(5), pynn.rand(3)
    for x, y in zip(a, b, strict=True):
        assert np.array_equal(x.numpy(), y.numpy())
    assert not np.array_equal(a[0].numpy(), pynn.randn(5).numpy())


def test_generators_are_streams_of_their_own():
    g, h = pynn.Generator(3), pynn.Generator(3)
    x = pynn.randn(4, generator=g)
    pynn.randn(100)
    assert np.array_equal(x.numpy(), pynn.randn(4, generator=h).numpy())
    pynn.manual_seed(3)
    assert np.array_equal(x.numpy(), pynn.randn(4).numpy())
    assert g.manual_seed(5) is g
    assert g.initial_seed() == 5
    assert isinstance(pynn.manual_seed(1), pynn.Generator)


@pytest.mark.parametrize(("seed", "kept"), [(0, 0), (2**64 - 1, 2**64 - 1), (-1, 2**64 - 1)])
def test_seeds_have_64_bits(seed, kept):
    pynn.manual_seed(seed)
    assert pynn.initial_seed() == kept


def test_seed_errors():
    for seed in (2**64, -(2**63) - 1):
        with pytest.raises(OverflowError, match="64 bits"):
            pynn.manual_seed(seed)
    with pytest.raises(TypeError):
        pynn.manual_seed(1.5)
    with pytest.raises(TypeError, match="int64"):
        pynn.rand(2, dtype=I64)


def test_uniform_and_normal_are_what_they_say():
    n = 200_000
    u, z = pynn.rand(n, dtype=F64).numpy(), pynn.randn(n, dtype=F64).numpy()
    assert 0 <= u.min() < 1e-4
    assert 1 - 1e-4 < u.max() < 1
    # Five standard errors of mean and variance.
    assert abs(u.mean() - 0.5) < 5 * math.sqrt(1 / 12 / n)
    assert abs(u.var() - 1 / 12) < 5 * math.sqrt(1 / 180 / n)
    assert abs(z.mean()) < 5 / math.sqrt(n)
    assert abs(z.var() - 1) < 5 * math.sqrt(2 / n)

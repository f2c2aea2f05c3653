"""Result dtypes against PyTorch's table, written out by hand, and casts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import pynn

# torch.promote_types, upper triangle; the order is the table's.
ORDER = [
    "uint8", "int8", "int32", "int64", "float16", "bfloat16", "float32", "float64", "bool",
]  # fmt: skip
TABLE = {
    "uint8": "u8 i32? i32 i64 f16 bf f32 f64 u8",
    "int8": "- i8 i32 i64 f16 bf f32 f64 i8",
    "int32": "- - i32 i64 f16 bf f32 f64 i32",
    "int64": "- - - i64 f16 bf f32 f64 i64",
    "float16": "- - - - f16 f32 f32 f64 f16",
    "bfloat16": "- - - - - bf f32 f64 bf",
    "float32": "- - - - - - f32 f64 f32",
    "float64": "- - - - - - - f64 f64",
    "bool": "- - - - - - - - bool",
}
# PyTorch's answer for uint8 with int8 is int16, which is not here: int32.
SHORT = {
    "u8": "uint8", "i8": "int8", "i32": "int32", "i32?": "int32", "i64": "int64",
    "f16": "float16", "bf": "bfloat16", "f32": "float32", "f64": "float64", "bool": "bool",
}  # fmt: skip


def promoted(a: str, b: str) -> str:
    i, j = sorted((ORDER.index(a), ORDER.index(b)))
    return SHORT[TABLE[ORDER[i]].split()[j]]


def dt(name: str) -> pynn.dtype:
    return getattr(pynn, name)


PAIRS = list(itertools.product(ORDER, ORDER))
REAL = [p for p in PAIRS if promoted(*p) not in ("float16", "bfloat16")]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_promote_types(a, b):
    expected = dt(promoted(a, b))
    assert pynn.promote_types(dt(a), dt(b)) is expected
    x, y = pynn.ones(2, dtype=dt(a)), pynn.ones(2, dtype=dt(b))
    assert pynn.result_type(x, y) is expected


@pytest.mark.parametrize(("a", "b"), REAL)
def test_operators_promote(a, b):
    x, y = pynn.ones(2, dtype=dt(a)), pynn.ones(2, dtype=dt(b))
    expected = promoted(a, b)
    assert (x + y).dtype.name == expected
    assert pynn.maximum(x, y).dtype.name == expected
    assert pynn.where(pynn.tensor([True, False]), x, y).dtype.name == expected
    floating = expected if dt(expected).is_floating_point else "float32"
    assert (x / y).dtype.name == floating
    assert (x == y).dtype is pynn.bool
    assert (x + y).tolist() == ([2, 2] if expected != "bool" else [True, True])


# A 0-d tensor is weak within its kind; a Python number is weak too and takes
# the default dtype where its kind is higher.
WEAK = [
    ("float32", "float64", "float32"),
    ("float64", "float32", "float64"),
    ("int32", "int64", "int32"),
    ("int64", "float64", "float64"),
    ("int32", "float32", "float32"),
    ("bool", "int8", "int8"),
    ("bool", "float32", "float32"),
    ("float32", "int64", "float32"),
    ("uint8", "bool", "uint8"),
]


@pytest.mark.parametrize(("dimensioned", "zero", "expected"), WEAK)
def test_zero_dimensional_tensors_are_weak(dimensioned, zero, expected):
    x, s = pynn.ones(2, dtype=dt(dimensioned)), pynn.ones((), dtype=dt(zero))
    assert pynn.result_type(x, s).name == expected
    assert (x + s).dtype.name == expected
    assert (s * x).dtype.name == expected


NUMBERS = [
    ("float32", 1.5, "float32"),
    ("float64", 1.5, "float64"),
    ("float32", 2, "float32"),
    ("int64", 2, "int64"),
    ("int32", 2, "int32"),
    ("uint8", 2, "uint8"),
    ("int32", 1.5, "float32"),
    ("int64", True, "int64"),
    ("bool", True, "bool"),
    ("bool", 2, "int64"),
    ("bool", 1.5, "float32"),
    ("float32", np.float64(1.5), "float32"),
    ("float32", np.int64(2), "float32"),
    ("int32", np.float32(1.5), "float32"),
]


@pytest.mark.parametrize(("name", "number", "expected"), NUMBERS)
def test_numbers_are_weak(name, number, expected):
    x = pynn.ones(2, dtype=dt(name))
    assert pynn.result_type(x, number).name == expected
    assert pynn.result_type(number, x).name == expected
    assert (x + number).dtype.name == expected
    assert (number + x).dtype.name == expected
    s = pynn.ones((), dtype=dt(name))
    assert (s + number).dtype.name == expected


def test_the_default_dtype_is_what_floats_become():
    pynn.set_default_dtype(pynn.float64)
    x = pynn.ones(2, dtype=pynn.int64)
    assert (x + 1.5).dtype is pynn.float64
    assert (x / x).dtype is pynn.float64
    assert (pynn.ones(2, dtype=pynn.float32) + 1.5).dtype is pynn.float32


def test_results_of_other_operators():
    i, f, b = pynn.tensor([1, 2]), pynn.tensor([1.0, 2.0]), pynn.tensor([True, False])
    assert i.sum().dtype is pynn.int64
    assert b.sum().dtype is pynn.int64
    assert b.sum().item() == 1
    assert i.int().sum().dtype is pynn.int64
    assert i.sum(dtype=pynn.float64).dtype is pynn.float64
    assert f.sum(dtype=pynn.float64).item() == 3
    assert i.max().dtype is pynn.int64
    assert i.argmax().dtype is pynn.int64
    assert i.exp().dtype is pynn.float32
    assert i.sqrt().dtype is pynn.float32
    assert (-i).dtype is pynn.int64
    assert i.abs().dtype is pynn.int64
    assert (i**2).dtype is pynn.int64
    assert f.double().exp().dtype is pynn.float64
    assert i.mean(dtype=pynn.float64).item() == 1.5
    with pytest.raises(RuntimeError, match="int64"):
        i.mean()
    with pytest.raises((RuntimeError, TypeError), match="int64"):
        i.softmax(0)
    with pytest.raises((RuntimeError, TypeError), match="bool"):
        b - b


def test_in_place_keeps_the_dtype():
    f, i = pynn.ones(2), pynn.ones(2, dtype=pynn.int64)
    f += i
    assert f.dtype is pynn.float32
    f += pynn.ones(2, dtype=pynn.float64)
    assert f.dtype is pynn.float32
    assert f.tolist() == [3, 3]
    i += 2
    assert i.tolist() == [3, 3]
    with pytest.raises(RuntimeError, match=r"float32.*int64"):
        i += f
    with pytest.raises(RuntimeError, match=r"float32.*int64"):
        i /= 2
    i.copy_(pynn.tensor([1.9, -1.9]))
    assert i.tolist() == [1, -1]


CASTS = [
    ([0.0, 1.9, -1.9, 200.0], "int64", [0, 1, -1, 200]),
    ([0.0, 1.9, -1.9, 100.0], "int8", [0, 1, -1, 100]),
    ([0.0, 0.5, float("nan"), -0.0], "bool", [False, True, True, False]),
    ([1.0, 2.5, 65504.0, 1e-7], "float16", np.float16([1.0, 2.5, 65504.0, 1e-7]).tolist()),
    ([1.0, 1.00390625, 3.0, -2.0], "bfloat16", [1.0, 1.0, 3.0, -2.0]),
    ([1.0, 2.0, 3.0, 4.0], "float64", [1, 2, 3, 4]),
]


@pytest.mark.parametrize(("values", "name", "expected"), CASTS)
def test_casts(values, name, expected):
    t = pynn.tensor(values).to(dt(name))
    assert t.dtype.name == name
    assert t.tolist() == expected


def test_cast_methods():
    t = pynn.tensor([1.5, 0.0])
    names = ["float", "double", "half", "bfloat16", "long", "int", "bool"]
    dtypes = ["float32", "float64", "float16", "bfloat16", "int64", "int32", "bool"]
    for method, name in zip(names, dtypes, strict=True):
        assert getattr(t, method)().dtype.name == name
    assert t.float() is t
    assert t.to(pynn.tensor(1)).dtype is pynn.int64
    assert t.type_as(pynn.tensor(1)).dtype is pynn.int64
    with pytest.raises(TypeError, match="expected a dtype"):
        t.to(None)
    assert t.to("cpu") is t
    assert t.to("cpu", pynn.int64).dtype is pynn.int64
    assert t.to(pynn.float32, copy=True) is not t
    with pytest.raises(RuntimeError, match="the only device is 'cpu', not 'cuda'"):
        t.to("cuda")


def test_casts_are_differentiable_between_floats():
    w = pynn.ones(2, requires_grad=True)
    w.double().sum().backward()
    assert w.grad.dtype is pynn.float32
    assert w.grad.tolist() == [1, 1]
    assert not w.long().requires_grad

"""Indexing and views against NumPy: values, aliasing, gradients, errors."""

from __future__ import annotations

import numpy as np
import pytest

import pynn

A = np.arange(120.0).reshape(4, 5, 6)
MASK = np.random.default_rng(0).random((4, 5)) > 0.5

VIEWS = [
    0, -1, (1,), (1, 2), (1, 2, 3), (-4, -5, -6), ..., (..., 0), (0, ...), (0, ..., 1), (), None,
    slice(None), slice(1, 3), slice(-3, None), slice(None, -1), slice(10, 20), slice(3, 1),
    slice(None, None, 2), slice(1, None, 3), (slice(None), 1), (slice(1, 3), slice(2, 4)),
    (slice(None), slice(None, None, 5), slice(1, None, 2)), (None, 0, None, 1, None),
    (..., None), (None, ...), (1, None, slice(2)), (slice(0, 0),), (slice(None), slice(2, 2)),
    (np.int64(1), np.int32(2)), (1, ..., slice(None, None, 3)),
]  # fmt: skip

GATHERS = [
    [0, 2], [-1, 0, -1], [[0, 1], [2, 3]], [], (slice(None), [1, 1, 3]), (..., [0, 5]),
    ([0, 1], [2, 3]), ([[0], [1]], [2, 3, 4]), ([0, 1], [2, 3], [4, 5]),
    (slice(None), [0, 1], [2, 3]), ([0, 1], slice(None), [2, 3]), ([0, 1], ..., [2, 3]),
    (None, [0, 1]), ([0, -1], None, slice(1, 3)), np.array([3, 0]), np.array(2),
    (np.array([1, 2]), slice(1, 3)), MASK, (MASK, 0), (MASK, slice(1, 3)),
    (MASK, [1] * int(MASK.sum())), MASK[:, 0], (slice(None), MASK[0]), (..., np.ones(6, bool)),
    A > 60, np.zeros((4, 5, 6), bool), (0, [1, 2]), ([1, 2], 0),
    (slice(1, 3), [0, 4], slice(None, None, 2)),
]  # fmt: skip


def as_pynn(key):
    if isinstance(key, tuple):
        return tuple(as_pynn(k) for k in key)
    if isinstance(key, list) and key and isinstance(key[0], list):
        return pynn.tensor(key)
    return pynn.from_numpy(key) if isinstance(key, np.ndarray) and key.ndim else key


@pytest.mark.parametrize("key", VIEWS, ids=repr)
def test_views(key):
    a = A.copy()
    t = pynn.from_numpy(a)
    v, expected = t[key], a[key]
    assert v.shape == np.shape(expected)
    assert np.array_equal(v.numpy(), expected)
    if expected.size:
        assert np.shares_memory(v.numpy(), a)
        v.mul_(-1)
        assert np.array_equal(a[key], v.numpy())


@pytest.mark.parametrize("key", VIEWS + GATHERS, ids=repr)
def test_gradients_of_reading(key):
    w = pynn.tensor(A, requires_grad=True)
    picked = w[as_pynn(key)]
    weights = np.arange(1.0, picked.numel() + 1).reshape(picked.shape)
    (picked * pynn.from_numpy(weights)).sum().backward()
    expected = np.zeros_like(A)
    np.add.at(expected, key, weights)
    assert np.array_equal(w.grad.numpy(), expected)


@pytest.mark.parametrize("key", GATHERS, ids=repr)
def test_gathering(key):
    t = pynn.tensor(A)
    picked = t[as_pynn(key)]
    expected = A[np.array(key, dtype=int)] if isinstance(key, list) else A[key]
    assert picked.shape == expected.shape
    assert np.array_equal(picked.numpy(), expected)
    if picked.numel() and not (isinstance(key, np.ndarray) and key.ndim == 0):
        picked.zero_()
        assert np.array_equal(t.numpy(), A)


def test_an_integer_beside_arrays_is_applied_first():
    """As in PyTorch; NumPy counts it among the arrays and moves their dimension."""
    t = pynn.tensor(A)
    assert t[0, :, [1, 2]].shape == (5, 2)
    assert np.array_equal(t[0, :, [1, 2]].numpy(), A[0][:, [1, 2]])


WRITES = [k for k in VIEWS if not isinstance(k, tuple) or None not in k or len(k) < 4]


@pytest.mark.parametrize("key", WRITES + [g for g in GATHERS if repr(g) != "[]"], ids=repr)
@pytest.mark.parametrize("kind", ["number", "tensor", "array", "row"])
def test_writing(key, kind):
    a = A.copy()
    t = pynn.tensor(A)
    shape = a[key].shape
    values = {
        "number": -1.0,
        "tensor": -np.arange(1.0, a[key].size + 1).reshape(shape),
        "array": -np.arange(1.0, a[key].size + 1).reshape(shape),
        "row": -np.arange(1.0, (shape[-1] if shape else 1) + 1).reshape(shape[-1:] or ()),
    }[kind]
    unique = np.unique(np.arange(A.size).reshape(A.shape)[key]).size == a[key].size
    if not unique and kind != "number":
        pytest.skip("which of equal positions wins is not NumPy's promise")
    a[key] = values
    t[as_pynn(key)] = pynn.tensor(values, dtype=pynn.float64) if kind == "tensor" else values
    assert np.array_equal(t.numpy(), a)


def test_bool_is_a_new_dimension():
    t = pynn.tensor(A)
    assert t[True].shape == (1, 4, 5, 6)
    assert t[0, False].shape == (0, 5, 6)
    assert t[0, pynn.tensor(True)].shape == (1, 5, 6)
    t[True] = 0
    assert not t.sum().item()


def test_a_tensor_of_one_index_makes_a_view():
    t = pynn.tensor(A)
    t[pynn.tensor(2)].zero_()
    assert not t[2].sum().item()


def test_writing_casts_and_overlaps():
    t = pynn.arange(6)
    t[1:] = t[:-1]
    assert t.tolist() == [0, 0, 1, 2, 3, 4]
    t[0] = 2.9
    assert t[0].item() == 2
    t[t > 2] = 0
    assert t.tolist() == [2, 0, 1, 2, 0, 0]


def test_gradients_of_writing():
    w = pynn.ones(3, requires_grad=True)
    v = pynn.tensor([5.0, 6.0], requires_grad=True)
    y = w * 2
    y[1:] = v
    y[pynn.tensor([True, False, False])] = 0.0
    (y * pynn.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert w.grad.tolist() == [0, 0, 0]
    assert v.grad.tolist() == [2, 3]
    y = w * 2
    y[[0, 2]] = v
    (y * pynn.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert w.grad.tolist() == [0, 4, 0]
    assert v.grad.tolist() == [2 + 1, 3 + 3]


@pytest.mark.parametrize(
    ("key", "error", "words"),
    [
        (4, IndexError, "index 4 is out of bounds for dimension 0 with size 4"),
        (-5, IndexError, "index -5 is out of bounds for dimension 0 with size 4"),
        ((0, 0, 6), IndexError, "size 6"),
        ((0, 0, 0, 0), IndexError, r"too many indices.*\(4, 5, 6\)"),
        (slice(None, None, -1), ValueError, "greater than zero"),
        (slice(None, None, 0), ValueError, "zero"),
        ((..., ...), IndexError, "at most one"),
        (1.5, IndexError, "not float"),
        ("a", IndexError, "not str"),
        ({}, IndexError, "not dict"),
        ([0, 9], IndexError, "9.*4"),
        ([0, -5], IndexError, "4"),
        (([0, 1], [2, 9]), IndexError, "index 9 is out of bounds for dimension 1 with size 5"),
        (([0, 1], [1, 2, 3]), IndexError, r"broadcast together.* \(2,\), \(3,\)"),
        ([0.5], IndexError, "int64, int32 or bool"),
        (np.ones(3, bool), IndexError, r"mask \(3,\).*\(4, 5, 6\)"),
        (np.ones((4, 4), bool), IndexError, r"mask \(4, 4\).*\(4, 5, 6\)"),
    ],
)
def test_index_errors(key, error, words):
    t = pynn.tensor(A)
    with pytest.raises(error, match=words):
        t[key]
    with pytest.raises(error, match=words):
        t[key] = 0
    assert np.array_equal(t.numpy(), A)


def test_writing_errors_name_both_shapes():
    t = pynn.zeros(2, 3)
    with pytest.raises(RuntimeError, match=r"\(4,\).*\(2, 3\)|\(2, 3\).*\(4,\)"):
        t[:] = pynn.ones(4)
    with pytest.raises(RuntimeError, match=r"\(2, 2, 3\)"):
        t[:] = pynn.ones(2, 2, 3)
    with pytest.raises(TypeError, match="not str"):
        t[0] = "a"
    with pytest.raises(TypeError, match="deleted"):
        del t[0]
    with pytest.raises(RuntimeError, match="single memory location"):
        pynn.zeros(1).expand(3)[:] = 1


def test_zero_dimensional():
    s = pynn.tensor(5.0)
    assert s[...].item() == 5
    assert s[()].item() == 5
    assert s[None].shape == (1,)
    with pytest.raises(IndexError):
        s[0]
    with pytest.raises(TypeError, match="0-d"):
        len(s)
    with pytest.raises(TypeError, match="0-d"):
        iter(s)


def test_iteration():
    t = pynn.arange(6).reshape(3, 2)
    rows = list(t)
    assert [r.tolist() for r in rows] == t.tolist()
    rows[0].zero_()
    assert t[0].tolist() == [0, 0]
    _, _, last = t
    assert (len(t), last.tolist()) == (3, [4, 5])


# ---- views by name -------------------------------------------------------------------------

SHAPES = {
    "view": (lambda t: t.view(2, 60), lambda a: a.reshape(2, 60)),
    "view -1": (lambda t: t.view(-1, 12), lambda a: a.reshape(-1, 12)),
    "view tuple": (lambda t: t.view((20, 6)), lambda a: a.reshape(20, 6)),
    "reshape": (lambda t: t.reshape(5, 4, 6), lambda a: a.reshape(5, 4, 6)),
    "flatten": (lambda t: t.flatten(), lambda a: a.reshape(-1)),
    "flatten 1": (lambda t: t.flatten(1), lambda a: a.reshape(4, 30)),
    "flatten 0 1": (lambda t: t.flatten(0, 1), lambda a: a.reshape(20, 6)),
    "transpose": (lambda t: t.transpose(0, -1), lambda a: a.swapaxes(0, 2)),
    "permute": (lambda t: t.permute(2, 0, 1), lambda a: a.transpose(2, 0, 1)),
    "permute tuple": (lambda t: t.permute((1, -1, 0)), lambda a: a.transpose(1, 2, 0)),
    "T": (lambda t: t.T, lambda a: a.T),
    "mT": (lambda t: t.mT, lambda a: a.swapaxes(1, 2)),
    "unsqueeze": (lambda t: t.unsqueeze(1), lambda a: a[:, None]),
    "unsqueeze -1": (lambda t: t.unsqueeze(-1), lambda a: a[..., None]),
    "squeeze": (lambda t: t[:1, :, :1].squeeze(), lambda a: a[0, :, 0]),
    "squeeze 0": (lambda t: t[:1].squeeze(0), lambda a: a[0]),
    "squeeze many": (lambda t: t[:1, :, :1].squeeze((0, -1)), lambda a: a[0, :, 0]),
    "squeeze nothing": (lambda t: t.squeeze(1), lambda a: a),
    "expand": (lambda t: t[:1].expand(3, 5, 6), lambda a: np.broadcast_to(a[:1], (3, 5, 6))),
    "expand -1": (lambda t: t[0, 0].expand(2, -1), lambda a: np.broadcast_to(a[0, 0], (2, 6))),
    "select": (lambda t: t.select(1, -1), lambda a: a[:, -1]),
    "narrow": (lambda t: t.narrow(1, 1, 3), lambda a: a[:, 1:4]),
    "narrow -": (lambda t: t.narrow(2, -2, 2), lambda a: a[..., -2:]),
    "contiguous": (lambda t: t.contiguous(), lambda a: a),
}


@pytest.mark.parametrize("name", SHAPES)
def test_named_views(name):
    a = A.copy()
    view, expected = SHAPES[name]
    t = pynn.from_numpy(a)
    v = view(t)
    assert np.array_equal(v.numpy(), expected(a))
    assert np.shares_memory(v.numpy(), a)
    w = pynn.tensor(A, requires_grad=True)
    u = view(w)
    weights = np.arange(1.0, u.numel() + 1).reshape(u.shape)
    (u * pynn.from_numpy(weights)).sum().backward()
    index = expected(np.arange(A.size).reshape(A.shape))
    grad = np.zeros(A.size)
    np.add.at(grad, index.reshape(-1), weights.reshape(-1))
    assert np.array_equal(w.grad.numpy().reshape(-1), grad)


def test_functions_are_the_methods():
    t = pynn.tensor(A)
    for name, args in {
        "reshape": ((5, 24),), "flatten": (1,), "transpose": (0, 1), "permute": ((2, 1, 0),),
        "squeeze": (0,), "unsqueeze": (0,), "select": (1, 2), "narrow": (0, 1, 2), "clone": (),
    }.items():  # fmt: skip
        by_function = getattr(pynn, name)(t, *args)
        assert np.array_equal(by_function.numpy(), getattr(t, name)(*args).numpy()), name
    assert pynn.t(t[0]).shape == (6, 5)


def test_reshape_copies_only_when_it_must():
    t = pynn.arange(6).reshape(2, 3)
    assert t.reshape(3, 2).data_ptr() == t.data_ptr()
    r = t.T.reshape(6)
    assert r.tolist() == [0, 3, 1, 4, 2, 5]
    assert r.data_ptr() != t.data_ptr()
    with pytest.raises(RuntimeError, match="reshape"):
        t.T.view(6)


@pytest.mark.parametrize(
    ("view", "error", "words"),
    [
        (lambda t: t.view(7), RuntimeError, r"\(7,\).*120"),
        (lambda t: t.reshape(-1, -1), RuntimeError, "only one"),
        (lambda t: t.reshape(-1, 7), RuntimeError, "invalid"),
        (lambda t: t.transpose(0, 3), IndexError, r"\[-3, 2\], but got 3"),
        (lambda t: t.permute(0, 1), RuntimeError, r"\(4, 5, 6\)"),
        (lambda t: t.permute(0, 0, 1), RuntimeError, "twice"),
        (lambda t: t.unsqueeze(4), IndexError, r"\[-4, 3\], but got 4"),
        (lambda t: t.squeeze(3), IndexError, "but got 3"),
        (lambda t: t.expand(4, 5, 7), RuntimeError, r"\(4, 5, 6\).*\(4, 5, 7\)"),
        (lambda t: t.expand(5), RuntimeError, r"\(4, 5, 6\)"),
        (lambda t: t.narrow(0, 2, 3), RuntimeError, r"\(4, 5, 6\)"),
        (lambda t: t.select(0, 4), IndexError, "index 4"),
        (lambda t: t.flatten(2, 1), RuntimeError, "after"),
        (lambda t: t.t(), RuntimeError, "at most 2"),
        (lambda t: t[0, 0].mT, RuntimeError, "at least 2"),
        (lambda t: t.view((1,) * 9), ValueError, "at most 8"),
        (lambda t: t.view(1.5), TypeError, "not float"),
        (lambda t: t.size(3), IndexError, "but got 3"),
    ],
)
def test_view_errors(view, error, words):
    with pytest.raises(error, match=words):
        view(pynn.tensor(A))


def test_gradients_of_writing_into_memory_that_is_not_contiguous():
    """The history of a view of a transposed base is laid out as the base is."""
    base = pynn.from_numpy(np.arange(12.0).reshape(3, 4).copy().T)
    w = pynn.tensor([1.0, 2.0, 3.0], dtype=pynn.float64, requires_grad=True)
    base[1] = w
    (base * pynn.arange(12.0, dtype=pynn.float64).view(4, 3)).sum().backward()
    assert w.grad.tolist() == [3, 4, 5]
    x = pynn.ones(4, 3, dtype=pynn.float64, requires_grad=True)
    base = pynn.from_numpy(np.zeros((3, 4)).T)
    base.copy_(x * 2)
    base[2] = 0
    (base * pynn.arange(12.0, dtype=pynn.float64).view(4, 3)).sum().backward()
    assert x.grad.tolist() == [[0, 2, 4], [6, 8, 10], [0, 0, 0], [18, 20, 22]]


def test_index_tensors_are_captured():
    x = pynn.tensor(A)
    rows, columns = pynn.tensor([0, 3, -1]), pynn.tensor([[1], [4]])

    def step(x, rows, columns):
        y = x * 2
        y[rows, columns] = 0.0
        y[rows] += 1.0
        return [y, y[:, columns, 0], y[columns[0] - 1]]

    captured = pynn.capture(step)
    for shift in (0, 1, 2):
        at = (rows + shift).remainder(4)
        want = step(x, at, columns)
        have = captured(x, at, columns)
        assert all(np.array_equal(a.numpy(), b.numpy()) for a, b in zip(want, have, strict=True))
    assert captured.replays == 2
    with pytest.raises(IndexError, match="index 4 is out of bounds for dimension 0 with size 4"):
        captured(x, rows + 1, columns)
    with pytest.raises(RuntimeError, match="captured"):
        pynn.capture(lambda t: t[t > 1])(x)

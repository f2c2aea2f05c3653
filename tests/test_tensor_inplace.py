"""Writing in place: aliasing, leaves, versions, views of tensors with a history."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import pynn

OPS = {
    "add_": operator.iadd,
    "sub_": operator.isub,
    "mul_": operator.imul,
    "div_": operator.itruediv,
    "pow_": operator.ipow,
}


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("other", ["tensor", "row", "number", "array", "int tensor"])
def test_in_place_forms(name, other):
    a = np.arange(1.0, 7.0).reshape(2, 3)
    b = {
        "tensor": pynn.full((2, 3), 3.0),
        "row": pynn.tensor([1.0, 2.0, 3.0]),
        "number": 3.0,
        "array": np.float32([[1], [2]]),
        "int tensor": pynn.tensor([1, 2, 3]),
    }[other]
    expected = OPS[name](a.copy(), b.numpy() if isinstance(b, pynn.Tensor) else b)
    for use in (lambda t: getattr(t, name)(b), lambda t: OPS[name](t, b)):
        t = pynn.tensor(a, dtype=pynn.float32)
        alias, pointer = t.view(6), t.data_ptr()
        assert use(t) is t
        assert t.data_ptr() == pointer
        assert np.allclose(t.numpy(), expected, rtol=1e-6)
        assert np.array_equal(alias.numpy(), t.numpy().reshape(6))


def test_alpha():
    t = pynn.ones(2)
    assert t.add(t, alpha=3).tolist() == [4, 4]
    assert pynn.sub(t, t, alpha=0.5).tolist() == [0.5, 0.5]
    t.add_(pynn.tensor([1.0, 2.0]), alpha=-2)
    assert t.tolist() == [-1, -3]
    assert t.sub_(1, alpha=2).tolist() == [-3, -5]


def test_fill_zero_copy():
    t = pynn.ones(2, 3)
    assert t.fill_(7) is t
    assert t.tolist() == [[7] * 3] * 2
    assert t.zero_().tolist() == [[0] * 3] * 2
    assert t.copy_(pynn.tensor([1, 2, 3])).tolist() == [[1, 2, 3]] * 2
    assert t[0].fill_(pynn.tensor(5.0)).tolist() == [5] * 3
    assert t.tolist() == [[5] * 3, [1, 2, 3]]
    with pytest.raises(RuntimeError, match=r"\(2,\).*\(2, 3\)|\(2, 3\).*\(2,\)"):
        t.copy_(pynn.ones(2))


def test_overlapping_operands():
    t = pynn.arange(5.0)
    t[1:] += t[:-1]
    assert t.tolist() == [0, 1, 3, 5, 7]
    m = pynn.arange(9.0).reshape(3, 3)
    m += m.T
    assert m.tolist() == [[0, 4, 8], [4, 8, 12], [8, 12, 16]]
    m.copy_(m.T)
    assert m.tolist() == [[0, 4, 8], [4, 8, 12], [8, 12, 16]]


def test_broadcasting_the_target_is_refused():
    t = pynn.ones(3)
    with pytest.raises(RuntimeError, match=r"\(3,\)"):
        t += pynn.ones(2, 3)
    with pytest.raises(RuntimeError, match=r"\(3,\).*\(2,\)|\(2,\).*\(3,\)"):
        t += pynn.ones(2)
    with pytest.raises(RuntimeError, match="single memory location"):
        pynn.ones(1).expand(3).add_(1)
    assert t.tolist() == [1, 1, 1]


def test_operands_that_are_none():
    t = pynn.ones(3)
    for other in ("a", None, [1, 2, 3], object()):
        with pytest.raises(TypeError):
            t + other
        with pytest.raises(TypeError):
            other * t
        with pytest.raises(TypeError):
            t += other
        with pytest.raises(TypeError, match=f"not {type(other).__name__}"):
            t.add(other)
    assert (t == None) is False  # noqa: E711
    assert (t != "a") is True
    assert pow(t, 2).tolist() == [1, 1, 1]
    with pytest.raises(TypeError):
        pow(t, 2, 3)


# ---- leaves and histories ------------------------------------------------------------------


def test_leaves_that_require_grad_are_not_written():
    w = pynn.ones(3, requires_grad=True)
    for write in (
        lambda: w.add_(1),
        lambda: w.zero_(),
        lambda: w.copy_(w * 2),
        lambda: operator.iadd(w, 1),
        lambda: w.__setitem__(0, 1),
        lambda: w[0].fill_(0),
        lambda: w.view(3).mul_(2),
    ):
        with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
            write()
    with pynn.no_grad():
        w.add_(1)
        w[0] = 5
    assert w.tolist() == [5, 2, 2]
    assert w.is_leaf
    assert w.requires_grad


def test_writing_into_intermediates():
    w = pynn.tensor([1.0, 2.0], requires_grad=True)
    y = w * 3
    y *= w
    y += 1
    y.sum().backward()
    assert w.grad.tolist() == [6, 12]


def test_writing_through_views_rebases_the_base():
    w = pynn.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = w * 2
    v = y[1:]
    v.mul_(10)
    y.sum().backward()
    assert y.tolist() == [2, 40, 60]
    assert w.grad.tolist() == [2, 20, 20]
    assert "CopySlices" in y.grad_fn.name()


def test_a_view_knows_of_writes_to_its_base():
    w = pynn.tensor([1.0, 2.0, 3.0], requires_grad=True)
    base = pynn.zeros(3)
    v = base[1:]
    assert not v.requires_grad
    base.add_(w)
    assert v.requires_grad
    assert not v.is_leaf
    (v * v).sum().backward()
    assert w.grad.tolist() == [0, 4, 6]


def test_saved_tensors_that_were_written_are_noticed():
    w = pynn.tensor([1.0, 2.0], requires_grad=True)
    y = w.exp()
    z = y * 2
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()
    x = pynn.tensor([1.0, 2.0])
    z = w * x
    x.detach().zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


def test_writes_through_numpy_are_not_noticed():
    """Documented: NumPy tells nobody."""
    w = pynn.tensor([1.0, 2.0], requires_grad=True)
    x = pynn.tensor([1.0, 2.0])
    z = w * x
    x.numpy()[:] = 5
    z.sum().backward()
    assert w.grad.tolist() == [5, 5]


def test_detach_shares_memory_and_cuts_the_history():
    w = pynn.ones(2, requires_grad=True)
    d = w.detach()
    assert not d.requires_grad
    assert d.grad_fn is None
    d[0] = 5
    assert w.tolist() == [5, 1]
    assert w.data.data_ptr() == w.data_ptr()


def test_grads_are_written_in_place_and_by_assignment():
    w = pynn.ones(2, requires_grad=True)
    (w * 2).sum().backward()
    g = w.grad
    (w * 3).sum().backward()
    assert w.grad is g
    assert g.tolist() == [5, 5]
    g.zero_()
    assert w.grad.tolist() == [0, 0]
    w.grad = pynn.tensor([1.0, 2.0])
    assert w.grad.tolist() == [1, 2]
    w.grad = None
    assert w.grad is None
    with pytest.raises(RuntimeError, match=r"\(3,\).*\(2,\)"):
        w.grad = pynn.ones(3)
    with pytest.raises(RuntimeError, match=r"float64.*float32"):
        w.grad = pynn.ones(2, dtype=pynn.float64)
    with pytest.raises(TypeError, match="not float"):
        w.grad = 1.0

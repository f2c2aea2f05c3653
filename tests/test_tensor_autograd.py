"""backward(), grad(), grad modes and operators written in Python."""

from __future__ import annotations

import gc
import math
import threading
import weakref

import numpy as np
import pytest

import pynn
from pynn import _debug
from pynn.autograd import Function, grad


def leaf(*values: float) -> pynn.Tensor:
    return pynn.tensor(list(values), dtype=pynn.float64, requires_grad=True)


# ---- backward ------------------------------------------------------------------------------


def test_attributes():
    w = leaf(1, 2)
    y = (w * w).sum()
    assert (w.is_leaf, w.requires_grad, w.grad_fn, w.grad) == (True, True, None, None)
    assert (y.is_leaf, y.requires_grad) == (False, True)
    assert y.grad_fn.name() == "SumBackward"
    assert repr(y.grad_fn) == "<SumBackward>"
    y.backward()
    assert w.grad is w.grad
    assert w.grad.tolist() == [2, 4]
    assert y.grad is None


def test_backward_weighs_by_its_argument():
    w = leaf(1, 2)
    (w * 3).backward(pynn.tensor([1.0, 10.0], dtype=pynn.float64))
    assert w.grad.tolist() == [3, 30]
    with pytest.raises(RuntimeError, match=r"only for scalar outputs.*\(2,\)"):
        (w * 3).backward()
    with pytest.raises(RuntimeError, match=r"\(3,\).*\(2,\)"):
        (w * 3).backward(pynn.ones(3, dtype=pynn.float64))
    with pytest.raises(TypeError, match="not list"):
        (w * 3).backward([1.0, 1.0])
    with pytest.raises(RuntimeError, match="does not require grad"):
        pynn.ones(1).backward()


def test_a_graph_is_used_once_unless_retained():
    w = leaf(1, 2)
    y = (w * w).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert w.grad.tolist() == [4, 8]
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_retain_grad():
    w = leaf(1, 2)
    y = w * 3
    y.retain_grad()
    (y * y).sum().backward()
    assert y.grad.tolist() == [6, 12]
    assert w.grad.tolist() == [18, 36]
    with pytest.raises(RuntimeError, match="requires_grad=False"):
        pynn.ones(1).retain_grad()


def test_requires_grad():
    t = pynn.ones(2)
    assert t.requires_grad_() is t
    assert t.requires_grad
    t.requires_grad = False
    assert not t.requires_grad
    with pytest.raises(RuntimeError, match="floating"):
        pynn.ones(2, dtype=pynn.int64, requires_grad=True)
    y = leaf(1) * 2
    with pytest.raises(RuntimeError, match="leaf"):
        y.requires_grad = False


def test_diamonds_and_repeats():
    w = leaf(3)
    a = w * 2
    b = a * a + a * w + w
    b.sum().backward()
    assert w.grad.tolist() == [8 * 3 + 4 * 3 + 1]


def test_long_chains_do_not_recurse():
    w = leaf(1)
    y = w
    for _ in range(200_000):
        y = y + 1
    y.backward()
    assert w.grad.tolist() == [1]
    del y
    y = w
    for _ in range(200_000):
        y = y * 1
    del y  # never used: freed by a loop


# ---- grad() --------------------------------------------------------------------------------


def test_grad_leaves_the_leaves_alone():
    x, y = leaf(2), leaf(3)
    z = x * x * y
    gx, gy = grad(z, [x, y])
    assert (gx.item(), gy.item()) == (12, 4)
    assert x.grad is None
    (g,) = grad([x * 2, x * 3], x, grad_outputs=[pynn.ones(1).double(), None])
    assert g.item() == 5
    a = x * 2
    (g,) = grad(a * a, a)
    assert g.item() == 8


def test_grad_of_the_unused():
    x, y = leaf(1), leaf(1)
    assert grad(x * 2, [x, y], allow_unused=True)[1] is None
    with pytest.raises(RuntimeError, match="allow_unused=True"):
        grad(x * 2, [x, y])
    with pytest.raises(RuntimeError, match="does not require grad"):
        grad(x * 2, pynn.ones(1))
    with pytest.raises(RuntimeError, match="got 1 tensors and 2 gradients"):
        grad(x * 2, x, grad_outputs=[None, None])
    with pytest.raises(TypeError, match="outputs are tensors, not int"):
        grad([1], x)


def test_second_derivatives():
    x = leaf(0.5)
    y = x.exp() * x.sigmoid() + x**3
    (g,) = grad(y, x, create_graph=True)
    (h,) = grad(g, x)
    s = 1 / (1 + math.exp(-0.5))
    ds, dds = s * (1 - s), s * (1 - s) * (1 - 2 * s)
    assert math.isclose(h.item(), math.exp(0.5) * (s + 2 * ds + dds) + 3, rel_tol=1e-12)
    assert np.array_equal(grad(x.exp() * x.sigmoid() + x**3, x)[0].numpy(), g.detach().numpy())


# ---- grad modes ----------------------------------------------------------------------------


def test_grad_modes():
    w = leaf(1)
    with pynn.no_grad():
        assert not pynn.is_grad_enabled()
        assert not (w * 2).requires_grad
        with pynn.enable_grad():
            assert (w * 2).requires_grad
        assert not pynn.is_grad_enabled()
    assert pynn.is_grad_enabled()
    again = pynn.no_grad()
    with again, again:
        assert not pynn.is_grad_enabled()
    assert pynn.is_grad_enabled()


def test_grad_mode_survives_exceptions():
    with pytest.raises(KeyError), pynn.no_grad():
        raise KeyError
    assert pynn.is_grad_enabled()


def test_grad_mode_decorators():
    class Net:
        @pynn.no_grad()
        def mode(self, *args, **kwargs):
            "Text."
            return pynn.is_grad_enabled(), args, kwargs

    assert Net().mode(1, a=2) == (False, (1,), {"a": 2})
    assert (Net.mode.__name__, Net.mode.__doc__) == ("mode", "Text.")
    assert pynn.is_grad_enabled()

    @pynn.set_grad_enabled(False)
    def fails():
        assert not pynn.is_grad_enabled()
        raise KeyError

    assert pynn.is_grad_enabled()
    with pytest.raises(KeyError):
        fails()
    assert pynn.is_grad_enabled()

    def generator():
        yield

    with pytest.raises(TypeError, match="generator"):
        pynn.no_grad()(generator)


def test_set_grad_enabled_acts_at_once():
    pynn.set_grad_enabled(False)
    assert not pynn.is_grad_enabled()
    pynn.set_grad_enabled(True)
    with pynn.set_grad_enabled(False):
        assert not pynn.is_grad_enabled()
    assert pynn.is_grad_enabled()


def test_grad_mode_is_the_threads_own():
    seen = []
    with pynn.no_grad():
        thread = threading.Thread(target=lambda: seen.append(pynn.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


# ---- Function ------------------------------------------------------------------------------


class Exp(Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y


class MulAdd(Function):
    @staticmethod
    def forward(ctx, a, b, scale, *, extra=None):
        ctx.save_for_backward(a, None, b)
        ctx.scale = scale
        return a * b * scale, a + b

    @staticmethod
    def backward(ctx, g, h):
        a, nothing, b = ctx.saved_tensors
        assert nothing is None
        assert ctx.needs_input_grad == (True, True, False)
        return g * b * ctx.scale + h, g * a * ctx.scale + h, None


def test_function():
    w = leaf(0.0, 1.0)
    y = Exp.apply(w)
    assert y.grad_fn.name() == "ExpBackward"
    assert not y.is_leaf
    (y * 2).sum().backward()
    assert np.allclose(w.grad.numpy(), [2, 2 * math.e])
    assert not Exp.apply(pynn.ones(2)).requires_grad
    with pynn.no_grad():
        assert not Exp.apply(w).requires_grad


def test_function_of_several():
    a, b = leaf(2), leaf(3)
    product, total = MulAdd.apply(a, b, 10.0)
    assert (product.item(), total.item()) == (60, 5)
    (product + 2 * total).sum().backward()
    assert (a.grad.item(), b.grad.item()) == (32, 22)
    a.grad = b.grad = None
    MulAdd.apply(a, b, 10.0)[1].sum().backward()  # no gradient for the first output: zeros
    assert (a.grad.item(), b.grad.item()) == (1, 1)


def test_function_twice_differentiable():
    w = leaf(0.5, 1.5)
    (g,) = grad(Exp.apply(w).sum(), w, create_graph=True)
    (h,) = grad((g * g).sum(), w)
    assert np.allclose(h.numpy(), 2 * np.exp([1.0, 3.0]), rtol=1e-14)


def test_function_saved_tensors_are_checked():
    class Square(Function):
        @staticmethod
        def forward(ctx, x, c):
            ctx.save_for_backward(x, c)
            return x * x * c

        @staticmethod
        def backward(ctx, g):
            x, c = ctx.saved_tensors
            return 2 * x * c * g, None

    w, c = leaf(3), pynn.ones(1, dtype=pynn.float64)
    y = Square.apply(w, c)
    c.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_function_handing_its_argument_through():
    class Same(Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 7

    w = leaf(1)
    y = Same.apply(w)
    assert y is not w
    y.backward()
    assert w.grad.item() == 7
    assert w.is_leaf


def test_function_without_gradients_for_some_outputs():
    class Split(Function):
        @staticmethod
        def forward(ctx, x):
            index, other = x.argmax(), x * 2
            ctx.mark_non_differentiable(other)
            return x * 3, index, other

        @staticmethod
        def backward(ctx, g, of_index, of_other):
            assert of_index.tolist() == 0
            assert of_other.tolist() == [0, 0]
            return g * 3

    a, index, other = Split.apply(leaf(1, 5))
    assert a.requires_grad
    assert not index.requires_grad
    assert not other.requires_grad
    a.sum().backward()


@pytest.mark.parametrize(
    ("result", "error", "words"),
    [
        (lambda g: "text", TypeError, "str"),
        (lambda g: (g, g), RuntimeError, "2 gradients for 1"),
        (lambda g: (), RuntimeError, "0 gradients for 1"),
        (lambda g: g[:1], RuntimeError, r"\(1,\).*\(2,\)"),
        (lambda g: 1 / 0, ZeroDivisionError, "division"),
    ],
)
def test_function_errors(result, error, words):
    class Bad(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return result(g)

    w = leaf(1, 2)
    y = Bad.apply(w).sum()
    with pytest.raises(error, match=words):
        y.backward()
    assert w.grad is None
    (w * 2).sum().backward()
    assert w.grad.tolist() == [2, 2]


def test_function_must_be_complete():
    class Nothing(Function):
        pass

    with pytest.raises(NotImplementedError, match="forward"):
        Nothing.apply(leaf(1))

    class Text(Function):
        @staticmethod
        def forward(ctx, x):
            return "text"

    with pytest.raises(TypeError, match="not str"):
        Text.apply(leaf(1))


def test_function_frees_what_it_kept():
    gc.collect()
    before = _debug.stats()
    seen = []

    class Watch(Exp):
        @staticmethod
        def forward(ctx, x):
            seen.append(weakref.ref(ctx))
            return Exp.forward(ctx, x)

    for _ in range(10):
        Watch.apply(leaf(1, 2) * 2)
    gc.collect()
    after = _debug.stats()
    assert all(ref() is None for ref in seen)
    assert {k: after[k] - before[k] for k in ("tensors", "storages", "nodes")} == {
        "tensors": 0,
        "storages": 0,
        "nodes": 0,
    }


def test_keyboard_interrupt_passes_through_backward():
    class Stop(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Stop.apply(leaf(1)).backward()

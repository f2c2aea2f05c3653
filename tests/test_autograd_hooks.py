"""Hooks on tensors, backward(inputs=), retained gradients, nodes, modes."""

from __future__ import annotations

import gc
import weakref

import pytest

import pynn
from pynn import autograd


def leaf(*values):
    return pynn.tensor([float(v) for v in values], requires_grad=True)


def test_hooks_see_and_replace_the_whole_gradient():
    x = leaf(1, 2)
    seen = []
    handle = x.register_hook(lambda g: seen.append(g.tolist()))
    x.register_hook(lambda g: g * 10)
    (x * 2 + x * 3).sum().backward()
    assert seen == [[5, 5]]  # both uses of x in one call
    assert x.grad.tolist() == [50, 50]
    handle.remove()
    handle.remove()
    (x * 1).sum().backward()
    assert len(seen) == 1
    assert x.grad.tolist() == [60, 60]


def test_hooks_of_non_leaves():
    x = leaf(1, 2)
    y = x * 2
    y.register_hook(lambda g: g + 1)
    z = (y * 3).sum()
    z.register_hook(lambda g: g * 2)
    del y
    z.backward()
    assert x.grad.tolist() == [14, 14]


def test_hooks_belong_to_the_value_at_registration():
    x = leaf(1)
    y = x * 2
    y.register_hook(lambda g: g * 100)
    y.mul_(3)
    y.register_hook(lambda g: g * 10)
    y.sum().backward()
    assert x.grad.tolist() == [2 * 3 * 1000]


def test_hooks_run_for_grad_and_in_double_backward():
    x = leaf(2)
    x.register_hook(lambda g: g * 2)
    (g,) = autograd.grad((x**3).sum(), x, create_graph=True)
    assert g.tolist() == [24]
    assert x.grad is None
    (h,) = autograd.grad(g.sum(), x)
    assert h.tolist() == [48]


def test_post_accumulate_hooks():
    x = leaf(1)
    seen = []
    with x.register_post_accumulate_grad_hook(lambda t: seen.append((t is x, t.grad.item()))):
        (x * 2 + x * 5).sum().backward()
        (x * 1).sum().backward()
        autograd.grad((x * 9).sum(), x)
    (x * 1).sum().backward()
    assert seen == [(True, 7), (True, 8)]
    with pytest.raises(RuntimeError, match="non-leaf"):
        (x * 2).register_post_accumulate_grad_hook(print)

    def optimise(t):
        with pynn.no_grad():
            t -= t.grad
        t.grad = None

    y = leaf(3)
    y.register_post_accumulate_grad_hook(optimise)
    (y * 2).sum().backward()
    assert y.tolist() == [1]
    assert y.grad is None


@pytest.mark.parametrize(
    ("hook", "error", "words"),
    [
        (lambda g: 3, TypeError, "int"),
        (lambda g: g[:1], RuntimeError, "changed the size"),
        (lambda g: g.double(), RuntimeError, "changed the type"),
        (lambda g: 1 / 0, ZeroDivisionError, "division"),
    ],
)
def test_what_hooks_may_not_do(hook, error, words):
    for make in (lambda x: x, lambda x: x * 2):
        x = leaf(1, 2)
        y = make(x)
        y.register_hook(hook)
        with pytest.raises(error, match=words):
            (y * 2).sum().backward()


def test_registration_errors():
    with pytest.raises(RuntimeError, match="doesn't require gradient"):
        pynn.ones(2).register_hook(print)
    with pytest.raises(TypeError, match="function"):
        leaf(1).register_hook(3)
    step = pynn.capture(lambda x: (x * w).sum().backward())
    w = leaf(1)
    w.register_hook(lambda g: g)
    with pytest.raises(RuntimeError, match="captured"):
        step(pynn.ones(1))


def test_hooks_are_freed():
    class Hook:
        def __call__(self, g):
            return g

    for make in (lambda x: x, lambda x: x * 2):
        hook = Hook()
        gone = weakref.ref(hook)
        y = make(leaf(1))
        y.register_hook(hook)
        del hook, y
        gc.collect()
        assert gone() is None


def test_the_seed_cannot_be_spoiled():
    x = leaf(3)
    y = (x * 2).sum()
    y.register_hook(lambda g: g.mul_(5))
    y.backward()
    assert x.grad.tolist() == [10]
    z = x.reshape(()) * 1
    z.backward()
    assert x.grad.tolist() == [11]


# ---- retained gradients ------------------------------------------------------------------


def test_retained_gradients():
    x = leaf(1, 2)
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    assert y.retains_grad
    assert not x.retains_grad
    y.register_hook(lambda g: g * 10)
    (y * y).sum().backward(retain_graph=True)
    assert y.grad.tolist() == [40, 80]
    (y * 1).sum().backward()
    assert y.grad.tolist() == [50, 90]


def test_retained_gradients_follow_in_place_writes():
    x = leaf(1, 2)
    y = x * 2
    y.retain_grad()
    y.mul_(3)
    (y * y).sum().backward()
    assert y.grad.tolist() == [12, 24]  # of the value that y has now
    z = x * 1
    z.retain_grad()
    z[0] = 7
    z.sum().backward()
    assert z.grad.tolist() == [1, 1]
    w = x * 1
    w.retain_grad()
    w.mul_(2)
    last = w * 1
    del w
    last.sum().backward()


def test_two_outputs_of_one_node_are_retained_apart():
    class Two(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, a, b):
            return a * 2 + b * 3

    x = leaf(1)
    a, b = Two.apply(x)
    a.retain_grad()
    b.retain_grad()
    (a * 5 + b * 7).sum().backward()
    assert (a.grad.item(), b.grad.item(), x.grad.item()) == (5, 7, 31)


# ---- inputs --------------------------------------------------------------------------------


def test_backward_into_inputs():
    x, w = leaf(1, 2), leaf(3, 4)
    y = x * w
    y.sum().backward(inputs=[w], retain_graph=True)
    assert x.grad is None
    assert w.grad.tolist() == [1, 2]
    y.sum().backward(inputs=w, retain_graph=True)
    assert w.grad.tolist() == [2, 4]
    (y * 2).sum().backward(inputs=[y, x])
    assert y.grad.tolist() == [2, 2]
    assert x.grad.tolist() == [6, 8]
    autograd.backward([(x * 2).sum(), w * 3], [None, pynn.ones(2)])
    assert x.grad.tolist() == [8, 10]
    assert w.grad.tolist() == [5, 7]
    with pytest.raises(RuntimeError, match="cannot be empty"):
        (x * 2).sum().backward(inputs=[])
    with pytest.raises(RuntimeError, match="does not require grad"):
        (x * 2).sum().backward(inputs=[pynn.ones(1)])


def test_grad_of_a_dict_and_materialized():
    x, y = leaf(1, 2), leaf(3)
    found = autograd.grad((x * x).sum(), {"x": x, "y": y}, materialize_grads=True)
    assert found["x"].tolist() == [2, 4]
    assert found["y"].tolist() == [0]
    with pytest.raises(ValueError, match="allow_unused"):
        autograd.grad((x * x).sum(), y, materialize_grads=True, allow_unused=False)


def test_grad_of_many_inputs_in_any_order():
    xs = [leaf(i) for i in range(40)]
    ys = [x * (i + 1) for i, x in enumerate(xs)]
    total = sum((y * y).sum() for y in ys)
    unused = leaf(1)
    asked = [ys[3], xs[7], xs[7], unused, *reversed(xs), ys[3], unused]
    found = autograd.grad(total, asked, allow_unused=True)
    assert found[0].tolist() == found[-2].tolist() == [2 * 4 * 3]
    assert found[1].tolist() == found[2].tolist() == [2 * 64 * 7]
    assert found[3] is None
    assert found[-1] is None
    assert [g.item() for g in found[4:44]] == [2 * (i + 1) ** 2 * i for i in reversed(range(40))]
    with pytest.raises(ValueError, match="non-empty"):
        autograd.grad(ys[0], [])


# ---- nodes ---------------------------------------------------------------------------------


def test_the_graph_can_be_walked():
    x = leaf(1, 2)
    y = (x * 2).exp()
    node = y.grad_fn
    assert node.name() == "ExpBackward"
    assert node == y.grad_fn
    ((product, output),) = node.next_functions
    assert (product.name(), output) == ("MulBackward", 0)
    assert product.next_functions[1] == (None, 0)
    end = product.next_functions[0][0]
    assert end.name() == "AccumulateGrad"
    assert end.variable is x
    assert end.next_functions == ()
    assert len({node, y.grad_fn}) == 1
    with pytest.raises(AttributeError, match="no variable"):
        node.variable  # noqa: B018
    assert x.grad_fn is None
    del y
    assert node.name() == "ExpBackward"


def test_views_versions_and_detach():
    x = leaf(1, 2)
    y = x * 1
    v = y[0]
    assert v._is_view()
    assert v._base is y
    assert not y._is_view()
    before = y._version
    v.mul_(2)
    assert y._version == before + 1
    assert y.detach()._version == y._version
    with pytest.raises(RuntimeError, match="Can't detach views"):
        v.detach_()
    assert y.detach_() is y
    assert y.is_leaf
    assert not y.requires_grad


# ---- modes ---------------------------------------------------------------------------------


def test_inference_mode():
    x = leaf(1)
    with pynn.inference_mode():
        assert pynn.is_inference_mode_enabled()
        assert not pynn.is_grad_enabled()
        y = x * 2
        assert y.is_inference()
        with pynn.inference_mode(False):
            assert not pynn.is_inference_mode_enabled()
    assert not y.requires_grad
    assert not x.is_inference()
    assert pynn.is_grad_enabled()
    assert not (x * 2).is_inference()

    @pynn.inference_mode()
    def double(t):
        return t * 2

    assert double(x).is_inference()
    with pytest.raises(TypeError, match="generator"):

        @pynn.inference_mode()
        def rows():
            yield 1


def test_decorators_without_parentheses():
    @pynn.no_grad
    def quiet(t):
        return t * 2

    class Holder:
        @pynn.no_grad
        def method(self, t):
            return t * 3

    x = leaf(1)
    assert not quiet(x).requires_grad
    assert not Holder().method(x).requires_grad
    assert (x * 2).requires_grad
    with pytest.raises(TypeError, match="one function"):
        pynn.no_grad()(1, 2)


def test_a_parameter_whose_hook_holds_its_module_is_collected():
    def run():
        net, seen = pynn.nn.Linear(2, 2), []
        net.weight.register_hook(lambda g: seen.append(net.in_features))
        net.weight.register_post_accumulate_grad_hook(lambda p: seen.append(net.out_features))
        net.weight.register_hook(lambda g: g * 0)
        net(pynn.ones(1, 2)).sum().backward()
        assert seen == [2, 2]
        assert net.weight.grad.tolist() == [[0, 0], [0, 0]]
        return weakref.ref(net)

    gone = run()
    gc.collect()
    assert gone() is None


def test_hooks_of_a_plain_leaf_outlive_its_name():
    x = leaf(1)
    seen = []
    x.register_hook(lambda g: seen.append(g.item()))
    y = x * 3
    del x
    y.sum().backward()
    assert seen == [3]

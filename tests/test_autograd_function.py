"""autograd.Function in full, gradcheck, functional, checkpoint, threads, long chains."""

from __future__ import annotations

import threading
import weakref

import numpy as np
import pytest

import pynn
from pynn import autograd, nn
from pynn.autograd import Function, functional, gradcheck, gradgradcheck
from pynn.autograd.function import once_differentiable
from pynn.autograd.graph import saved_tensors_hooks
from pynn.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential


def doubles(*shape):
    return pynn.rand(*shape, dtype=pynn.float64).requires_grad_()


class Scaled(Function):
    """exp(x) k, with setup_context."""

    @staticmethod
    def forward(x, k):
        return x.exp() * k

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)
        ctx.inputs = len(inputs)

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y, None


# ---- Function ------------------------------------------------------------------------------


def test_setup_context_and_second_derivatives():
    x = doubles(4)
    assert gradcheck(lambda x: Scaled.apply(x, 2.0), x)
    assert gradgradcheck(lambda x: Scaled.apply(x, 2.0), x)
    assert Scaled.apply(x, 2.0).grad_fn.name() == "ScaledBackward"


def test_mark_dirty():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            x.mul_(2)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = pynn.ones(3, requires_grad=True)
    y = x * 1
    assert Double.apply(y) is y
    (y * y).sum().backward()
    assert x.grad.tolist() == [8, 8, 8]
    with pytest.raises(RuntimeError, match="leaf Variable"):
        Double.apply(x)
    with pytest.raises(RuntimeError, match="view"):
        Double.apply((x * 1)[:2])
    z = pynn.ones(1)
    assert Double.apply(z).item() == 2

    class Lost(Double):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x * 2

    with pytest.raises(RuntimeError, match="not returned as output"):
        Lost.apply(x * 1)


def test_materialized_gradients_and_need():
    got = []

    class Two(Function):
        @staticmethod
        def forward(ctx, a, b, materialize):
            ctx.set_materialize_grads(materialize)
            assert ctx.needs_input_grad == (True, False, False)
            return a * 2, a * 3, None

        @staticmethod
        def backward(ctx, g, h, nothing):
            got.append((g, h, nothing))
            return g * 2, None, None

    x = pynn.ones(2, requires_grad=True)
    for flag in (True, False):
        a, _, none = Two.apply(x, pynn.ones(1), flag)
        assert none is None
        a.sum().backward()
    assert got[0][1].tolist() == [0, 0]
    assert got[1][1] is None
    assert got[1][2] is None


def test_once_differentiable():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x * g

    x = doubles(3)
    assert gradcheck(Square.apply, x)
    y = (Square.apply(x) * x).sum()
    (g,) = autograd.grad(y, x, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice"):
        g.sum().backward()


def test_gradients_of_broadcast_arguments_are_summed():
    class Add(Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, g):
            return g, g

    a, b = doubles(3, 2), doubles(1, 2)
    assert gradcheck(Add.apply, (a, b))
    with pytest.raises(TypeError, match="can only save"):
        autograd.FunctionCtx().save_for_backward(3)


# ---- checks --------------------------------------------------------------------------------


def test_gradcheck_finds_wrong_derivatives():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * x * g

    x = doubles(3)
    with pytest.raises(autograd.GradcheckError, match="Jacobian mismatch"):
        gradcheck(Wrong.apply, x)
    assert not gradcheck(Wrong.apply, x, raise_exception=False)
    assert not gradcheck(Wrong.apply, x, raise_exception=False, fast_mode=True)
    with pytest.raises(autograd.GradcheckError, match="None of the outputs"):
        gradcheck(lambda x: x.detach(), x)
    with pytest.raises(ValueError, match="at least one input"):
        gradcheck(lambda x: x, pynn.ones(1))
    with pytest.warns(UserWarning, match="double precision"):
        gradcheck(lambda x: x * 2, pynn.ones(2, requires_grad=True), eps=1e-2, atol=1e-2)
    count = iter(range(100))

    class Unsteady(Wrong):
        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x * g + 1e-9 * next(count)

    with pytest.raises(autograd.GradcheckError, match="not reentrant"):
        gradcheck(Unsteady.apply, x)
    assert gradcheck(Unsteady.apply, x, nondet_tol=1e-6, check_undefined_grad=False)


def test_gradcheck_of_networks():
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    x = doubles(5, 3)
    inputs = (x, *net.parameters())
    assert gradcheck(lambda *a: net(a[0]), inputs)
    assert gradcheck(lambda *a: net(a[0]), inputs, fast_mode=True, check_grad_dtypes=True)
    assert gradgradcheck(lambda *a: net(a[0]), inputs, gen_non_contig_grad_outputs=True)


# ---- functional ----------------------------------------------------------------------------


def test_functional_against_torch():
    torch = pytest.importorskip("torch")
    theirs = torch.autograd.functional
    a, b = np.random.rand(3), np.random.rand(3, 2)

    def f(x, w):
        return (x.reshape(3, 1) * w).exp().sum(0), x * x

    def s(x, w):
        return ((x.reshape(3, 1) * w).exp() * w).sum()

    def run(lib, space):
        x, w = lib.tensor(a), lib.tensor(b)
        v = (lib.ones_like(x), w * w)
        u = (lib.ones(2, dtype=lib.float64), x)
        return [
            space.jacobian(f, (x, w)),
            space.jacobian(lambda x: x * x, x),
            space.hessian(s, (x, w)),
            space.vjp(f, (x, w), u),
            space.jvp(f, (x, w), v),
            space.hvp(s, (x, w), v),
            space.vhp(s, (x, w), v),
        ]

    def compare(p, q):
        if isinstance(p, tuple):
            assert len(p) == len(q)
            for one, other in zip(p, q, strict=True):
                compare(one, other)
        else:
            np.testing.assert_allclose(p.numpy(), q.numpy(), rtol=1e-12, atol=1e-12)

    for ours, reference in zip(run(pynn, functional), run(torch, theirs), strict=True):
        compare(ours, reference)


def test_functional_errors_and_graphs():
    x = doubles(2)
    with pytest.raises(RuntimeError, match="single"):
        functional.vjp(lambda x: x, x)
    with pytest.raises(RuntimeError, match="single element"):
        functional.hessian(lambda x: x, x)
    with pytest.raises(RuntimeError, match="shape"):
        functional.jvp(lambda x: x, x, pynn.ones(3, dtype=pynn.float64))
    with pytest.raises(RuntimeError, match="does not require gradients"):
        functional.jacobian(lambda x: pynn.ones(2), x, strict=True)
    assert functional.jacobian(lambda x: pynn.ones(2), x).tolist() == [[0, 0], [0, 0]]
    (j,) = (functional.jacobian(lambda x: x**3, x, create_graph=True),)
    (g,) = autograd.grad(j.sum(), x)
    np.testing.assert_allclose(g.numpy(), 6 * x.detach().numpy())


# ---- saved tensors and checkpoints -----------------------------------------------------------


def net_of(width=8):
    return nn.Sequential(
        nn.Linear(3, width), nn.Tanh(), nn.Linear(width, width), nn.Sigmoid(), nn.Linear(width, 1)
    ).double()


def test_saved_tensors_hooks():
    packed, unpacked = [], []

    def pack(t):
        packed.append(t.shape)
        return t.numpy().copy()

    def unpack(a):
        unpacked.append(a.shape)
        return pynn.from_numpy(a)

    x = doubles(3)
    with saved_tensors_hooks(pack, unpack):
        y = (x.exp() * (x * 2)).tanh().sum()
    assert packed
    (g,) = autograd.grad(y, x, create_graph=True)
    (h,) = autograd.grad(g.sum(), x)
    assert unpacked
    z = (x.exp() * (x * 2)).tanh().sum()
    (g2,) = autograd.grad(z, x, create_graph=True)
    (h2,) = autograd.grad(g2.sum(), x)
    assert g.tolist() == g2.tolist()
    assert h.tolist() == h2.tolist()


def test_saved_tensors_hooks_that_fail():
    x = doubles(3)
    with saved_tensors_hooks(lambda t: 1 / 0, lambda p: p):
        y = (x * 2).exp().sum()
    with pytest.raises(ZeroDivisionError):
        y.backward()
    with saved_tensors_hooks(lambda t: 3, lambda p: p):
        y = (x * 2).exp().sum()
    with pytest.raises(TypeError, match="unpack_hook"):
        y.backward()


@pytest.mark.parametrize("needs", [True, False])
def test_checkpoint_changes_no_bit(needs):
    net = net_of()
    x = pynn.rand(5, 3, dtype=pynn.float64).requires_grad_(needs)

    def run(forward):
        net.zero_grad()
        x.grad = None
        loss = (forward(x) ** 2).sum()
        loss.backward()
        return [p.grad.tolist() for p in net.parameters()] + [needs and x.grad.tolist()]

    plain = run(net)
    assert run(lambda x: checkpoint(net, x)) == plain
    assert run(lambda x: checkpoint(lambda x: checkpoint(net, x * 1), x)) == plain
    assert run(lambda x: checkpoint_sequential(net, 2, x)) == plain
    with pynn.no_grad():
        assert not checkpoint(net, x).requires_grad


def test_checkpoint_second_derivatives():
    net, x = net_of(), doubles(5, 3)

    def second(forward):
        (g,) = autograd.grad((forward(x) ** 2).sum(), x, create_graph=True)
        found = autograd.grad((g * g).sum(), [x, *net.parameters()], materialize_grads=True)
        return [f.tolist() for f in found]

    assert second(lambda x: checkpoint(net, x)) == second(net)


def test_checkpoint_keeps_the_random_stream():
    def noisy(x, scale=1.0):
        return (x * pynn.rand(4, dtype=pynn.float64) * scale).exp()

    x = doubles(4)
    pynn.manual_seed(7)
    (plain,) = autograd.grad(noisy(x, scale=2.0).sum(), x)
    pynn.manual_seed(7)
    y = checkpoint(noisy, x, scale=2.0).sum()
    after = pynn.rand(1).item()
    (again,) = autograd.grad(y, x)
    assert again.tolist() == plain.tolist()
    pynn.manual_seed(7)
    noisy(x)
    assert pynn.rand(1).item() == after


def test_checkpoint_saves_memory():
    def deep(x):
        for _ in range(20):
            x = x.tanh()
        return x

    from pynn import _core

    x = pynn.rand(1 << 16).requires_grad_()

    def held(forward):
        before = _core._memory_stats()["live_bytes"]
        y = forward(x).sum()
        return _core._memory_stats()["live_bytes"] - before, y

    plain, y = held(deep)
    less, z = held(lambda x: checkpoint(deep, x))
    assert plain > 19 * 4 << 16
    assert less < 2 * 4 << 16
    y.backward()
    first, x.grad = x.grad, None
    z.backward()
    assert x.grad.tolist() == first.tolist()


def test_checkpoint_errors():
    calls = []

    def unsteady(x):
        calls.append(1)
        return x.exp().tanh() if len(calls) == 1 else x.exp()

    x = doubles(2)
    y = checkpoint(unsteady, x).sum()
    with pytest.raises(CheckpointError, match="different number"):
        y.backward()
    with pytest.raises(ValueError, match="use_reentrant"):
        checkpoint(unsteady, x, use_reentrant=True)
    with pytest.raises(ValueError, match="segments"):
        checkpoint_sequential(net_of(), 0, x)


# ---- life and threads ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "step",
    [
        lambda x: x + 1,
        lambda x: x.reshape(1, 1).reshape(1),
        lambda x: x.clone(),
        lambda x: x.tanh(),
        lambda x: x.mul_(1.0),
        lambda x: x.unsqueeze(0)[0],
    ],
    ids=["add", "views", "clone", "saved output", "in place", "select"],
)
def test_long_chains_are_freed_without_recursion(step):
    x = pynn.ones(1, requires_grad=True)
    y = x * 1
    for _ in range(200_000):
        y = step(y)
    del y
    y = x * 1
    for _ in range(50_000):
        y = step(y)
    y.sum().backward()
    assert x.grad.shape == (1,)


def test_a_million_operators():
    x = pynn.ones(1, requires_grad=True)
    y = x * 1
    for _ in range(1_000_000):
        y = y + 1
    y.backward()
    assert x.grad.item() == 1


def test_a_chain_of_functions_is_freed_without_recursion():
    class Keep(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g

    y = pynn.ones(1, requires_grad=True)
    gone = weakref.ref(y)
    for _ in range(20_000):
        y = Keep.apply(y)
    del y
    assert gone() is None


def run_threads(work, count=4):
    errors = []

    def guarded(i):
        try:
            work(i)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return errors


def test_threads_share_parameters():
    net = net_of(64)
    xs = [pynn.rand(200, 3, dtype=pynn.float64) for _ in range(4)]
    for x in xs:
        net(x).sum().backward()
    single = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()

    def work(i):
        for _ in range(5):
            net(xs[i]).sum().backward()

    assert run_threads(work) == []
    for p, g in zip(net.parameters(), single, strict=True):
        assert p.grad.shape == g.shape

    def gradients(i):
        for _ in range(10):
            found = autograd.grad(net(xs[i]).sum(), list(net.parameters()))
            assert [f.tolist() for f in found] == alone[i]

    alone = [[g.tolist() for g in autograd.grad(net(x).sum(), list(net.parameters()))] for x in xs]
    assert run_threads(gradients) == []


def test_one_graph_from_several_threads():
    w = pynn.rand(300, 300).requires_grad_()
    for retain in (True, False):
        for _ in range(3):
            y = ((w @ w).tanh() @ w).sum()
            errors = run_threads(lambda i, y=y, keep=retain: y.backward(retain_graph=keep))
            assert all(isinstance(e, RuntimeError) for e in errors)


def test_parameters_replaced_while_others_compute():
    net = nn.Linear(300, 300)
    x = pynn.rand(300, 300)

    def work(i):
        for _ in range(20):
            if i % 2:
                net.weight = nn.Parameter(pynn.rand(300, 300))
                net.bias = None
            else:
                net(x).sum().backward()
                net.zero_grad()

    assert run_threads(work) == []


def test_a_context_may_outlive_its_graph():
    kept = []

    class Exp(Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            kept.append(ctx)
            return y

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    y = Exp.apply(pynn.ones(1, requires_grad=True))
    want = y.item()
    del y
    assert kept[0].saved_tensors[0].item() == want
    assert not kept[0].saved_tensors[0].requires_grad

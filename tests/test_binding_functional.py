"""nn.functional's compositions, nn.init and SGD against their formulas in NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest

import pynn
import pynn.nn.functional as F
from pynn.nn import init

F64 = pynn.float64
EPS = np.finfo(np.float64).eps


def close(a: pynn.Tensor, b: np.ndarray, terms: int = 100) -> bool:
    """Within the rounding of `terms` operations on numbers of this size."""
    b = np.asarray(b)
    return bool(np.all(np.abs(a.detach().numpy() - b) <= terms * EPS * max(1.0, np.abs(b).max())))


def sample(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def test_functional_is_the_functions():
    x = pynn.tensor(sample(3, 4))
    for name in ("relu", "sigmoid", "tanh"):
        assert np.array_equal(getattr(F, name)(x).numpy(), getattr(pynn, name)(x).numpy())
    assert close(F.softmax(x, 1), softmax(x.numpy()))
    assert close(F.log_softmax(x, 1), np.log(softmax(x.numpy())))
    assert F.softmax(x.float(), 1, dtype=F64).dtype is F64
    assert np.array_equal(
        F.leaky_relu(x, 0.2).numpy(), np.where(x.numpy() > 0, x.numpy(), 0.2 * x.numpy())
    )


def test_linear():
    x, w, b = sample(2, 3, 4), sample(5, 4), sample(5)
    tx, tw, tb = pynn.tensor(x), pynn.tensor(w), pynn.tensor(b)
    assert close(F.linear(tx, tw, tb), x @ w.T + b)
    assert close(F.linear(tx, tw), x @ w.T)
    assert close(F.linear(tx[0, 0], tw, tb), x[0, 0] @ w.T + b)
    with pytest.raises(RuntimeError, match=r"\(2, 3, 4\).*\(4, 5\)|\(4, 5\).*\(2, 3, 4\)"):
        F.linear(tx, pynn.ones(4, 5, dtype=F64))


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_losses(reduction):
    reduce = {"none": lambda v: v, "mean": np.mean, "sum": np.sum}[reduction]
    x, y = sample(4, 3), (sample(4, 3, seed=1) > 0) * 1.0
    w = np.abs(sample(3, seed=2))
    p = 1 / (1 + np.exp(-x))
    bce = -(y * np.log(p) + (1 - y) * np.log1p(-p))
    tx, ty, tp, tw = (pynn.tensor(v) for v in (x, y, p, w))
    assert close(F.mse_loss(tx, ty, reduction=reduction), reduce((x - y) ** 2))
    assert close(F.binary_cross_entropy(tp, ty, reduction=reduction), reduce(bce))
    assert close(F.binary_cross_entropy(tp, ty, tw, reduction), reduce(bce * w))
    logits = F.binary_cross_entropy_with_logits
    assert close(logits(tx, ty, reduction=reduction), reduce(bce))
    assert close(logits(tx, ty, tw, reduction), reduce(bce * w))
    weighted = -(w * y * np.log(p) + (1 - y) * np.log1p(-p))
    assert close(logits(tx, ty, reduction=reduction, pos_weight=tw), reduce(weighted))


def test_loss_errors():
    x = pynn.ones(2, 3)
    for loss in (F.mse_loss, F.binary_cross_entropy, F.binary_cross_entropy_with_logits):
        with pytest.raises(ValueError, match="'max'"):
            loss(x, x, reduction="max")
        with pytest.raises((ValueError, RuntimeError), match=r"\(2, 3\).*\(4,\)|\(4,\).*\(2, 3\)"):
            loss(x, pynn.ones(4))
    with pytest.raises(ValueError, match="'max'"):
        F.cross_entropy(x, pynn.tensor([0, 1]), reduction="max")
    with pytest.raises(ValueError, match=r"\(2, 3\).*\(3,\)"):
        F.cross_entropy(x, pynn.tensor([0, 1, 2]))
    with pytest.raises(ValueError, match="label_smoothing"):
        F.cross_entropy(x, pynn.tensor([0, 1]), label_smoothing=2.0)
    with pytest.raises(IndexError, match=r"5.*3"):
        F.cross_entropy(x, pynn.tensor([0, 5]))


def cross_entropy(x, target, weight, ignore, reduction, smoothing):
    """PyTorch's definition, class axis 1."""
    logs = np.log(softmax(x, 1))
    classes = x.shape[1]
    weight = np.ones(classes) if weight is None else weight
    kept = target != ignore
    safe = np.where(kept, target, 0)
    scale = weight[safe] * kept
    picked = -np.take_along_axis(logs, safe[:, None], 1)[:, 0] * scale
    shape = (1, -1) + (1,) * (x.ndim - 2)
    every = -(logs * weight.reshape(shape)).sum(1) * kept
    mixed = (1 - smoothing) * picked + smoothing / classes * every
    return {"none": mixed, "sum": mixed.sum(), "mean": mixed.sum() / scale.sum()}[reduction]


@pytest.mark.parametrize("shape", [(6, 4), (3, 4, 2), (2, 4, 3, 2)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy(shape, weighted, reduction, smoothing):
    x = sample(*shape)
    target = np.random.default_rng(1).integers(0, 4, shape[:1] + shape[2:])
    target.flat[0] = 1
    target.flat[1] = 2
    weight = np.array([0.5, 1.0, 2.0, 0.25]) if weighted else None
    tw = None if weight is None else pynn.tensor(weight)
    expected = cross_entropy(x, target, weight, 2, reduction, smoothing)
    tx = pynn.tensor(x, requires_grad=True)
    loss = F.cross_entropy(tx, pynn.tensor(target), tw, 2, reduction, smoothing)
    assert loss.shape == np.shape(expected)
    assert close(loss, expected)
    loss.sum().backward()
    if smoothing == 0:
        nll = F.nll_loss(pynn.tensor(np.log(softmax(x, 1))), pynn.tensor(target), tw, 2, reduction)
        assert close(nll, expected)
    ignored = np.moveaxis(tx.grad.numpy(), 1, -1)[target == 2]
    assert not ignored.any()


def test_cross_entropy_of_one_row_and_of_probabilities():
    x, q = sample(5), softmax(sample(5, seed=1))
    one = F.cross_entropy(pynn.tensor(x), pynn.tensor(3))
    assert one.shape == ()
    assert close(one, -np.log(softmax(x))[3])
    assert close(F.cross_entropy(pynn.tensor(x), pynn.tensor(q)), -(q * np.log(softmax(x))).sum())
    x, q, w = sample(3, 5, 2), softmax(sample(3, 5, 2, seed=1), 1), np.abs(sample(5))
    smooth = q * 0.8 + 0.2 / 5
    each = -(smooth * np.log(softmax(x, 1)) * w[:, None]).sum(1)
    args = pynn.tensor(x), pynn.tensor(q), pynn.tensor(w)
    assert close(F.cross_entropy(*args, label_smoothing=0.2), each.sum() / 6)
    assert close(F.cross_entropy(*args, reduction="none", label_smoothing=0.2), each)


def test_one_hot():
    assert F.one_hot(pynn.tensor([[0, 2]]), 4).tolist() == [[[1, 0, 0, 0], [0, 0, 1, 0]]]
    assert F.one_hot(pynn.tensor([0, 2])).shape == (2, 3)
    assert F.one_hot(pynn.tensor([0])).dtype is pynn.int64
    with pytest.raises(RuntimeError, match="empty"):
        F.one_hot(pynn.zeros(0, dtype=pynn.int64))


def test_dropout():
    x = pynn.ones(100_000, requires_grad=True)
    y = F.dropout(x, 0.3)
    kept = y.detach().numpy() != 0
    assert abs(kept.mean() - 0.7) < 5 * math.sqrt(0.21 / 100_000)
    assert np.all(y.detach().numpy()[kept] == np.float32(1 / 0.7))
    y.sum().backward()
    assert np.array_equal(x.grad.numpy(), y.detach().numpy())
    assert F.dropout(x, 0.3, training=False) is x
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, 1.0).sum().item() == 0
    with pytest.raises(ValueError, match=r"1\.5"):
        F.dropout(x, 1.5)


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 5), (2, 3, 4, 5)])
def test_batch_norm(shape):
    x = sample(*shape) * 3 + 1
    axes = (0, *range(2, x.ndim))
    n = x.size // 3
    wide = (1, 3) + (1,) * (x.ndim - 2)
    mean, var = x.mean(axes), x.var(axes)
    w, b = np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.0, -0.5])
    rm, rv = pynn.zeros(3, dtype=F64), pynn.ones(3, dtype=F64)
    normed = (x - mean.reshape(wide)) / np.sqrt(var.reshape(wide) + 1e-5)
    tx, tw, tb = pynn.tensor(x), pynn.tensor(w), pynn.tensor(b)
    y = F.batch_norm(tx, rm, rv, tw, tb, training=True, momentum=0.1)
    assert close(y, normed * w.reshape(wide) + b.reshape(wide))
    assert close(rm, 0.1 * mean)
    assert close(rv, 0.9 + 0.1 * var * n / (n - 1))
    z = F.batch_norm(tx, rm, rv)
    assert close(z, (x - rm.numpy().reshape(wide)) / np.sqrt(rv.numpy().reshape(wide) + 1e-5))
    assert close(F.batch_norm(tx, None, None, training=True), normed)


def test_batch_norm_errors():
    with pytest.raises(ValueError, match=r"\(3,\)"):
        F.batch_norm(pynn.ones(3), None, None, training=True)
    with pytest.raises(ValueError, match=r"more than 1 value per channel.*\(1, 3\)"):
        F.batch_norm(pynn.ones(1, 3), None, None, training=True)


# ---- init ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fill", "std", "bound"),
    [
        (lambda w: init.xavier_uniform_(w), math.sqrt(2 / 500), math.sqrt(6 / 500)),
        (lambda w: init.xavier_uniform_(w, 2.0), 2 * math.sqrt(2 / 500), 2 * math.sqrt(6 / 500)),
        (lambda w: init.xavier_normal_(w), math.sqrt(2 / 500), None),
        (lambda w: init.kaiming_uniform_(w), math.sqrt(2 / 200), math.sqrt(6 / 200)),
        (
            lambda w: init.kaiming_uniform_(w, math.sqrt(5)),
            math.sqrt(1 / 3 / 200),
            math.sqrt(1 / 200),
        ),
        (lambda w: init.kaiming_normal_(w, nonlinearity="relu"), math.sqrt(2 / 200), None),
        (lambda w: init.kaiming_normal_(w, 0.2, "fan_out"), math.sqrt(2 / 1.04 / 300), None),
        (lambda w: init.normal_(w, 0.0, 0.3), 0.3, None),
        (lambda w: init.uniform_(w, -2.0, 2.0), 4 / math.sqrt(12), 2.0),
    ],
)
def test_init(fill, std, bound):
    w = pynn.zeros(300, 200, dtype=F64, requires_grad=True)
    assert fill(w) is w
    values = w.detach().numpy()
    n = values.size
    assert abs(values.mean()) < 5 * std / math.sqrt(n)
    assert abs(values.std() / std - 1) < 5 / math.sqrt(n)
    if bound is not None:
        assert 0.999 * bound < np.abs(values).max() <= bound
    assert w.is_leaf
    a = fill(pynn.zeros(4, 5, 3))
    assert a.std().item() > 0


def test_init_constants_and_errors():
    w = pynn.zeros(2, 3, requires_grad=True)
    assert init.ones_(w).tolist() == [[1] * 3] * 2
    assert init.zeros_(w).tolist() == [[0] * 3] * 2
    assert init.constant_(w, 2.5).tolist() == [[2.5] * 3] * 2
    with pytest.raises(ValueError, match=r"fewer than 2 dimensions.*\(3,\)"):
        init.xavier_uniform_(pynn.zeros(3))
    with pytest.raises(ValueError, match="Mode fan not supported"):
        init.kaiming_normal_(w, mode="fan")
    with pytest.raises(ValueError, match="swish"):
        init.kaiming_normal_(w, nonlinearity="swish")
    g, h = pynn.Generator(1), pynn.Generator(1)
    a, b = init.normal_(pynn.zeros(2, 3), generator=g), init.normal_(w, generator=h)
    assert a.tolist() == b.tolist()


# ---- SGD -----------------------------------------------------------------------------------


def sgd_numpy(p, grads, *, lr, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False,
              maximize=False):  # fmt: skip
    """torch.optim.SGD's formula, in the same order of operations."""
    buffer = None
    for g in grads:
        d = -g if maximize else g
        if weight_decay:
            d = d + weight_decay * p
        if momentum:
            buffer = d if buffer is None else momentum * buffer + (1 - dampening) * d
            d = d + momentum * buffer if nesterov else buffer
        p = p - lr * d
    return p


OPTIONS = [
    {},
    {"weight_decay": 0.1},
    {"momentum": 0.9},
    {"momentum": 0.9, "dampening": 0.5, "weight_decay": 0.01},
    {"momentum": 0.9, "nesterov": True},
    {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "maximize": True},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_sgd_has_the_bits_of_its_formula(options):
    p, grads = sample(5, 3), [sample(5, 3, seed=i) for i in range(1, 6)]
    w = pynn.tensor(p, requires_grad=True)
    optimiser = pynn.optim.SGD([w], lr=0.1, **options)
    for g in grads:
        w.grad = pynn.tensor(g)
        assert optimiser.step() is None
    assert np.array_equal(w.detach().numpy(), sgd_numpy(p, grads, lr=0.1, **options))
    assert w.is_leaf


def test_sgd_groups():
    a, b, c = (pynn.ones(2, requires_grad=True) for _ in range(3))
    optimiser = pynn.optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.1)
    optimiser.add_param_group({"params": [c], "momentum": 0.9})
    assert [g["lr"] for g in optimiser.param_groups] == [0.1, 0.5, 0.1]
    for p in (a, b, c):
        p.grad = pynn.ones(2)
    optimiser.step()
    assert [round(p[0].item(), 6) for p in (a, b, c)] == [0.9, 0.5, 0.9]
    assert set(optimiser.state) == {c}
    assert "Parameter Group 2" in repr(optimiser)
    optimiser.zero_grad()
    assert a.grad is None
    b.grad = pynn.ones(2)
    before = a.tolist()
    optimiser.step()  # without a gradient nothing moves
    assert a.tolist() == before
    assert b.tolist() == [0, 0]
    optimiser.zero_grad(set_to_none=False)
    assert b.grad.tolist() == [0, 0]


def test_sgd_closure():
    w = pynn.ones(1, requires_grad=True)
    optimiser = pynn.optim.SGD([w], lr=0.25)

    def closure():
        optimiser.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with pynn.no_grad():
        assert optimiser.step(closure).item() == 1
    assert w.item() == 0.5


def test_sgd_state_goes_on():
    def net():
        w = pynn.tensor(sample(4), requires_grad=True)
        return w, pynn.optim.SGD([w], lr=0.1, momentum=0.9)

    def steps(w, optimiser, n):
        for i in range(n):
            optimiser.zero_grad()
            (w * w * (i + 1)).sum().backward()
            optimiser.step()

    a, first = net()
    steps(a, first, 3)
    b, second = net()
    with pynn.no_grad():
        b.copy_(a)
    state = first.state_dict()
    assert state["param_groups"][0]["params"] == [0]
    second.load_state_dict(state)
    steps(a, first, 3)
    steps(b, second, 3)
    assert a.tolist() == b.tolist()
    c, third = net()
    third.load_state_dict(pynn.optim.SGD([a], lr=0.3, momentum=0.9).state_dict())
    assert third.param_groups[0]["lr"] == 0.3
    assert third.state == {}
    first.load_state_dict(third.state_dict())
    with pynn.no_grad():
        a.copy_(c)
    steps(a, first, 2)
    steps(c, third, 2)
    assert a.tolist() == c.tolist()
    with pytest.raises(ValueError, match=r"\[1\].*\[2\]"):
        pynn.optim.SGD([a, c]).load_state_dict(state)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda w: pynn.optim.SGD([]), ValueError, "empty"),
        (lambda w: pynn.optim.SGD(w), TypeError, "but got Tensor"),
        (lambda w: pynn.optim.SGD([1.0]), TypeError, "one of the params is float"),
        (lambda w: pynn.optim.SGD([w * 2]), ValueError, "non-leaf"),
        (lambda w: pynn.optim.SGD([w, w]), ValueError, "more than one"),
        (lambda w: pynn.optim.SGD([w], lr=-1), ValueError, "Invalid learning rate: -1"),
        (lambda w: pynn.optim.SGD([w], momentum=-1), ValueError, "momentum"),
        (lambda w: pynn.optim.SGD([w], weight_decay=-1), ValueError, "weight_decay"),
        (lambda w: pynn.optim.SGD([w], nesterov=True), ValueError, "Nesterov"),
    ],
)
def test_sgd_errors(make, error, words):
    with pytest.raises(error, match=words):
        make(pynn.ones(1, requires_grad=True))

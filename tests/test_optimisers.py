"""Optimisers against PyTorch over many steps and all options; state, groups, hooks, capture."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hashing import Run, running

import pynn
from pynn import _debug

torch = pytest.importorskip("torch")

FLAGS = [False, True]
DECAY = [0, 0.1]
OPTIONS: dict[str, dict[str, list[Any]]] = {
    "SGD": {
        "momentum": [0, 0.9],
        "dampening": [0, 0.3],
        "weight_decay": DECAY,
        "nesterov": FLAGS,
        "maximize": FLAGS,
    },
    "Adam": {
        "amsgrad": FLAGS,
        "weight_decay": DECAY,
        "maximize": FLAGS,
        "betas": [(0.9, 0.999), (0.3, 0.5)],
        "decoupled_weight_decay": FLAGS,
    },
    "AdamW": {"amsgrad": FLAGS, "weight_decay": DECAY, "maximize": FLAGS},
    "NAdam": {
        "weight_decay": DECAY,
        "maximize": FLAGS,
        "decoupled_weight_decay": FLAGS,
        "momentum_decay": [4e-3, 0.3],
    },
    "RAdam": {
        "weight_decay": DECAY,
        "maximize": FLAGS,
        "decoupled_weight_decay": FLAGS,
        "betas": [(0.9, 0.999), (0.8, 0.9)],
    },
    "Adamax": {"weight_decay": DECAY, "maximize": FLAGS},
    "RMSprop": {
        "weight_decay": DECAY,
        "maximize": FLAGS,
        "momentum": [0, 0.9],
        "centered": FLAGS,
    },
    "Adagrad": {
        "weight_decay": DECAY,
        "maximize": FLAGS,
        "lr_decay": [0, 0.1],
        "initial_accumulator_value": [0, 0.2],
    },
    "Adadelta": {"weight_decay": DECAY, "maximize": FLAGS, "rho": [0.9, 0.5]},
}
SHAPES = [(5, 7), (33,), (1,), (3, 2, 4)]


def combinations(name: str) -> list[dict[str, Any]]:
    values = OPTIONS[name]
    every = [dict(zip(values, c, strict=True)) for c in itertools.product(*values.values())]
    return [o for o in every if not o.get("nesterov") or (o["momentum"] and not o["dampening"])]


class Pair:
    """The same parameters and gradients in both libraries."""

    def __init__(self, name: str, options: dict[str, Any], dtype: str) -> None:
        self.rng = np.random.RandomState(0)
        arrays = [np.asarray(self.rng.randn(*s), dtype) for s in SHAPES]
        self.theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
        self.ours = [pynn.tensor(a, requires_grad=True) for a in arrays]
        self.a = getattr(torch.optim, name)(self.theirs, lr=0.01, **options)
        self.b = getattr(pynn.optim, name)(self.ours, lr=0.01, **options)
        self.dtype = dtype

    def step(self, k: int) -> None:
        for i, (p, q) in enumerate(zip(self.theirs, self.ours, strict=True)):
            p.grad = q.grad = None
            if i != 2 or k % 3:  # one parameter misses some steps
                g = np.asarray(self.rng.randn(*p.shape) * (1 + 0.1 * k), self.dtype)
                p.grad, q.grad = torch.tensor(g), pynn.tensor(g)
        if k == 25:
            for o in (self.a, self.b):
                o.param_groups[0]["lr"] *= 0.5
        self.a.step()
        self.b.step()

    def check(self) -> None:
        # NAdam: PyTorch keeps mu_product in float32.
        tight = self.dtype == "float64" and not isinstance(self.b, pynn.optim.NAdam)
        rtol = 1e-11 if tight else 1e-5
        for p, q in zip(self.theirs, self.ours, strict=True):
            np.testing.assert_allclose(q.detach().numpy(), p.detach().numpy(), rtol, rtol / 10)
            a = {k: v for k, v in self.a.state[p].items() if v is not None}
            b = self.b.state[q]
            assert set(a) == set(b)
            for key, value in a.items():
                ours = b[key].numpy()
                assert ours.shape == tuple(value.shape)
                np.testing.assert_allclose(ours, value.numpy(), 10 * rtol, 10 * rtol)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPTIONS)
def test_fifty_steps(name: str, dtype: str) -> None:
    for options in combinations(name):
        pair = Pair(name, options, dtype)
        for k in range(50):
            pair.step(k)
        pair.check()


def converted(value: Any) -> Any:
    """PyTorch's tensors as pynn's."""
    if isinstance(value, torch.Tensor):
        return pynn.tensor(value.numpy())
    if isinstance(value, dict):
        return {k: converted(v) for k, v in value.items()}
    return [converted(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", OPTIONS)
def test_pytorchs_state_is_loaded(name: str) -> None:
    """pynn goes on where PyTorch was, and PyTorch where pynn was."""
    options = combinations(name)[-1]
    pair, fresh = Pair(name, options, "float64"), Pair(name, options, "float64")
    for k in range(7):
        pair.step(k)
    fresh.b.load_state_dict(converted(pair.a.state_dict()))
    theirs = pair.b.state_dict()
    theirs["state"] = {
        i: {k: torch.tensor(v.numpy()) for k, v in s.items()} for i, s in theirs["state"].items()
    }
    fresh.a.load_state_dict(theirs)
    for p, q, r, s in zip(pair.theirs, pair.ours, fresh.theirs, fresh.ours, strict=True):
        r.data.copy_(p.data)
        with pynn.no_grad():
            s.copy_(q)
    fresh.rng = pair.rng
    state = pair.rng.get_state()
    for k in range(7, 14):
        pair.step(k)
    fresh.rng.set_state(state)
    for k in range(7, 14):
        fresh.step(k)
    pair.check()
    fresh.check()
    for q, s in zip(pair.ours, fresh.ours, strict=True):
        np.testing.assert_allclose(s.detach().numpy(), q.detach().numpy(), 1e-6)


@pytest.mark.parametrize("name", OPTIONS)
def test_captured_steps_have_the_same_bits(name: str) -> None:
    options = combinations(name)[-1]

    def run(captured: bool) -> list[np.ndarray]:
        rng = np.random.RandomState(1)
        params = [pynn.tensor(rng.randn(*s), requires_grad=True) for s in SHAPES]
        o = getattr(pynn.optim, name)(params, lr=0.01, **options)

        def step() -> pynn.Tensor:
            o.zero_grad()
            loss = sum((p.tanh() * p).sum() for p in params)
            loss.backward()  # type: ignore[union-attr]
            o.step()
            return loss  # type: ignore[return-value]

        if captured:
            pynn.capture(step).run(9)
        else:
            for _ in range(9):
                step()
        values = [p.detach().numpy() for p in params]
        return values + [v.numpy() for p in params for v in o.state[p].values()]

    for a, b in zip(run(False), run(True), strict=True):
        assert a.tobytes() == b.tobytes()


def parameter(n: int = 3) -> pynn.Tensor:
    p = pynn.ones(n, requires_grad=True)
    p.grad = pynn.ones(n)
    return p


def test_state_is_live() -> None:
    p = parameter()
    o = pynn.optim.Adam([p])
    assert len(o.state) == 0
    o.step()
    state = o.state[p]
    assert list(state) == ["step", "exp_avg", "exp_avg_sq"]
    o.step()
    assert state["step"].item() == 2
    state["exp_avg"].zero_()
    o.param_groups[0]["lr"] = 0.0
    o.step()
    np.testing.assert_allclose(o.state[p]["exp_avg"].numpy(), 0.1, 1e-6)
    o.state.clear()
    o.step()
    assert o.state[p]["step"].item() == 1
    np.testing.assert_allclose(o.state[p]["exp_avg_sq"].numpy(), 0.001, 1e-4)


def test_parameters_may_be_exchanged() -> None:
    p, q = parameter(), parameter()
    o = pynn.optim.SGD([p], lr=1.0, momentum=0.5)
    o.step()
    o.param_groups[0]["params"].append(q)
    o.step()
    assert p.tolist() == [-1.5] * 3
    assert q.tolist() == [0.0] * 3
    o.param_groups[0]["params"] = [q]
    o.step()
    assert p.tolist() == [-1.5] * 3
    assert q.tolist() == [-1.5] * 3


def test_groups_and_names() -> None:
    a, b, c = parameter(), parameter(), parameter()
    o = pynn.optim.AdamW([("a", a), ("b", b)], lr=0.1, betas=(0.5, 0.6))
    o.add_param_group({"params": [("c", c)], "lr": 0.2})
    assert [g["param_names"] for g in o.param_groups] == [["a", "b"], ["c"]]
    assert o.param_groups[1]["betas"] == (0.5, 0.6)
    saved = o.state_dict()["param_groups"]
    assert [g["params"] for g in saved] == [[0, 1], [2]]
    with pytest.raises(ValueError, match="more than one"):
        o.add_param_group({"params": [("a", a)]})
    with pytest.raises(ValueError, match="with/without names"):
        o.add_param_group({"params": [parameter()]})


def test_closure_and_hooks() -> None:
    p = parameter()
    calls: list[str] = []
    o = pynn.optim.SGD([p], lr=0.5)
    before = o.register_step_pre_hook(lambda *_: calls.append("before"))
    o.register_step_post_hook(lambda *_: calls.append("after"))

    def closure() -> pynn.Tensor:
        calls.append("closure")
        assert pynn.is_grad_enabled()
        o.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with pynn.no_grad():
        loss = o.step(closure)
    assert loss.item() == 3
    assert calls == ["before", "closure", "after"]
    before.remove()
    o.step()
    assert calls[3:] == ["after"]


def test_an_optimiser_of_ones_own() -> None:
    class Sign(pynn.optim.Optimizer):
        def __init__(self, params: Any, lr: float) -> None:
            super().__init__(params, {"lr": lr})

        def step(self, closure: Any = None) -> None:
            with pynn.no_grad():
                for group in self.param_groups:
                    for p in group["params"]:
                        self.state[p]["steps"] = self.state[p].get("steps", 0) + 1
                        p.sub_(p.grad.sign() * group["lr"])

    p = parameter()
    o = Sign([p], 0.25)
    called: list[int] = []
    o.register_step_post_hook(lambda *_: called.append(1))
    o.step()
    o.zero_grad()
    assert p.grad is None
    assert p.tolist() == [0.75] * 3
    assert called == [1]
    assert o.state_dict() == {
        "state": {0: {"steps": 1}},
        "param_groups": [{"lr": 0.25, "params": [0]}],
    }
    with pytest.raises(NotImplementedError):
        pynn.optim.Optimizer([p], {}).step()


def test_zero_grad_keeps_memory() -> None:
    p = parameter()
    o = pynn.optim.SGD([p])
    g = p.grad
    assert g is not None
    o.zero_grad(set_to_none=False)
    assert p.grad is not None
    assert g.tolist() == p.grad.tolist() == [0.0] * 3


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda p: pynn.optim.Adam([p], lr=-1), ValueError, "Invalid learning rate: -1"),
        (lambda p: pynn.optim.Adam([p], betas=(1.0, 0.9)), ValueError, "parameter at index 0: 1"),
        (lambda p: pynn.optim.Adam([p], eps=-1), ValueError, "Invalid epsilon value: -1"),
        (lambda p: pynn.optim.RMSprop([p], alpha=-1), ValueError, "Invalid alpha value"),
        (lambda p: pynn.optim.Adadelta([p], rho=2.0), ValueError, "Invalid rho value: 2.0"),
        (lambda p: pynn.optim.Adam({p}), TypeError, "sets"),
        (lambda p: pynn.optim.Adam([p], differentiable=True), TypeError, "differentiable"),
        (lambda p: pynn.optim.Adam([pynn.ones(2).long()]).step(), None, ""),
    ],
)
def test_errors(make: Any, error: Any, words: str) -> None:
    if error is None:
        make(parameter())  # no gradient: nothing to step
        return
    with pytest.raises(error, match=words):
        make(parameter())


def test_loading_checks_sizes() -> None:
    a, b = parameter(), parameter(4)
    one, two = pynn.optim.Adam([a]), pynn.optim.Adam([b])
    one.step()
    with pytest.raises(ValueError, match="does not fit"):
        two.load_state_dict(one.state_dict())
    with pytest.raises(ValueError, match="number of parameter groups"):
        pynn.optim.Adam([{"params": [a]}, {"params": [b]}]).load_state_dict(one.state_dict())


# ---- one result on every machine -----------------------------------------------------------------


@pytest.mark.parametrize("name", OPTIONS)
def test_same_bits_on_every_level_and_thread_count(name: str) -> None:
    options = combinations(name)[-1]

    def run(dtype: str) -> bytes:
        rng = np.random.RandomState(3)
        params = [pynn.tensor(np.asarray(rng.randn(n), dtype)) for n in (1, 7, 4096, 9001)]
        o = getattr(pynn.optim, name)(params, lr=0.01, **options)
        for _ in range(4):
            for p in params:
                p.grad = pynn.tensor(np.asarray(rng.randn(*p.shape), dtype))
            o.step()
        return b"".join(p.numpy().tobytes() for p in params)

    for dtype in ("float32", "float64"):
        results = set()
        for level in _debug.levels():
            for threads in (1, 3):
                with running(Run(level, threads, False)):
                    results.add(run(dtype))
        assert len(results) == 1


def test_wrong_groups_are_errors_and_not_crashes() -> None:
    p = parameter()
    o = pynn.optim.Adam([p])
    o.step()
    group = o.param_groups[0]
    for key, value in (("betas", 0.9), ("betas", (0.9,)), ("lr", (0.1, 0.2)), ("eps", "x")):
        before = group[key]
        group[key] = value
        with pytest.raises((TypeError, ValueError)):
            o.step()
        group[key] = before
    del group["eps"]
    with pytest.raises(KeyError):
        o.step()
    group["eps"] = 1e-8
    group["params"] = (p,)
    with pytest.raises(TypeError, match="must be a list, not tuple"):
        o.step()
    group["params"] = [3]
    with pytest.raises(TypeError, match="only optimize Tensors, not int"):
        o.step()
    group["params"] = [p]
    o.step()
    o.param_groups = None  # type: ignore[assignment]
    with pytest.raises(TypeError, match="list of dicts"):
        o.step()


def test_state_of_another_dtype_is_an_error() -> None:
    layer = pynn.nn.Linear(2, 3)
    o = pynn.optim.Adam(layer.parameters())
    layer(pynn.ones(2)).sum().backward()
    o.step()
    layer.double()
    layer.weight.grad = pynn.ones(3, 2, dtype=pynn.float64)
    with pytest.raises(RuntimeError, match="does not fit its parameter"):
        o.step()

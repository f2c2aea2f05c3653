"""Learning rate schedules: PyTorch's sequences, their state, and captured steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

import pynn
from pynn.optim import lr_scheduler
from pynn.tutorial import cosine_annealing, exponential_decay

torch = pytest.importorskip("torch")

Make = Callable[[Any, Any], Any]

SCHEDULES: dict[str, Make] = {
    "lambda": lambda S, o: S.LambdaLR(o, lambda t: 0.95**t),
    "lambdas": lambda S, o: S.LambdaLR(o, [lambda t: 0.95**t, lambda t: 1 / (1 + t)]),
    "multiplicative": lambda S, o: S.MultiplicativeLR(o, lambda t: 0.97 if t % 2 else 1.01),
    "step": lambda S, o: S.StepLR(o, 7, 0.5),
    "multistep": lambda S, o: S.MultiStepLR(o, [3, 10, 10, 40], 0.5),
    "constant": lambda S, o: S.ConstantLR(o, 0.25, 6),
    "linear": lambda S, o: S.LinearLR(o, 0.1, 0.9, 12),
    "exponential": lambda S, o: S.ExponentialLR(o, 0.93),
    "polynomial": lambda S, o: S.PolynomialLR(o, 20, 1.7),
    "cosine": lambda S, o: S.CosineAnnealingLR(o, 15, 0.01),
    "restarts": lambda S, o: S.CosineAnnealingWarmRestarts(o, 5, 2, 0.001),
    "restarts_1": lambda S, o: S.CosineAnnealingWarmRestarts(o, 9),
    "cyclic": lambda S, o: S.CyclicLR(o, 0.01, 0.3, 8, 5),
    "cyclic_2": lambda S, o: S.CyclicLR(o, [0.01, 0.02], [0.3, 0.1], 8, mode="triangular2"),
    "cyclic_exp": lambda S, o: S.CyclicLR(o, 0.01, 0.3, 8, mode="exp_range", gamma=0.98),
    "cyclic_fn": lambda S, o: S.CyclicLR(
        o, 0.01, 0.3, 8, scale_fn=lambda x: 0.9**x, scale_mode="iterations", cycle_momentum=False
    ),
    "one_cycle": lambda S, o: S.OneCycleLR(o, 0.5, 101),
    "one_cycle_3": lambda S, o: S.OneCycleLR(
        o, [0.5, 0.2], epochs=11, steps_per_epoch=10, anneal_strategy="linear", three_phase=True
    ),
    "sequential": lambda S, o: S.SequentialLR(
        o,
        [S.LinearLR(o, 0.1, 1.0, 5), S.CosineAnnealingLR(o, 30), S.ExponentialLR(o, 0.9)],
        [5, 40],
    ),
    "chained": lambda S, o: S.ChainedScheduler(
        [S.ConstantLR(o, 0.1, 3), S.ExponentialLR(o, 0.95)], o
    ),
}


def pair(optimiser: str = "SGD", **options: Any) -> tuple[Any, Any]:
    found = []
    for library in (torch, pynn):
        a, b = (library.zeros(2, requires_grad=True) for _ in range(2))
        groups = [{"params": [a]}, {"params": [b], "lr": 0.3}]
        found.append(getattr(library.optim, optimiser)(groups, lr=0.1, **options))
    return found[0], found[1]


def rates(o: Any) -> list[Any]:
    return [g.get("betas", (g.get("momentum"),))[0] for g in o.param_groups] + [
        g["lr"] for g in o.param_groups
    ]


@pytest.mark.parametrize("optimiser", ["SGD", "Adam"])
@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.filterwarnings("ignore")
def test_sequences_are_pytorchs(name: str, optimiser: str) -> None:
    theirs, ours = pair(optimiser, **({"momentum": 0.9} if optimiser == "SGD" else {}))
    a = SCHEDULES[name](torch.optim.lr_scheduler, theirs)
    b = SCHEDULES[name](lr_scheduler, ours)
    for t in range(100):
        assert rates(ours) == pytest.approx(rates(theirs), rel=1e-12, abs=1e-18), t
        assert b.get_last_lr() == pytest.approx(a.get_last_lr(), rel=1e-12, abs=1e-18)
        theirs.step()
        a.step()
        b.step()


@pytest.mark.filterwarnings("ignore")
def test_epochs_can_be_given() -> None:
    for name in ("step", "multistep", "exponential", "cosine", "restarts", "linear", "constant"):
        theirs, ours = pair()
        a = SCHEDULES[name](torch.optim.lr_scheduler, theirs)
        b = SCHEDULES[name](lr_scheduler, ours)
        for epoch in (1, 2, 7, 6, 30) + ((7.5, 12.25) if name == "restarts" else ()):
            a.step(epoch)
            b.step(epoch)
            assert rates(ours) == pytest.approx(rates(theirs), rel=1e-12), (name, epoch)


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
def test_plateau(mode: str, threshold_mode: str) -> None:
    theirs, ours = pair()
    options = {"patience": 2, "cooldown": 1, "threshold": 0.01, "min_lr": [1e-3, 0.01]}
    options |= {"mode": mode, "threshold_mode": threshold_mode, "factor": 0.5}
    a = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, **options)
    b = lr_scheduler.ReduceLROnPlateau(ours, **options)
    for t in range(80):
        metric = math.cos(t * 0.3) + (2.0 if t < 40 else 1.0)
        a.step(metric)
        b.step(pynn.tensor(metric, dtype=pynn.float64))
        assert rates(ours) == rates(theirs), t
    assert rates(ours)[-1] < 0.3


@pytest.mark.parametrize("name", SCHEDULES)
def test_state_continues(name: str) -> None:
    """A schedule that was saved half-way goes on as the one that was not."""
    _, whole = pair(momentum=0.9)
    _, half = pair(momentum=0.9)
    a, b = SCHEDULES[name](lr_scheduler, whole), SCHEDULES[name](lr_scheduler, half)
    for _ in range(17):
        a.step()
        b.step()
    _, resumed = pair(momentum=0.9)
    c = SCHEDULES[name](lr_scheduler, resumed)
    resumed.load_state_dict(half.state_dict())
    c.load_state_dict(b.state_dict())
    for t in range(40):
        assert rates(resumed) == rates(whole), t
        a.step()
        c.step()


def test_tutorials_formulas() -> None:
    _, o = pair()
    o.param_groups[1]["lr"] = 0.1
    low, high, epochs = 0.01, 0.1, 30
    s = lr_scheduler.LambdaLR(
        o,
        [
            lambda t: exponential_decay(1.0, 0.5, t, 10),
            lambda t: cosine_annealing(low, high, t, epochs) / high,
        ],
    )
    for t in range(epochs):
        want = [exponential_decay(0.1, 0.5, t, 10), cosine_annealing(low, high, t, epochs)]
        assert s.get_last_lr() == pytest.approx(want, rel=1e-12)
        s.step()


def test_captured_steps_follow() -> None:
    def run(captured: bool) -> list[float]:
        p = pynn.ones(3, requires_grad=True)
        o = pynn.optim.Adam([p], lr=0.1)
        s = lr_scheduler.OneCycleLR(o, 0.5, 20)

        def step() -> pynn.Tensor:
            o.zero_grad()
            loss = (p * p).sum()
            loss.backward()
            o.step()
            return loss

        run_step: Any = pynn.capture(step) if captured else step
        for _ in range(20):
            run_step()
            s.step()
        if captured:
            assert run_step.replays > 10
        return list(p.tolist())

    assert run(True) == run(False)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda o: lr_scheduler.StepLR(3, 1), TypeError, "int is not an Optimizer"),
        (lambda o: lr_scheduler.LambdaLR(o, [abs]), ValueError, "Expected 2 lr_lambdas"),
        (lambda o: lr_scheduler.ConstantLR(o, 2.0), ValueError, "between 0 and 1"),
        (lambda o: lr_scheduler.LinearLR(o, 0.0), ValueError, "greater than 0"),
        (lambda o: lr_scheduler.StepLR(o, 3, last_epoch=4), KeyError, "initial_lr"),
        (lambda o: lr_scheduler.OneCycleLR(o, 0.1), ValueError, "total_steps"),
        (lambda o: lr_scheduler.OneCycleLR(o, 0.1, 5, anneal_strategy="x"), ValueError, "'cos'"),
        (lambda o: lr_scheduler.CyclicLR(o, 0.1, [1.0]), ValueError, "expected 2 values"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 0), ValueError, "T_0"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=1.0), ValueError, "Factor"),
        (lambda o: lr_scheduler.SequentialLR(o, [], []), ValueError, "at least one"),
    ],
)
def test_errors(make: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        make(pair()[1])

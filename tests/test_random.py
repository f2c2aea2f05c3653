"""Random draws: moments, ranges, errors, streams, and eager against replay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pynn
import pynn.nn.functional as F

N = 40_000

# Name: a draw of N numbers, their mean and variance.
DRAWS: dict[str, tuple[Callable[[], Any], float, float]] = {
    "uniform_": (lambda: pynn.empty(N).uniform_(-1, 3), 1, 16 / 12),
    "normal_": (lambda: pynn.empty(N).normal_(2, 3), 2, 9),
    "log_normal_": (lambda: pynn.empty(N).log_normal_(0, 0.5), 1.1331, 0.3647),
    "exponential_": (lambda: pynn.empty(N).exponential_(2), 0.5, 0.25),
    "geometric_": (lambda: pynn.empty(N).geometric_(0.25), 4, 12),
    "bernoulli_": (lambda: pynn.empty(N).bernoulli_(0.3), 0.3, 0.21),
    "bernoulli": (lambda: pynn.bernoulli(pynn.full((N,), 0.3)), 0.3, 0.21),
    "normal": (lambda: pynn.normal(pynn.full((N,), 2.0), 3.0), 2, 9),
    "poisson": (lambda: pynn.poisson(pynn.full((N,), 3.0)), 3, 3),
    "poisson of 50": (lambda: pynn.poisson(pynn.full((N,), 50.0)), 50, 50),
    "randint": (lambda: pynn.randint(-2, 3, (N,)).double(), 0, 2),
    "random_": (lambda: pynn.empty(N, dtype=pynn.int64).random_(10).double(), 4.5, 8.25),
    "dropout": (lambda: F.dropout(pynn.ones(N), 0.25), 1, 1 / 3),
    "rrelu": (lambda: F.rrelu(-pynn.ones(N), 0.1, 0.5, True), -0.3, 0.16 / 12),
}


@pytest.mark.parametrize("name", DRAWS)
def test_moments(name: str) -> None:
    draw, mean, variance = DRAWS[name]
    pynn.manual_seed(3)
    x = np.array(draw().numpy(), np.float64)
    # five standard errors; of the variance with room for heavy tails
    assert abs(x.mean() - mean) < 5 * np.sqrt(variance / N)
    assert abs(x.var() - variance) < 0.08 * variance


def test_cauchy_has_its_quartiles() -> None:
    pynn.manual_seed(0)
    x = np.sort(pynn.empty(N).cauchy_(1, 2).numpy())
    assert abs(x[N // 2] - 1) < 0.1
    assert abs(x[N // 4] + 1) < 0.15


def test_integers_of_wide_ranges_use_all_bits() -> None:
    pynn.manual_seed(0)
    x = pynn.empty(1000, dtype=pynn.int64).random_().numpy()
    assert x.min() >= 0
    assert len(np.unique(x & 0xFFFF)) > 900
    assert len(np.unique(x >> 47)) > 900


def test_randperm_is_a_permutation() -> None:
    pynn.manual_seed(0)
    assert sorted(pynn.randperm(1000).tolist()) == list(range(1000))
    assert pynn.randperm(0).tolist() == []
    assert pynn.randperm(5, dtype=pynn.int32).dtype == pynn.int32


def test_multinomial() -> None:
    pynn.manual_seed(0)
    weights = pynn.tensor([1.0, 0.0, 3.0])
    drawn = pynn.multinomial(weights, N, replacement=True).numpy()
    assert abs((drawn == 2).mean() - 0.75) < 0.01
    assert not (drawn == 1).any()
    rows = pynn.multinomial(pynn.ones(500, 4), 4).numpy()
    assert np.array_equal(np.sort(rows, 1), np.tile(np.arange(4), (500, 1)))
    first = pynn.multinomial(weights.expand(4000, 3), 1).numpy()
    assert abs((first == 2).mean() - 0.75) < 0.05


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: pynn.multinomial(pynn.ones(3), 4), "without replacement"),
    (lambda: pynn.multinomial(pynn.tensor([-1.0, 2]), 1), "element < 0"),
    (lambda: pynn.multinomial(pynn.zeros(2), 1), "sum of probabilities"),
    (lambda: pynn.bernoulli(pynn.tensor([1.5])), "Expected p_in"),
    (lambda: pynn.empty(2).normal_(0, -1), "std >= 0"),
    (lambda: pynn.empty(2).exponential_(0), "lambda"),
    (lambda: pynn.empty(2).uniform_(2, 1), "uniform_"),
    (lambda: pynn.empty(2, dtype=pynn.int64).normal_(), "normal_"),
    (lambda: pynn.randperm(-1), "non-negative"),
    (lambda: pynn.randint(3, 3, (1,)), "less than"),
    (lambda: pynn.poisson(pynn.tensor([-1.0])), "non-negative"),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_wrong_arguments(case: int) -> None:
    call, words = ERRORS[case]
    with pytest.raises(RuntimeError, match=words):
        call()


def test_dropout_probability() -> None:
    for p in (-0.1, 1.1):
        with pytest.raises(ValueError, match="between 0 and 1"):
            F.dropout(pynn.ones(2), p)


def test_dropout_of_channels() -> None:
    pynn.manual_seed(0)
    for function, shape in ((F.dropout1d, (6, 8, 5)), (F.dropout2d, (6, 8, 3, 5))):
        y = function(pynn.ones(shape), 0.5).numpy().reshape(48, -1)
        assert np.array_equal(y, np.repeat(y[:, :1], y.shape[1], 1))
        assert set(np.unique(y)) == {0, 2}
    y = F.dropout3d(pynn.ones(8, 2, 2, 2), 0.5).numpy().reshape(8, -1)
    assert np.array_equal(y, np.repeat(y[:, :1], 8, 1))


def test_dropout_is_the_identity_in_evaluation() -> None:
    x = pynn.rand(5)
    for module in (pynn.nn.Dropout(), pynn.nn.Dropout(0.0)):
        assert (module.eval()(x) == x).all()
    assert (F.dropout(x, 1.0) == 0).all()


def test_dropout_in_place_and_its_gradient() -> None:
    pynn.manual_seed(0)
    x = pynn.ones(100, requires_grad=True)
    y = F.dropout(x * 1, 0.5, inplace=True)
    y.sum().backward()
    assert x.grad is not None
    assert (x.grad == y).all()


def test_streams_go_on_where_their_state_was() -> None:
    generator = pynn.Generator()
    generator.manual_seed(7)
    pynn.rand(11, generator=generator)
    state = generator.get_state()
    first = pynn.randn(5, generator=generator)
    generator.set_state(state)
    assert (pynn.randn(5, generator=generator) == first).all()
    kept = pynn.get_rng_state()
    first = pynn.rand(5)
    pynn.set_rng_state(kept)
    assert (pynn.rand(5) == first).all()
    assert pynn.seed() == pynn.initial_seed()
    with pytest.raises(RuntimeError, match="16 elements"):
        generator.set_state(pynn.zeros(3, dtype=pynn.uint8))


def test_replay_draws_what_eager_would() -> None:
    x = pynn.ones(300)

    def step() -> pynn.Tensor:
        noise = pynn.empty(300).normal_()
        return F.dropout(x, 0.3) + noise + pynn.bernoulli(x * 0.5)

    pynn.manual_seed(5)
    eager = [step().numpy().copy() for _ in range(4)]
    captured = pynn.capture(step)
    pynn.manual_seed(5)
    for want in eager:
        assert np.array_equal(captured().numpy(), want)


def test_gumbel_softmax() -> None:
    pynn.manual_seed(0)
    logits = pynn.tensor([0.0, 1.0]).expand(N, 2)
    hard = F.gumbel_softmax(logits, hard=True)
    assert (hard.sum(-1) == 1).all()
    assert abs(hard[:, 1].mean().item() - np.e / (1 + np.e)) < 0.01
    soft = F.gumbel_softmax(logits.clone().requires_grad_(), tau=0.5)
    assert soft.requires_grad
